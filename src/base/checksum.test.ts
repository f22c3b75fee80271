import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromHex, writeUint16 } from "./bytes.ts";
import { finishChecksum, sumPseudoHeader, sumWords } from "./checksum.ts";
import { bytesToIp } from "./ip.ts";

describe("the Internet checksum", () => {
  it("agrees with the example of RFC 1071 section 3", () => {
    expect(finishChecksum(sumWords(fromHex("0001 f203 f4f5 f6f7")))).toBe(~0xddf2 & 0xffff);
  });

  it("pads an odd last byte with zero", () => {
    expect(sumWords(fromHex("0102 03"))).toBe(sumWords(fromHex("0102 0300")));
    expect(sumWords(fromHex("ff"), 7)).toBe(0xff07);
    expect(sumWords(new Uint8Array())).toBe(0);
  });

  it("folds every carry", () => {
    expect(finishChecksum(0)).toBe(0xffff);
    expect(finishChecksum(0xffff)).toBe(0);
    expect(finishChecksum(0x1_ffff)).toBe(0xfffe);
    expect(finishChecksum(0xffff_ffff)).toBe(0);
    expect(finishChecksum(0xffff * 40_000)).toBe(0);
  });

  it("makes what it is written into sum to nothing, and finds a changed bit", () => {
    const messages = fc.uint8Array({ minLength: 4, maxLength: 1500 });
    fc.assert(
      fc.property(messages, fc.nat(), fc.nat(7), (message, position, bit) => {
        writeUint16(message, 2, 0);
        writeUint16(message, 2, finishChecksum(sumWords(message)));
        expect(finishChecksum(sumWords(message))).toBe(0);
        const index = position % message.length;
        message[index] = (message[index] ?? 0) ^ (1 << bit);
        expect(finishChecksum(sumWords(message))).not.toBe(0);
      }),
    );
  });
});

describe("sumPseudoHeader", () => {
  it("sums the words of a pseudo-header laid out as the RFCs draw it", () => {
    const address = (length: number): fc.Arbitrary<Uint8Array> =>
      fc.uint8Array({ minLength: length, maxLength: length });
    const pair = fc.oneof(fc.tuple(address(4), address(4)), fc.tuple(address(16), address(16)));
    fc.assert(
      fc.property(pair, fc.nat(255), fc.nat(0xffff), ([source, destination], protocol, length) => {
        const drawn = Uint8Array.of(...source, ...destination, 0, protocol, length >> 8, length & 0xff);
        expect(sumPseudoHeader(bytesToIp(source), bytesToIp(destination), protocol, length)).toBe(
          sumWords(drawn),
        );
      }),
    );
  });

  it("takes a text that is no address for a defect", () => {
    expect(() => sumPseudoHeader("10.0.0.1", "ten", 112, 20)).toThrow("bytes of address ten");
  });
});
