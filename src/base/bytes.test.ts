import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  concatBytes,
  equalBytes,
  equalBytesInConstantTime,
  fromHex,
  readUint16,
  readUint32,
  toHex,
  writeUint16,
  writeUint32,
} from "./bytes.ts";

describe("integers", () => {
  it("are in network order, and zero beyond the end", () => {
    const bytes = fromHex("00 ff fe fd fc");
    expect(readUint16(bytes, 1)).toBe(0xfffe);
    expect(readUint32(bytes, 1)).toBe(0xfffe_fdfc);
    expect(readUint16(bytes, 4)).toBe(0xfc00);
    expect(readUint32(bytes, 9)).toBe(0);
  });

  it("are read as they were written", () => {
    fc.assert(
      fc.property(fc.nat(0xffff), fc.nat(0xffff_ffff), fc.nat(3), (small, large, offset) => {
        const bytes = new Uint8Array(10);
        writeUint16(bytes, offset, small);
        writeUint32(bytes, offset + 2, large);
        expect(readUint16(bytes, offset)).toBe(small);
        expect(readUint32(bytes, offset + 2)).toBe(large);
        expect(new DataView(bytes.buffer).getUint32(offset + 2)).toBe(large);
      }),
    );
  });
});

describe("hex", () => {
  it("is pairs of digits, blanks ignored", () => {
    expect(fromHex("0A 0b\n0c")).toEqual(Uint8Array.of(10, 11, 12));
    expect(fromHex("")).toEqual(new Uint8Array());
    expect(() => fromHex("abc")).toThrow(RangeError);
    expect(() => fromHex("0g")).toThrow(RangeError);
    expect(toHex(Uint8Array.of(0, 10, 255))).toBe("000aff");
  });

  it("survives bytes, text and bytes again", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(fromHex(toHex(bytes))).toEqual(bytes);
      }),
    );
  });
});

describe("pieces", () => {
  it("are joined in order", () => {
    expect(concatBytes()).toEqual(new Uint8Array());
    expect(concatBytes(Uint8Array.of(1), new Uint8Array(), Uint8Array.of(2, 3))).toEqual(
      Uint8Array.of(1, 2, 3),
    );
  });

  it("are equal in length and every byte", () => {
    const bytes = Uint8Array.of(1, 2, 3);
    expect(equalBytes(bytes, Uint8Array.of(1, 2, 3))).toBe(true);
    expect(equalBytes(bytes, Uint8Array.of(1, 2))).toBe(false);
    expect(equalBytes(Uint8Array.of(1, 2), bytes)).toBe(false);
    expect(equalBytes(bytes, Uint8Array.of(1, 2, 4))).toBe(false);
    expect(equalBytes(new Uint8Array(), new Uint8Array())).toBe(true);
  });
});

describe("equalBytesInConstantTime", () => {
  it("sees a difference in any byte and in length", () => {
    const bytes = Uint8Array.of(1, 2, 3, 4);
    expect(equalBytesInConstantTime(bytes, bytes.slice())).toBe(true);
    for (let index = 0; index < bytes.length; index++) {
      const other = bytes.slice();
      other[index] = (other[index] ?? 0) ^ 0x80;
      expect(equalBytesInConstantTime(bytes, other), `byte ${index}`).toBe(false);
    }
    expect(equalBytesInConstantTime(bytes, bytes.subarray(1))).toBe(false);
  });
});
