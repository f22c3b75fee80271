import { describe, expect, it } from "vitest";
import { fromHex, toHex } from "../base/bytes.ts";
import type { IpFamily } from "../base/ip.ts";
import { millis, seconds } from "../base/time.ts";
import type { VrrpChecksumKind, VrrpPacket, VrrpV2Packet, VrrpV3Packet } from "./vrrp.ts";
import {
  decodeVrrp,
  encodeVrrp,
  peekVrrp,
  verifyVrrpChecksum,
  vrrpAddressBytes,
  vrrpAuthData,
} from "./vrrp.ts";

const NO_AUTH = new Uint8Array(8);
const SECRET = fromHex("7365637265740000");

function v2(changes: Partial<VrrpV2Packet> = {}): VrrpV2Packet {
  return {
    version: 2,
    type: 1,
    virtualRouterId: 51,
    priority: 150,
    addresses: ["10.9.0.100"],
    advertisementInterval: seconds(1),
    authType: 0,
    authData: NO_AUTH,
    ...changes,
  };
}

function v3(changes: Partial<VrrpV3Packet> = {}): VrrpV3Packet {
  return {
    version: 3,
    type: 1,
    virtualRouterId: 51,
    priority: 150,
    addresses: ["10.9.0.100"],
    advertisementInterval: seconds(1),
    ...changes,
  };
}

interface Golden {
  readonly name: string;
  readonly hex: string;
  readonly packet: VrrpPacket;
  readonly checksum: VrrpChecksumKind;
  readonly family?: IpFamily;
  readonly source?: string;
  readonly destination?: string;
}

/** Captured from keepalived 2.2.7 and 2.4 on a wire. */
const GOLDEN: readonly Golden[] = [
  {
    name: "v2 without authentication",
    hex: "2133960100013e5d 0a090064 0000000000000000",
    packet: v2(),
    checksum: "message-only",
  },
  {
    name: "v2 priority 0",
    hex: "213300010001d45d 0a090064 0000000000000000",
    packet: v2({ priority: 0 }),
    checksum: "message-only",
  },
  {
    name: "v2 with a password",
    hex: "213396020101f6a1 0a090064 0a090065 7365637265740000",
    packet: v2({ addresses: ["10.9.0.100", "10.9.0.101"], authType: 1, authData: SECRET }),
    checksum: "message-only",
  },
  {
    name: "v2 inside an authentication header",
    hex: "2133960102013c5d 0a090064 0000000000000000",
    packet: v2({ authType: 2 }),
    checksum: "message-only",
  },
  {
    name: "v3 every half second",
    hex: "3133960100324393 0a090064",
    packet: v3({ advertisementInterval: millis(500) }),
    checksum: "pseudo-header",
  },
  {
    name: "v3 with the checksum of RFC 9568",
    hex: "3133960100642dfa 0a090064",
    packet: v3(),
    checksum: "message-only",
  },
  { name: "v3", hex: "3133960100644361 0a090064", packet: v3(), checksum: "pseudo-header" },
  {
    name: "v3 unicast to .2",
    hex: "3133960100641969 0a090064",
    packet: v3(),
    checksum: "pseudo-header",
    destination: "10.9.0.2",
  },
  {
    name: "v3 unicast to .3",
    hex: "3133960100641968 0a090064",
    packet: v3(),
    checksum: "pseudo-header",
    destination: "10.9.0.3",
  },
  {
    name: "v3 over IPv6",
    hex: "313396020064f220 fe800000000000000000000000000051 20010db8000000000000000000000100",
    packet: v3({ addresses: ["fe80::51", "2001:db8::100"] }),
    checksum: "pseudo-header",
    family: "ipv6",
    source: "fe80::bc78:e4ff:fe5f:7ab3",
    destination: "ff02::12",
  },
];

describe("golden VRRP messages", () => {
  for (const golden of GOLDEN) {
    const family = golden.family ?? "ipv4";
    const source = golden.source ?? "10.9.0.1";
    const destination = golden.destination ?? "224.0.0.18";
    const bytes = fromHex(golden.hex);

    it(`decodes ${golden.name}`, () => {
      expect(decodeVrrp(bytes, family)).toEqual({
        ok: true,
        value: { packet: golden.packet, length: bytes.length, trailing: 0 },
      });
      expect(verifyVrrpChecksum(bytes, bytes.length, source, destination, family)).toBe(golden.checksum);
    });

    it(`encodes ${golden.name}`, () => {
      const encoded = encodeVrrp(golden.packet, { family, source, destination, checksum: golden.checksum });
      expect(toHex(encoded)).toBe(toHex(bytes));
    });
  }
});
