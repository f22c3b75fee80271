import { describe, expect, it } from "vitest";
import { concatBytes, fromHex, toHex } from "../base/bytes.ts";
import { decodeEthernet, ETHERTYPE_IPV6 } from "./ethernet.ts";
import { ICMPV6_PROTOCOL, verifyIcmpv6Checksum, writeIcmpv6Checksum } from "./icmp.ts";
import type { Ipv6Packet } from "./ipv6.ts";
import { decodeIpv6 } from "./ipv6.ts";
import {
  decodeNeighbour,
  encodeNeighbour,
  encodeNeighbourQuestion,
  encodeUnsolicitedNeighbourAdvertisement,
} from "./ndisc.ts";

const VIP = "2001:db8::100";
const MAC = "be:78:e4:5f:7a:b3";
/** Captured from keepalived: the ICMPv6 message. */
const GOLDEN = "8800dba120000000 20010db8000000000000000000000100 0201be78e45f7ab3";
const HEADERS = `333300000001 be78e45f7ab3 86dd
  6000000000203aff 20010db8000000000000000000000100 ff020000000000000000000000000001`;

function packet(payload: Uint8Array, changes: Partial<Ipv6Packet> = {}): Ipv6Packet {
  return {
    trafficClass: 0,
    flowLabel: 0,
    nextHeader: ICMPV6_PROTOCOL,
    hopLimit: 255,
    source: VIP,
    destination: "ff02::1",
    payload,
    ...changes,
  };
}

/** The golden message with one byte changed or bytes added, its checksum made right again. */
function altered(index: number, value: number, more = ""): Ipv6Packet {
  const message = concatBytes(fromHex(GOLDEN), fromHex(more));
  message[index] = value;
  writeIcmpv6Checksum(message, VIP, "ff02::1");
  return packet(message);
}

describe("unsolicited neighbour advertisement", () => {
  it("is a whole frame from the address itself to all nodes, flags override only", () => {
    const frame = encodeUnsolicitedNeighbourAdvertisement(VIP, MAC);
    expect(toHex(frame)).toBe(toHex(fromHex(HEADERS + GOLDEN)));
  });

  it("says router where the interface forwards", () => {
    const frame = encodeUnsolicitedNeighbourAdvertisement(VIP, MAC, true);
    expect(frame[58]).toBe(0xa0);
    expect(verifyIcmpv6Checksum(frame.subarray(54), VIP, "ff02::1")).toBe(true);
  });

  it("is read as what it claims", () => {
    const frame = decodeEthernet(fromHex(HEADERS + GOLDEN));
    expect(frame).toMatchObject({ ok: true, value: { etherType: ETHERTYPE_IPV6 } });
    const ip = decodeIpv6(fromHex(HEADERS + GOLDEN).subarray(14));
    expect(ip).toEqual({ ok: true, value: packet(fromHex(GOLDEN)) });
    expect(decodeNeighbour(packet(fromHex(GOLDEN)))).toEqual({
      ok: true,
      value: {
        kind: "advertisement",
        target: VIP,
        router: false,
        solicited: false,
        override: true,
        linkLayer: MAC,
      },
    });
  });

  it("has no frame for IPv4 addresses", () => {
    expect(() => encodeUnsolicitedNeighbourAdvertisement("10.0.0.1", MAC)).toThrow("no IPv6 address");
  });
});

describe("a question", () => {
  const question = { address: VIP, mac: MAC, target: "fe80::abcd:1234:5678" };
  const read = (frame: Uint8Array): unknown => {
    const ethernet = decodeEthernet(frame);
    const ip = ethernet.ok ? decodeIpv6(ethernet.value.payload) : ethernet;
    const message = ip.ok ? decodeNeighbour(ip.value) : ip;
    if (!ethernet.ok || !ip.ok || !message.ok) throw new Error("not valid");
    return {
      station: ethernet.value.destination,
      to: ip.value.destination,
      from: ip.value.source,
      ...message.value,
    };
  };
  const solicitation = { kind: "solicitation", from: VIP, target: question.target };

  it("goes to the group of its target, or to one station", () => {
    expect(read(encodeNeighbourQuestion({ ...question, teaches: true }))).toEqual({
      ...solicitation,
      station: "33:33:ff:34:56:78",
      to: "ff02::1:ff34:5678",
      linkLayer: MAC,
    });
    const destination = "02:00:00:00:00:fe";
    expect(read(encodeNeighbourQuestion({ ...question, destination, teaches: true }))).toMatchObject({
      station: destination,
      to: question.target,
    });
  });

  it("teaches nothing without our station in it", () => {
    expect(read(encodeNeighbourQuestion({ ...question, teaches: false }))).toMatchObject({
      linkLayer: undefined,
    });
  });
});

describe("decodeNeighbour", () => {
  it("reads solicitations, with and without the sender's address", () => {
    for (const linkLayer of [MAC, undefined]) {
      const message = { kind: "solicitation", target: VIP, linkLayer } as const;
      const payload = encodeNeighbour(message, "fe80::1", "ff02::1:ff00:100");
      const solicitation = packet(payload, { source: "fe80::1", destination: "ff02::1:ff00:100" });
      expect(decodeNeighbour(solicitation)).toEqual({ ok: true, value: message });
    }
  });

  it("passes over options it does not know, and reads the first of those it does", () => {
    const more = "05010000000005dc 0201020000000099";
    expect(decodeNeighbour(altered(0, 0x88, more))).toMatchObject({ ok: true, value: { linkLayer: MAC } });
    expect(decodeNeighbour(altered(24, 14, "0201020000000099"))).toMatchObject({
      ok: true,
      value: { linkLayer: "02:00:00:00:00:99" },
    });
  });

  it("names what is wrong, in this order", () => {
    const bytes = fromHex(GOLDEN);
    const error = (wrong: Ipv6Packet): unknown => {
      const result = decodeNeighbour(wrong);
      return result.ok ? "accepted" : result.error;
    };
    expect(error(packet(bytes, { nextHeader: 17 }))).toBe("not-icmpv6");
    expect(error(packet(bytes.subarray(0, 23)))).toBe("too-short");
    expect(error(altered(0, 134))).toBe("unknown-type");
    expect(error(packet(bytes, { hopLimit: 254 }))).toBe("hop-limit");
    expect(error(packet(bytes, { source: "2001:db8::101" }))).toBe("checksum");
    expect(error(altered(1, 1))).toBe("code");
    expect(error(altered(8, 0xff))).toBe("multicast-target");
    expect(error(altered(25, 0))).toBe("options");
    expect(error(altered(25, 2))).toBe("options");
    expect(error(altered(0, 0x88, "02"))).toBe("options");
  });
});
