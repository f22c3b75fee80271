import { describe, expect, it } from "vitest";
import { toHex } from "../base/bytes.ts";
import { equalAuthData, passwordToAuthData } from "./vrrp-auth.ts";

describe("passwordToAuthData", () => {
  it("pads with zeros and keeps 8 bytes", () => {
    expect(toHex(passwordToAuthData("secret"))).toBe("7365637265740000");
    expect(toHex(passwordToAuthData(""))).toBe("0000000000000000");
    expect(toHex(passwordToAuthData("abcdefghij"))).toBe("6162636465666768");
    expect(toHex(passwordToAuthData("zürich"))).toBe("7ac3bc7269636800");
  });
});

describe("equalAuthData", () => {
  it("sees a difference in any byte and in length", () => {
    const password = passwordToAuthData("12345678");
    expect(equalAuthData(password, passwordToAuthData("12345678"))).toBe(true);
    for (let index = 0; index < 8; index++) {
      const other = password.slice();
      other[index] = (other[index] ?? 0) ^ 0x80;
      expect(equalAuthData(password, other), `byte ${index}`).toBe(false);
    }
    expect(equalAuthData(password, password.subarray(0, 7))).toBe(false);
    expect(equalAuthData(new Uint8Array(9), new Uint8Array(9))).toBe(false);
    expect(equalAuthData(new Uint8Array(7), new Uint8Array(8))).toBe(false);
  });
});
