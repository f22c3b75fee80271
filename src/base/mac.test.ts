import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BROADCAST_MAC, bytesToMac, macToBytes, parseMac } from "./mac.ts";

describe("MAC addresses", () => {
  it("are lower-case text", () => {
    expect(parseMac("00:00:5E:00:01:33")).toBe("00:00:5e:00:01:33");
    for (const text of ["", "00:00:5e:00:01", "00:00:5e:00:01:33:44", "0:0:5e:0:1:33", "00-00-5e-00-01-33"]) {
      expect(parseMac(text), text).toBeUndefined();
    }
    expect(parseMac("00:00:5g:00:01:33")).toBeUndefined();
  });

  it("are six bytes at an offset", () => {
    expect(macToBytes(BROADCAST_MAC)).toEqual(new Uint8Array(6).fill(0xff));
    expect(bytesToMac(Uint8Array.of(9, 0, 1, 0x0a, 0xff, 0x10, 0x9f, 9), 1)).toBe("00:01:0a:ff:10:9f");
    expect(bytesToMac(Uint8Array.of(1, 2), 0)).toBe("01:02:00:00:00:00");
  });

  it("survive bytes, text and bytes again", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 6, maxLength: 6 }), (bytes) => {
        const text = bytesToMac(bytes);
        expect(macToBytes(text)).toEqual(bytes);
        expect(parseMac(text)).toBe(text);
      }),
    );
  });
});
