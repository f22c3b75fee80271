import { describe, expect, it } from "vitest";
import { fromHex, toHex } from "../base/bytes.ts";
import type { Ipv6Packet } from "./ipv6.ts";
import { decodeIpv6, encodeIpv6 } from "./ipv6.ts";

const HEX = "6c012345000270ff fe80000000000000bc78e4fffe5f7ab3 ff020000000000000000000000000012 0102";
const PACKET: Ipv6Packet = {
  trafficClass: 0xc0,
  flowLabel: 0x12345,
  nextHeader: 112,
  hopLimit: 255,
  source: "fe80::bc78:e4ff:fe5f:7ab3",
  destination: "ff02::12",
  payload: Uint8Array.of(1, 2),
};

describe("IPv6 packets", () => {
  it("are taken apart and put together", () => {
    expect(decodeIpv6(fromHex(HEX))).toEqual({ ok: true, value: PACKET });
    expect(toHex(encodeIpv6(PACKET))).toBe(toHex(fromHex(HEX)));
  });

  it("leave out padding", () => {
    expect(decodeIpv6(fromHex(`${HEX}ffff`))).toEqual({ ok: true, value: PACKET });
  });

  it("are refused by reason", () => {
    const bytes = fromHex(HEX);
    expect(decodeIpv6(bytes.subarray(0, 39))).toEqual({ ok: false, error: "too-short" });
    expect(decodeIpv6(bytes.subarray(0, 41))).toEqual({ ok: false, error: "truncated" });
    expect(decodeIpv6(bytes.fill(0x4c, 0, 1))).toEqual({ ok: false, error: "not-version-6" });
  });
});
