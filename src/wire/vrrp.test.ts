import { describe, expect, it } from "vitest";
import { fromHex, toHex, writeUint16 } from "../base/bytes.ts";
import { finishChecksum, sumWords } from "../base/checksum.ts";
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
  vrrpTrailer,
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

describe("decodeVrrp", () => {
  const plain = fromHex("2133960100013e5d 0a090064 0000000000000000");
  const at = (index: number, value: number): Uint8Array =>
    Uint8Array.from(plain).fill(value, index, index + 1);

  it("names what is wrong, in this order", () => {
    expect(decodeVrrp(plain.subarray(0, 7), "ipv4")).toEqual({ ok: false, error: "too-short" });
    expect(decodeVrrp(at(0, 0x42), "ipv4")).toEqual({ ok: false, error: "unknown-version" });
    expect(decodeVrrp(plain, "ipv6")).toEqual({ ok: false, error: "version-family" });
    expect(decodeVrrp(at(0, 0x22), "ipv4")).toEqual({ ok: false, error: "unknown-type" });
    expect(decodeVrrp(at(3, 2), "ipv4")).toEqual({ ok: false, error: "truncated" });
  });

  it("wants the authentication field of version 2 even where there is no authentication", () => {
    expect(decodeVrrp(plain.subarray(0, 12), "ipv4")).toEqual({ ok: false, error: "truncated" });
  });

  it("tells padding or a trailer from the message", () => {
    const padded = new Uint8Array(plain.length + 6);
    padded.set(plain);
    padded.set([1, 2, 3, 4, 5, 6], plain.length);
    expect(decodeVrrp(padded, "ipv4")).toMatchObject({
      ok: true,
      value: { length: 20, trailing: 6, packet: v2() },
    });
    expect(vrrpTrailer(padded, 20)).toEqual(Uint8Array.of(1, 2, 3, 4, 5, 6));
    expect(verifyVrrpChecksum(padded, 20, "10.9.0.1", "224.0.0.18", "ipv4")).toBe("message-only");
  });

  it("does not hold on to the buffer it read", () => {
    const buffer = fromHex("213396020101f6a1 0a090064 0a090065 7365637265740000");
    const result = decodeVrrp(buffer, "ipv4");
    buffer.fill(0xff);
    expect(result).toMatchObject({
      value: { packet: { authData: SECRET, addresses: ["10.9.0.100", "10.9.0.101"] } },
    });
  });

  it("ignores the reserved bits of version 3", () => {
    const bytes = fromHex("3133960100644361 0a090064");
    bytes[4] = 0xf0;
    expect(decodeVrrp(bytes, "ipv4")).toMatchObject({ value: { packet: v3() } });
  });
});

describe("peekVrrp", () => {
  it("reads the fixed fields and the length they announce", () => {
    const bytes = fromHex("213396020101f6a1 0a090064 0a090065 7365637265740000");
    const header = peekVrrp(bytes, "ipv4");
    expect(header).toEqual({
      version: 2,
      type: 1,
      virtualRouterId: 51,
      priority: 150,
      addressCount: 2,
      authType: 1,
      advertisementInterval: seconds(1),
      length: 24,
    });
    expect(vrrpAuthData(bytes, 24)).toEqual(SECRET);
    expect(toHex(vrrpAddressBytes(bytes, "ipv4"))).toBe("0a0900640a090065");
  });

  it("needs neither addresses nor a known version", () => {
    expect(peekVrrp(fromHex("f5339602ffff0000"), "ipv6")).toEqual({
      version: 15,
      type: 5,
      virtualRouterId: 51,
      priority: 150,
      addressCount: 2,
      authType: 0,
      advertisementInterval: millis(40_950),
      length: 40,
    });
    expect(peekVrrp(new Uint8Array(7), "ipv4")).toBeUndefined();
  });
});

describe("verifyVrrpChecksum", () => {
  const check = (
    hex: string,
    family: IpFamily = "ipv4",
    source = "10.9.0.1",
    destination = "224.0.0.18",
  ): string => {
    const bytes = fromHex(hex);
    return verifyVrrpChecksum(bytes, bytes.length, source, destination, family);
  };

  it("finds any byte that changed", () => {
    const bytes = fromHex("213396020101f6a1 0a090064 0a090065 7365637265740000");
    for (let index = 0; index < bytes.length; index++) {
      const changed = bytes.slice();
      changed[index] = (changed[index] ?? 0) ^ 0x10;
      expect(verifyVrrpChecksum(changed, 24, "10.9.0.1", "224.0.0.18", "ipv4"), `byte ${index}`).toBe("bad");
    }
  });

  it("depends on the addresses where there is a pseudo-header", () => {
    expect(check("3133960100644361 0a090064", "ipv4", "10.9.0.2")).toBe("bad");
    expect(check("3133960100641969 0a090064", "ipv4", "10.9.0.1", "10.9.0.3")).toBe("bad");
    expect(check("3133960100642dfa 0a090064", "ipv4", "10.9.0.2")).toBe("message-only");
  });

  it("knows one reading only for version 2 and for IPv6", () => {
    const addresses = { source: "10.9.0.1", destination: "224.0.0.18" };
    const asV3 = encodeVrrp(v3(), { family: "ipv4", ...addresses, checksum: "pseudo-header" });
    asV3[0] = 0x21;
    asV3[6] = (asV3[6] ?? 0) + 0x10;
    expect(verifyVrrpChecksum(asV3, asV3.length, addresses.source, addresses.destination, "ipv4")).toBe(
      "bad",
    );
    const overIpv6 = fromHex("3133960100640000 fe800000000000000000000000000051");
    writeUint16(overIpv6, 6, finishChecksum(sumWords(overIpv6)));
    expect(verifyVrrpChecksum(overIpv6, 24, "fe80::1", "ff02::12", "ipv6")).toBe("bad");
  });

  it("does not read beyond what is there", () => {
    expect(verifyVrrpChecksum(new Uint8Array(8), 12, "10.9.0.1", "224.0.0.18", "ipv4")).toBe("bad");
    expect(verifyVrrpChecksum(fromHex("2100deff"), 4, "10.9.0.1", "224.0.0.18", "ipv4")).toBe("bad");
  });
});

describe("encodeVrrp", () => {
  const options = {
    family: "ipv4",
    source: "10.9.0.1",
    destination: "224.0.0.18",
    checksum: "zero",
  } as const;

  it("leaves the checksum to the kernel where asked to", () => {
    expect(toHex(encodeVrrp(v3(), options))).toBe("31339601006400000a090064");
  });

  it("refuses what does not fit as a defect of the caller", () => {
    expect(() => encodeVrrp(v2({ advertisementInterval: millis(500) }), options)).toThrow("interval");
    expect(() => encodeVrrp(v2({ advertisementInterval: seconds(256) }), options)).toThrow("interval");
    expect(() => encodeVrrp(v3({ advertisementInterval: seconds(41) }), options)).toThrow("interval");
    expect(() => encodeVrrp(v3({ addresses: ["fe80::51"] }), options)).toThrow("no ipv4 address");
    expect(() => encodeVrrp(v2({ priority: 256 }), options)).toThrow("priority");
    expect(() => encodeVrrp(v2({ authData: new Uint8Array(7) }), options)).toThrow("8 bytes");
    expect(() => encodeVrrp(v3({ addresses: new Array(256).fill("10.0.0.1") }), options)).toThrow(
      "256 addresses",
    );
  });
});
