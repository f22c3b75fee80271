import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bytesToIp } from "../base/ip.ts";
import { bytesToMac } from "../base/mac.ts";
import { MICROS_PER_CENTISECOND, MICROS_PER_SECOND } from "../base/time.ts";
import type { ArpPacket } from "./arp.ts";
import { decodeArp, encodeArp } from "./arp.ts";
import { decodeEthernet, encodeEthernet } from "./ethernet.ts";
import { ICMPV6_PROTOCOL } from "./icmp.ts";
import { decodeIpv4, encodeIpv4, verifyIpv4HeaderChecksum } from "./ipv4.ts";
import { decodeIpv6, encodeIpv6 } from "./ipv6.ts";
import type { NeighbourMessage } from "./ndisc.ts";
import { decodeNeighbour, encodeNeighbour } from "./ndisc.ts";
import type { VrrpPacket } from "./vrrp.ts";
import { decodeVrrp, encodeVrrp, verifyVrrpChecksum } from "./vrrp.ts";

const bytesOf = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length });
const byte = fc.nat(255);
const mac = bytesOf(6).map((bytes) => bytesToMac(bytes));
const ipv4 = bytesOf(4).map((bytes) => bytesToIp(bytes));
const ipv6 = bytesOf(16).map((bytes) => bytesToIp(bytes));
const payload = fc.uint8Array({ maxLength: 100 });

const common = { type: fc.constant(1), virtualRouterId: byte, priority: byte };
const centiseconds = fc.nat(0xfff).map((count) => count * MICROS_PER_CENTISECOND);

const v2: fc.Arbitrary<VrrpPacket> = fc.record({
  version: fc.constant(2 as const),
  ...common,
  addresses: fc.array(ipv4, { maxLength: 40 }),
  advertisementInterval: byte.map((count) => count * MICROS_PER_SECOND),
  authType: byte,
  authData: bytesOf(8),
});

const v3 = (address: fc.Arbitrary<string>): fc.Arbitrary<VrrpPacket> =>
  fc.record({
    version: fc.constant(3 as const),
    ...common,
    addresses: fc.array(address, { maxLength: 40 }),
    advertisementInterval: centiseconds,
  });

describe("encoding and decoding again gives the same", () => {
  const checksum = fc.constantFrom("pseudo-header" as const, "message-only" as const);

  it("VRRP over IPv4", () => {
    // Fixed addresses: some pairs sum to nothing, and then both readings are the same.
    const source = "10.9.0.1";
    const destination = "224.0.0.18";
    fc.assert(
      fc.property(fc.oneof(v2, v3(ipv4)), checksum, (packet, kind) => {
        const bytes = encodeVrrp(packet, { family: "ipv4", source, destination, checksum: kind });
        expect(decodeVrrp(bytes, "ipv4")).toEqual({
          ok: true,
          value: { packet, length: bytes.length, trailing: 0 },
        });
        const found = verifyVrrpChecksum(bytes, bytes.length, source, destination, "ipv4");
        expect(found).toBe(packet.version === 2 ? "message-only" : kind);
      }),
    );
  });

  it("VRRP over IPv6", () => {
    fc.assert(
      fc.property(v3(ipv6), ipv6, ipv6, checksum, (packet, source, destination, kind) => {
        const bytes = encodeVrrp(packet, { family: "ipv6", source, destination, checksum: kind });
        expect(decodeVrrp(bytes, "ipv6")).toEqual({
          ok: true,
          value: { packet, length: bytes.length, trailing: 0 },
        });
        expect(verifyVrrpChecksum(bytes, bytes.length, source, destination, "ipv6")).toBe("pseudo-header");
      }),
    );
  });

  it("Ethernet", () => {
    const frames = fc.record({ destination: mac, source: mac, etherType: fc.nat(0xffff), payload });
    fc.assert(
      fc.property(frames, (frame) => {
        expect(decodeEthernet(encodeEthernet(frame))).toEqual({ ok: true, value: frame });
      }),
    );
  });

  it("ARP", () => {
    const packets: fc.Arbitrary<ArpPacket> = fc.record({
      operation: fc.nat(0xffff),
      senderMac: mac,
      senderAddress: ipv4,
      targetMac: mac,
      targetAddress: ipv4,
    });
    fc.assert(
      fc.property(packets, (packet) => {
        expect(decodeArp(encodeArp(packet))).toEqual({ ok: true, value: packet });
      }),
    );
  });

  it("IPv4", () => {
    const packets = fc.record({
      tos: byte,
      identification: fc.nat(0xffff),
      dontFragment: fc.boolean(),
      moreFragments: fc.boolean(),
      fragmentOffset: fc.nat(0x1fff),
      ttl: byte,
      protocol: byte,
      source: ipv4,
      destination: ipv4,
      options: fc.nat(10).chain((words) => bytesOf(4 * words)),
      payload,
    });
    fc.assert(
      fc.property(packets, (packet) => {
        const bytes = encodeIpv4(packet);
        expect(decodeIpv4(bytes)).toEqual({ ok: true, value: packet });
        expect(verifyIpv4HeaderChecksum(bytes)).toBe(true);
      }),
    );
  });

  it("IPv6", () => {
    const packets = fc.record({
      trafficClass: byte,
      flowLabel: fc.nat(0xfffff),
      nextHeader: byte,
      hopLimit: byte,
      source: ipv6,
      destination: ipv6,
      payload,
    });
    fc.assert(
      fc.property(packets, (packet) => {
        expect(decodeIpv6(encodeIpv6(packet))).toEqual({ ok: true, value: packet });
      }),
    );
  });

  it("neighbour discovery", () => {
    const target = ipv6.filter((address) => !address.startsWith("ff"));
    const linkLayer = fc.option(mac, { nil: undefined });
    const flag = fc.boolean();
    const messages: fc.Arbitrary<NeighbourMessage> = fc.oneof(
      fc.record({ kind: fc.constant("solicitation" as const), target, linkLayer }),
      fc.record({
        kind: fc.constant("advertisement" as const),
        target,
        router: flag,
        solicited: flag,
        override: flag,
        linkLayer,
      }),
    );
    fc.assert(
      fc.property(messages, ipv6, ipv6, (message, source, destination) => {
        const packet = {
          trafficClass: 0,
          flowLabel: 0,
          nextHeader: ICMPV6_PROTOCOL,
          hopLimit: 255,
          source,
          destination,
          payload: encodeNeighbour(message, source, destination),
        };
        expect(decodeNeighbour(packet)).toEqual({ ok: true, value: message });
      }),
    );
  });
});
