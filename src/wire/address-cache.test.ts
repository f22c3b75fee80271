import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bytesToIp } from "../base/ip.ts";
import { AddressCache } from "./address-cache.ts";

describe("AddressCache", () => {
  it("gives the same text as formatting does, at first and later", () => {
    const cache = new AddressCache();
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ minLength: 4, maxLength: 4 }),
          // Few distinct endings: addresses that share them must not be taken for each other.
          fc.uint8Array({ minLength: 13, maxLength: 13 }).map((head) => Uint8Array.of(...head, 0, 0, 1)),
        ),
        (bytes) => {
          const length = bytes.length === 4 ? 4 : 16;
          const padded = Uint8Array.of(9, 9, 9, ...bytes);
          expect(cache.text(padded, 3, length)).toBe(bytesToIp(bytes));
          expect(cache.text(padded, 3, length)).toBe(bytesToIp(bytes));
          expect(cache.bytes(bytesToIp(bytes))).toEqual(bytes);
        },
      ),
      { numRuns: 3000 },
    );
  });

  it("does not keep the buffer it was shown", () => {
    const cache = new AddressCache();
    const buffer = new Uint8Array(16).fill(1);
    const text = cache.text(buffer, 0, 16);
    buffer.fill(2, 0, 12);
    expect(cache.text(buffer, 0, 16)).not.toBe(text);
  });
});
