import { describe, expect, it } from "vitest";
import { fromHex, toHex } from "../base/bytes.ts";
import type { Ipv4Packet } from "./ipv4.ts";
import { decodeIpv4, encodeIpv4, readIpv4HeaderLength, verifyIpv4HeaderChecksum } from "./ipv4.ts";

/** Header of an advertisement as keepalived sends it: no flags, hop limit 255, internetwork control. */
const HEX = "45c0001c00010000ff7000000a090001e0000012";
const PACKET: Ipv4Packet = {
  tos: 0xc0,
  identification: 1,
  dontFragment: false,
  moreFragments: false,
  fragmentOffset: 0,
  ttl: 255,
  protocol: 112,
  source: "10.9.0.1",
  destination: "224.0.0.18",
  options: new Uint8Array(),
  payload: fromHex("2133960100013e5d"),
};

describe("IPv4 packets", () => {
  it("are taken apart and put together", () => {
    const bytes = encodeIpv4(PACKET);
    expect(toHex(bytes.subarray(0, 10))).toBe(HEX.slice(0, 20));
    expect(toHex(bytes.subarray(12, 20))).toBe(HEX.slice(24));
    expect(verifyIpv4HeaderChecksum(bytes)).toBe(true);
    expect(decodeIpv4(bytes)).toEqual({ ok: true, value: PACKET });
  });

  it("carry the checksum of RFC 1071's well-known example", () => {
    const example = fromHex("45000073000040004011b861c0a80001c0a800c7");
    expect(verifyIpv4HeaderChecksum(example)).toBe(true);
    const whole = new Uint8Array(0x73);
    whole.set(example);
    const packet = decodeIpv4(whole);
    expect(packet).toMatchObject({ ok: true, value: { dontFragment: true, ttl: 64, protocol: 17 } });
    if (packet.ok) expect(toHex(encodeIpv4(packet.value))).toBe(toHex(whole));
  });

  it("leave out padding and keep options apart", () => {
    const options = Uint8Array.of(1, 1, 1, 0);
    const bytes = encodeIpv4({ ...PACKET, options });
    const padded = new Uint8Array(60).fill(0xaa);
    padded.set(bytes);
    expect(decodeIpv4(padded)).toEqual({ ok: true, value: { ...PACKET, options } });
  });

  it("say how long their header is, at any place in a buffer", () => {
    const buffer = new Uint8Array(40);
    buffer.set(encodeIpv4({ ...PACKET, options: new Uint8Array(4), payload: new Uint8Array() }), 7);
    expect(readIpv4HeaderLength(buffer, 7)).toBe(24);
    expect(readIpv4HeaderLength(new Uint8Array(), 7)).toBe(0);
  });

  it("keep flags and fragment offset", () => {
    const fragment = { ...PACKET, moreFragments: true, fragmentOffset: 0x1fff };
    expect(decodeIpv4(encodeIpv4(fragment))).toEqual({ ok: true, value: fragment });
  });

  it("are refused by reason", () => {
    const bytes = encodeIpv4(PACKET);
    const at = (index: number, value: number): Uint8Array => bytes.slice().fill(value, index, index + 1);
    expect(decodeIpv4(bytes.subarray(0, 19))).toEqual({ ok: false, error: "too-short" });
    expect(decodeIpv4(at(0, 0x65))).toEqual({ ok: false, error: "not-version-4" });
    expect(decodeIpv4(at(0, 0x44))).toEqual({ ok: false, error: "header-length" });
    expect(decodeIpv4(at(3, 19))).toEqual({ ok: false, error: "header-length" });
    expect(decodeIpv4(bytes.subarray(0, 27))).toEqual({ ok: false, error: "truncated" });
    expect(verifyIpv4HeaderChecksum(at(8, 254))).toBe(false);
  });
});
