import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { fromHex } from "../base/bytes.ts";
import { Prng } from "../base/prng.ts";
import { encodeAhPacket, peekAh, verifyAh } from "./ah.ts";
import { decodeArp, encodeGratuitousArp } from "./arp.ts";
import { decodeAuthTrailer, signMessage, verifyTrailer } from "./auth-hmac.ts";
import { decodeBfd, encodeBfd } from "./bfd.ts";
import { decodeEthernet } from "./ethernet.ts";
import { readHealthResponse } from "./grpc-health.ts";
import { ICMPV6_PROTOCOL, verifyIcmpv6Checksum, writeIcmpv6Checksum } from "./icmp.ts";
import { decodeInotifyEvents } from "./inotify.ts";
import { decodeIpv4, encodeIpv4, readIpv4HeaderLength, verifyIpv4HeaderChecksum } from "./ipv4.ts";
import { decodeIpv6 } from "./ipv6.ts";
import { decodeNeighbour, encodeUnsolicitedNeighbourAdvertisement } from "./ndisc.ts";
import { neighbourSight } from "./neighbour-sight.ts";
import { decodeProcessEvents } from "./proc-connector.ts";
import {
  decodeVrrp,
  encodeVrrp,
  peekVrrp,
  verifyVrrpChecksum,
  vrrpAddressBytes,
  vrrpAuthData,
  vrrpTrailer,
} from "./vrrp.ts";

/** Random and mutated inputs to each decoder, in all more than a million. */
const ROUNDS = process.env.BUOY_LONG === "1" ? 2_000_000 : 100_000;

const SOURCE = { ipv4: "10.9.0.1", ipv6: "fe80::1" } as const;
const GROUP = { ipv4: "224.0.0.18", ipv6: "ff02::12" } as const;

const VRRP_V2 = fromHex("213396020101f6a1 0a090064 0a090065 7365637265740000");
const VRRP_V3 = fromHex("3133960100644361 0a090064");
const VRRP_V3_IPV6 = fromHex(
  "313396020064f220 fe800000000000000000000000000051 20010db8000000000000000000000100",
);
const BFD = fromHex("20e00318 00000011 a0b0c0d0 000493e0 000493e0 00000000");
const INOTIFY = fromHex("01000000 08000000 00000000 10000000 6c6f6164 00000000 00000000 00000000");
const PROCESS = fromHex(
  "4c000000 03000000 00000000 00000000 01000000 01000000 00000000 00000000 28000000" +
    "02000000 00000000 0000000000000000 14000000 14000000 00000000 00000000 00000000 00000000",
);
const GARP = encodeGratuitousArp("10.9.0.100", "be:78:e4:5f:7a:b3");
const NA = encodeUnsolicitedNeighbourAdvertisement("2001:db8::100", "be:78:e4:5f:7a:b3");
const IPV4 = encodeIpv4({
  tos: 0xc0,
  identification: 1,
  dontFragment: false,
  moreFragments: false,
  fragmentOffset: 0,
  ttl: 255,
  protocol: 112,
  source: "10.9.0.1",
  destination: "224.0.0.18",
  options: new Uint8Array(4),
  payload: VRRP_V2,
});

const AH = encodeAhPacket(VRRP_V2, {
  source: "10.9.0.1",
  destination: "224.0.0.18",
  ttl: 255,
  identification: 1,
  sequence: 1,
  key: new Uint8Array(8),
}).subarray(20);
const KEY = new Uint8Array(32);
const SUBJECT = { family: "ipv4", version: 3, virtualRouterId: 51, source: "10.9.0.1" } as const;
const TRAILER = signMessage(VRRP_V3, SUBJECT, 1, KEY, { seconds: 1, fine: 0 });

interface Fuzzed {
  /** Valid inputs, to be mutated. */
  readonly valid: readonly Uint8Array[];
  /** Whether it was accepted; throws where an accepted input does not hold together. */
  readonly run: (bytes: Uint8Array) => boolean;
}

/** Everything in this folder that reads bytes from a wire, by name. */
const DECODERS: Readonly<Record<string, Fuzzed>> = {
  readHealthResponse: {
    valid: [Uint8Array.of(0, 0, 0, 0, 2, 0x08, 1), Uint8Array.of(0, 0, 0, 0, 0)],
    run: (bytes) => readHealthResponse(bytes) !== undefined,
  },
  decodeEthernet: { valid: [GARP, NA], run: (bytes) => decodeEthernet(bytes).ok },
  decodeArp: { valid: [GARP.subarray(14)], run: (bytes) => decodeArp(bytes).ok },
  decodeIpv4: {
    valid: [IPV4],
    run: (bytes) => {
      const result = decodeIpv4(bytes);
      if (!result.ok) return false;
      const { options, payload } = result.value;
      return 20 + options.length + payload.length <= bytes.length;
    },
  },
  readIpv4HeaderLength: { valid: [IPV4], run: (bytes) => readIpv4HeaderLength(bytes) >= 20 },
  verifyIpv4HeaderChecksum: { valid: [IPV4], run: verifyIpv4HeaderChecksum },
  decodeIpv6: {
    valid: [NA.subarray(14)],
    run: (bytes) => {
      const result = decodeIpv6(bytes);
      return result.ok && 40 + result.value.payload.length <= bytes.length;
    },
  },
  verifyIcmpv6Checksum: {
    valid: [NA.subarray(54)],
    run: (bytes) => verifyIcmpv6Checksum(bytes, "2001:db8::100", "ff02::1"),
  },
  neighbourSight: { valid: [GARP, NA], run: (bytes) => neighbourSight(bytes) !== undefined },
  decodeNeighbour: { valid: [NA.subarray(54)], run: fuzzNeighbour },
  peekVrrp: { valid: [VRRP_V2, VRRP_V3], run: (bytes) => peekVrrp(bytes, "ipv4") !== undefined },
  verifyVrrpChecksum: {
    valid: [VRRP_V2, VRRP_V3],
    run: (bytes) => verifyVrrpChecksum(bytes, bytes.length, SOURCE.ipv4, GROUP.ipv4, "ipv4") !== "bad",
  },
  decodeVrrp: { valid: [VRRP_V2, VRRP_V3], run: (bytes) => fuzzVrrp(bytes, "ipv4") },
  "decodeVrrp over IPv6": { valid: [VRRP_V3_IPV6], run: (bytes) => fuzzVrrp(bytes, "ipv6") },
  vrrpAuthData: { valid: [VRRP_V2], run: (bytes) => vrrpAuthData(bytes, bytes.length).length <= 8 },
  vrrpAddressBytes: {
    valid: [VRRP_V3],
    run: (bytes) => vrrpAddressBytes(bytes, "ipv4").length <= bytes.length,
  },
  vrrpTrailer: { valid: [VRRP_V3], run: (bytes) => vrrpTrailer(bytes, 12).length <= bytes.length },
  peekAh: { valid: [AH], run: (bytes) => peekAh(bytes) !== undefined },
  verifyAh: {
    valid: [AH],
    run: (bytes) => verifyAh(IPV4.subarray(0, 20), bytes, new Uint8Array(8)) || bytes.length >= AH.length,
  },
  decodeAuthTrailer: { valid: [TRAILER], run: (bytes) => decodeAuthTrailer(bytes) !== undefined },
  verifyTrailer: {
    valid: [TRAILER],
    run: (bytes) => verifyTrailer(VRRP_V3, bytes, SUBJECT, KEY) || bytes.length >= TRAILER.length,
  },
  decodeBfd: { valid: [BFD], run: fuzzBfd },
  decodeInotifyEvents: { valid: [INOTIFY], run: (bytes) => decodeInotifyEvents(bytes).length > 0 },
  decodeProcessEvents: { valid: [PROCESS], run: (bytes) => decodeProcessEvents(bytes).length > 0 },
};

/** Checksums are right by chance only: they are made so, for what lies behind the check to be reached. */
function fuzzNeighbour(bytes: Uint8Array): boolean {
  const payload = bytes.slice();
  if (payload.length >= 4) writeIcmpv6Checksum(payload, "2001:db8::100", "ff02::1");
  const result = decodeNeighbour({
    trafficClass: 0,
    flowLabel: 0,
    nextHeader: ICMPV6_PROTOCOL,
    hopLimit: 255,
    source: "2001:db8::100",
    destination: "ff02::1",
    payload,
  });
  if (!result.ok && result.error === "checksum") throw new Error("the checksum was made right");
  return result.ok;
}

/** An accepted packet is made of the same bytes again. */
function fuzzBfd(bytes: Uint8Array): boolean {
  const result = decodeBfd(bytes);
  if (!result.ok) return false;
  const encoded = encodeBfd(result.value);
  for (let index = 0; index < encoded.length; index++) {
    if (index !== 3 && encoded[index] !== bytes[index]) throw new Error(`made anew, byte ${index} differs`);
  }
  return true;
}

/** An accepted message is made of the same bytes again, but for its checksum and the reserved bits of version 3. */
function fuzzVrrp(bytes: Uint8Array, family: "ipv4" | "ipv6"): boolean {
  const result = decodeVrrp(bytes, family);
  if (!result.ok) return false;
  const { packet, length, trailing } = result.value;
  if (length + trailing !== bytes.length) throw new Error("lengths do not add up");
  const encoded = encodeVrrp(packet, {
    family,
    source: SOURCE[family],
    destination: GROUP[family],
    checksum: "zero",
  });
  if (encoded.length !== length) throw new Error("made anew, the length differs");
  for (let index = 0; index < length; index++) {
    if (index === 6 || index === 7) continue;
    const mask = packet.version === 3 && index === 4 ? 0x0f : 0xff;
    if (((bytes[index] ?? 0) & mask) !== encoded[index]) throw new Error(`made anew, byte ${index} differs`);
  }
  return true;
}

function randomBytes(prng: Prng): Uint8Array {
  const bytes = new Uint8Array(prng.integer(0, prng.chance(0.1) ? 1500 : 64));
  for (let index = 0; index < bytes.length; index += 4) {
    const word = prng.uint32();
    for (let byte = 0; byte < 4 && index + byte < bytes.length; byte++)
      bytes[index + byte] = word >>> (8 * byte);
  }
  return bytes;
}

/** A valid input with a few bytes changed, and sometimes cut or padded. */
function mutated(prng: Prng, valid: readonly Uint8Array[]): Uint8Array {
  const original = prng.pick(valid);
  const length = prng.chance(0.3) ? prng.integer(0, original.length + 28) : original.length;
  const bytes = new Uint8Array(length);
  bytes.set(original.subarray(0, length));
  for (let changes = prng.integer(0, 4); changes > 0 && length > 0; changes--) {
    bytes[prng.integer(0, length - 1)] = prng.integer(0, 255);
  }
  return bytes;
}

describe("decoders on bytes from anywhere", () => {
  for (const [name, { valid, run }] of Object.entries(DECODERS)) {
    it(`${name} accepts what is valid and never throws`, () => {
      for (const bytes of valid) expect(run(bytes)).toBe(true);
      const prng = new Prng(0x6275_6f79);
      let accepted = 0;
      let bytes: Uint8Array = new Uint8Array();
      try {
        for (let round = 0; round < ROUNDS; round++) {
          bytes = round % 2 === 0 ? randomBytes(prng) : mutated(prng, valid);
          if (run(bytes)) accepted++;
        }
      } catch (error) {
        throw new Error(`${name} threw on ${Buffer.from(bytes).toString("hex")}`, { cause: error });
      }
      expect(accepted).toBeGreaterThan(0);
    });
  }

  it("are all in the table above", async () => {
    const files = readdirSync(new URL(".", import.meta.url)).filter((file) => /^[a-z0-9-]+\.ts$/.test(file));
    const readers: string[] = [];
    for (const file of files) {
      const module: Record<string, unknown> = await import(
        /* @vite-ignore */ new URL(file, import.meta.url).pathname
      );
      for (const [name, value] of Object.entries(module)) {
        if (typeof value === "function" && /^(decode|peek|read|verify|vrrp|equal|neighbourSight)/.test(name))
          readers.push(name);
      }
    }
    expect(readers.filter((name) => DECODERS[name] === undefined)).toEqual([]);
    expect(readers).toContain("decodeVrrp");
  });
});
