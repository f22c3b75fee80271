import { describe, expect, it } from "vitest";
import { fromHex, toHex } from "../base/bytes.ts";
import type { AuthSubject } from "./auth-hmac.ts";
import {
  decodeAuthTrailer,
  isAfter,
  nextSequence,
  sequenceOf,
  signMessage,
  verifyTrailer,
} from "./auth-hmac.ts";

const KEY = fromHex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
const SOURCE = "10.9.0.1";

/** Captured from keepalived 2.4, and the two of the draft's appendix. */
const VECTORS: readonly [string, AuthSubject, string, string][] = [
  [
    "version 3",
    { family: "ipv4", version: 3, virtualRouterId: 51, source: SOURCE },
    "31339601006443610a090064",
    "01010000 6b02e0fb cf38 0000 bb569393198a1f426926b8ad1b4b4837",
  ],
  [
    "version 2",
    { family: "ipv4", version: 2, virtualRouterId: 51, source: SOURCE },
    "2133960100013e5d0a0900640000000000000000",
    "01010000 6b02e0f5 40e5 0000 111a3fed75c94d7bb777e671586296ff",
  ],
  [
    "the draft over IPv4",
    { family: "ipv4", version: 3, virtualRouterId: 51, source: "198.51.100.10" },
    "3133c80100644402c0000264",
    "01010000 68000000 8000 0000 1b84bc4e8e43892dc6d98448f8ee2265",
  ],
  [
    "the draft over IPv6",
    { family: "ipv6", version: 3, virtualRouterId: 51, source: "fe80::10" },
    "3133c8010064a2e9 fe800000000000000000000000000100",
    "01010000 68000000 8000 0000 c8c56146ebfd66ee10ec4d8186461b78",
  ],
];

describe("signed advertisements", () => {
  it.each(VECTORS)("%s: the trailer is the captured one", (_, subject, messageHex, trailerHex) => {
    const message = fromHex(messageHex);
    const trailer = fromHex(trailerHex);
    const sequence = decodeAuthTrailer(trailer)?.sequence ?? { seconds: 0, fine: 0 };
    expect(toHex(signMessage(message, subject, 1, KEY, sequence))).toBe(toHex(trailer));
    expect(verifyTrailer(message, trailer, subject, KEY)).toBe(true);
  });

  const [, subject, messageHex, trailerHex] = VECTORS[0] as (typeof VECTORS)[number];
  const message = fromHex(messageHex);
  const trailer = fromHex(trailerHex);

  it.each(["priority", "key", "source", "router", "trailer"])("another %s does not verify", (what) => {
    const spoiled = message.slice();
    if (what === "priority") spoiled[2] = 200;
    const key = what === "key" ? KEY.map((byte) => byte ^ 1) : KEY;
    const other = {
      ...subject,
      ...(what === "source" && { source: "10.9.0.2" }),
      ...(what === "router" && { virtualRouterId: 52 }),
    };
    const changed = trailer.slice();
    if (what === "trailer") changed[7] = (changed[7] ?? 0) ^ 1;
    expect(verifyTrailer(spoiled, changed, other, key)).toBe(false);
  });

  it("the checksum is not signed", () => {
    const resummed = message.slice();
    resummed.set([0, 0], 6);
    expect(verifyTrailer(resummed, trailer, subject, KEY)).toBe(true);
  });

  it.each([
    ["another type", 0],
    ["a reserved bit", 2],
  ])("%s is no trailer", (_, offset) => {
    const spoiled = trailer.slice();
    spoiled[offset] = 7;
    expect(decodeAuthTrailer(spoiled)).toBeUndefined();
    expect(decodeAuthTrailer(trailer.subarray(1))).toBeUndefined();
  });
});

describe("sequence numbers", () => {
  it("are the wall clock in 1/65536 s", () => {
    expect(sequenceOf(1_000_000)).toEqual({ seconds: 1, fine: 0 });
    expect(sequenceOf(1_500_000)).toEqual({ seconds: 1, fine: 0x8000_0000 });
  });

  it("grow by one, with a carry", () => {
    expect(nextSequence({ seconds: 1, fine: 7 })).toEqual({ seconds: 1, fine: 8 });
    expect(nextSequence({ seconds: 1, fine: 0xffff_ffff })).toEqual({ seconds: 2, fine: 0 });
    expect(nextSequence({ seconds: 0xffff_ffff, fine: 0xffff_ffff })).toEqual({ seconds: 0, fine: 0 });
  });

  it("compare around their end", () => {
    expect(isAfter({ seconds: 2, fine: 0 }, { seconds: 1, fine: 9 })).toBe(true);
    expect(isAfter({ seconds: 1, fine: 9 }, { seconds: 1, fine: 9 })).toBe(false);
    expect(isAfter({ seconds: 0, fine: 0 }, { seconds: 0xffff_ffff, fine: 1 })).toBe(true);
    expect(isAfter({ seconds: 0xffff_ffff, fine: 1 }, { seconds: 0, fine: 0 })).toBe(false);
  });
});
