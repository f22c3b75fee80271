import { describe, expect, it } from "vitest";
import { fromHex, toHex } from "../base/bytes.ts";
import { decodeEthernet, ETHERTYPE_IPV6, encodeEthernet } from "./ethernet.ts";

describe("Ethernet frames", () => {
  const hex = "333300000001be78e45f7ab386dd0102";
  const frame = {
    destination: "33:33:00:00:00:01",
    source: "be:78:e4:5f:7a:b3",
    etherType: ETHERTYPE_IPV6,
    payload: Uint8Array.of(1, 2),
  };

  it("are taken apart and put together", () => {
    expect(decodeEthernet(fromHex(hex))).toEqual({ ok: true, value: frame });
    expect(toHex(encodeEthernet(frame))).toBe(hex);
  });

  it("have 14 bytes at least", () => {
    expect(decodeEthernet(new Uint8Array(14)).ok).toBe(true);
    expect(decodeEthernet(new Uint8Array(13))).toEqual({ ok: false, error: "too-short" });
  });
});
