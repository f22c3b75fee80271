import { describe, expect, it } from "vitest";
import { fromHex, toHex } from "../base/bytes.ts";
import type { BfdPacket } from "./bfd.ts";
import { BFD_STATES, decodeBfd, encodeBfd } from "./bfd.ts";

/** Laid out by hand after RFC 5880 section 4.1: Up, Poll, multiplier 3, 300 ms each way. */
const UP = "20e00318 00000011 a0b0c0d0 000493e0 000493e0 00000000";

const PACKET: BfdPacket = {
  diagnostic: 0,
  state: "Up",
  poll: true,
  final: false,
  controlPlaneIndependent: false,
  demand: false,
  multiplier: 3,
  myDiscriminator: 0x11,
  yourDiscriminator: 0xa0b0c0d0,
  desiredMinTx: 300_000,
  requiredMinRx: 300_000,
  requiredMinEchoRx: 0,
};

/** The packet with bytes replaced, as pairs of offset and value. */
function altered(...changes: readonly (readonly [number, number])[]): Uint8Array {
  const bytes = fromHex(UP);
  for (const [offset, value] of changes) bytes[offset] = value;
  return bytes;
}

describe("the BFD control packet", () => {
  it("is read and written as RFC 5880 section 4.1 lays it out", () => {
    expect(decodeBfd(fromHex(UP))).toEqual({ ok: true, value: PACKET });
    expect(toHex(encodeBfd(PACKET))).toBe(UP.replaceAll(" ", ""));
  });

  it("keeps every field", () => {
    for (const state of BFD_STATES) {
      const packet: BfdPacket = {
        ...PACKET,
        state,
        diagnostic: 7,
        poll: false,
        final: true,
        controlPlaneIndependent: true,
        demand: true,
        multiplier: 255,
        desiredMinTx: 0xffff_ffff,
        requiredMinRx: 0,
        requiredMinEchoRx: 50_000,
      };
      expect(decodeBfd(encodeBfd(packet))).toEqual({ ok: true, value: packet });
    }
  });

  it.each([
    ["too-short", fromHex(UP).subarray(0, 23)],
    ["version", altered([0, 0x40])],
    ["length", altered([3, 23])],
    ["length", altered([1, 0xc4], [3, 25])],
    ["truncated", altered([3, 25])],
    ["multiplier-zero", altered([2, 0])],
    ["multipoint", altered([1, 0xc1])],
    ["my-discriminator-zero", altered([7, 0])],
    ["your-discriminator-zero", altered([8, 0], [9, 0], [10, 0], [11, 0])],
    ["your-discriminator-zero", altered([1, 0x80], [8, 0], [9, 0], [10, 0], [11, 0])],
    ["poll-and-final", altered([1, 0xf0])],
  ] as const)("is dropped for %s", (reason, bytes) => {
    expect(decodeBfd(bytes)).toEqual({ ok: false, error: reason });
  });

  it("is dropped for an authentication section", () => {
    const bytes = new Uint8Array(28);
    bytes.set(altered([1, 0xc4], [3, 28]));
    expect(decodeBfd(bytes)).toEqual({ ok: false, error: "authentication" });
  });

  it("may stand before padding, and without our discriminator while Down", () => {
    const bytes = new Uint8Array(40);
    bytes.set(altered([1, 0x40], [8, 0], [9, 0], [10, 0], [11, 0]));
    expect(decodeBfd(bytes)).toMatchObject({ ok: true, value: { state: "Down", yourDiscriminator: 0 } });
  });
});
