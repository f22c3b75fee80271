import { describe, expect, it } from "vitest";
import { toHex } from "../base/bytes.ts";
import { passwordToAuthData } from "./vrrp-auth.ts";

describe("passwordToAuthData", () => {
  it("pads with zeros and keeps 8 bytes", () => {
    expect(toHex(passwordToAuthData("secret"))).toBe("7365637265740000");
    expect(toHex(passwordToAuthData(""))).toBe("0000000000000000");
    expect(toHex(passwordToAuthData("abcdefghij"))).toBe("6162636465666768");
    expect(toHex(passwordToAuthData("zürich"))).toBe("7ac3bc7269636800");
  });
});
