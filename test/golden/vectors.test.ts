import { existsSync, readFileSync } from "node:fs";
import { beforeEach, describe, expect, it } from "vitest";
import { toHex } from "../../src/base/bytes.ts";
import type { IpAddress, IpFamily } from "../../src/base/ip.ts";
import { MICROS_PER_CENTISECOND, MICROS_PER_SECOND } from "../../src/base/time.ts";
import type { EthernetFrame } from "../../src/wire/ethernet.ts";
import { decodeEthernet, ETHERTYPE_IPV4, ETHERTYPE_IPV6, encodeEthernet } from "../../src/wire/ethernet.ts";
import { decodeIpv4, encodeIpv4, verifyIpv4HeaderChecksum } from "../../src/wire/ipv4.ts";
import { decodeIpv6, encodeIpv6 } from "../../src/wire/ipv6.ts";
import type { VrrpPacket } from "../../src/wire/vrrp.ts";
import { decodeVrrp, encodeVrrp, VRRP_PROTOCOL, verifyVrrpChecksum } from "../../src/wire/vrrp.ts";
import { readPcap } from "../support/pcap.ts";

/** Captures of other people's routers. They are not part of the project; without them there is nothing to compare. */
const VECTORS = new URL("../../../shared/vectors/", import.meta.url);
const present = existsSync(VECTORS);

interface IpView {
  readonly family: IpFamily;
  readonly hopLimit: number;
  readonly protocol: number;
  readonly source: IpAddress;
  readonly destination: IpAddress;
  /** tcpdump's own: total length for IPv4, payload length for IPv6. */
  readonly length: number;
  readonly payload: Uint8Array;
  /** The packet made anew around this payload. */
  readonly encode: (payload: Uint8Array) => Uint8Array;
}

/** Unwraps a result, failing the test with the named reason. */
function accepted<T>(
  result: { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: string },
): T {
  if (!result.ok) throw new Error(`refused: ${result.error}`);
  return result.value;
}

function ipOf(frame: EthernetFrame): IpView {
  if (frame.etherType === ETHERTYPE_IPV6) {
    const packet = accepted(decodeIpv6(frame.payload));
    return {
      ...packet,
      family: "ipv6",
      protocol: packet.nextHeader,
      length: packet.payload.length,
      encode: (payload) => encodeIpv6({ ...packet, payload }),
    };
  }
  expect(frame.etherType).toBe(ETHERTYPE_IPV4);
  expect(verifyIpv4HeaderChecksum(frame.payload)).toBe(true);
  const packet = accepted(decodeIpv4(frame.payload));
  return {
    ...packet,
    family: "ipv4",
    hopLimit: packet.ttl,
    length: 20 + packet.options.length + packet.payload.length,
    encode: (payload) => encodeIpv4({ ...packet, payload }),
  };
}

/** What tcpdump prints of one advertisement, with `-v`, made of the decoded frame. */
function describeFrame(ip: IpView, packet: VrrpPacket): string {
  const head =
    ip.family === "ipv4"
      ? `IP (tos 0x0, ttl ${ip.hopLimit}, id 4660, offset 0, flags [none], proto VRRP (${ip.protocol}), length ${ip.length})`
      : `IP6 (hlim ${ip.hopLimit}, next-header VRRP (${ip.protocol}), payload length ${ip.length})`;
  const { addresses, advertisementInterval } = packet;
  const plural = addresses.length > 1 ? `(${addresses.length})` : "";
  const words = [
    `VRRPv${packet.version}`,
    "Advertisement",
    `vrid ${packet.virtualRouterId}`,
    `prio ${packet.priority}`,
    ...(packet.version === 2
      ? [
          `authtype ${packet.authType === 1 ? "simple" : "none"}`,
          `intvl ${advertisementInterval / MICROS_PER_SECOND}s`,
        ]
      : [`intvl ${advertisementInterval / MICROS_PER_CENTISECOND}cs`]),
    `length ${ip.payload.length}`,
    `addrs${plural}: ${addresses.join(",")}`,
  ];
  const auth =
    packet.version === 2 && packet.authType === 1
      ? ` auth "${Buffer.from(packet.authData).toString("latin1")}"`
      : "";
  return `${head} ${ip.source} > ${ip.destination}: ${words.join(", ")}${auth}`;
}

/** tcpdump's text, one string a packet, without number and time. */
function packetsOf(text: string): string[] {
  const packets: string[] = [];
  for (const line of text.split("\n")) {
    const start = /^ +\d+ {2}\S+ \S+ (IP.*)$/.exec(line);
    if (start !== null) packets.push(start[1] ?? "");
    else if (line.trim() !== "") packets.push(`${packets.pop() ?? ""} ${line.trim()}`);
  }
  return packets;
}

/** Decodes a frame down to VRRP, checks both checksums, and makes the same bytes again. */
function throughAndBack(bytes: Uint8Array): { readonly ip: IpView; readonly packet: VrrpPacket } {
  const frame = accepted(decodeEthernet(bytes));
  const ip = ipOf(frame);
  const { family, source, destination, payload } = ip;
  expect(ip.protocol).toBe(VRRP_PROTOCOL);
  const { packet, length, trailing } = accepted(decodeVrrp(payload, family));
  expect(trailing).toBe(0);
  const checksum = verifyVrrpChecksum(payload, length, source, destination, family);
  expect(checksum).toBe(packet.version === 2 ? "message-only" : "pseudo-header");
  if (checksum === "bad") throw new Error("bad checksum");
  const message = encodeVrrp(packet, { family, source, destination, checksum });
  const again = encodeEthernet({ ...frame, payload: ip.encode(message) });
  expect(toHex(again)).toBe(toHex(bytes.subarray(0, again.length)));
  expect(bytes.subarray(again.length).every((byte) => byte === 0)).toBe(true);
  return { ip, packet };
}

describe("captures of other routers", () => {
  beforeEach(({ skip }) => skip(!present, "the folder shared/vectors is not here"));

  it("decode to what tcpdump prints of them, and encode to the same bytes", () => {
    const frames = readPcap(new URL("vrrp.pcap", VECTORS));
    const expected = packetsOf(readFileSync(new URL("vrrp-v.out", VECTORS), "utf8"));
    expect(frames).toHaveLength(165);
    expect(expected).toHaveLength(165);
    for (const [index, { bytes }] of frames.entries()) {
      const { ip, packet } = throughAndBack(bytes);
      expect(describeFrame(ip, packet)).toBe(expected[index]);
    }
  });

  it("say the same in tcpdump's short form", () => {
    const frames = readPcap(new URL("vrrp.pcap", VECTORS));
    const expected = packetsOf(readFileSync(new URL("vrrp.out", VECTORS), "utf8"));
    expect(expected).toHaveLength(165);
    for (const [index, { bytes }] of frames.entries()) {
      const { ip, packet } = throughAndBack(bytes);
      const short = describeFrame(ip, packet)
        .replace(/ \([^)]*\([^)]*\)[^)]*\)/, "")
        .replace(/, addrs.*$/, "");
      expect(short).toBe(expected[index]);
    }
  });

  it("of version 3 over IPv4", () => {
    const [frame] = readPcap(new URL("VRRP-V3-IPv4.pcap", VECTORS));
    const { ip, packet } = throughAndBack(frame?.bytes ?? new Uint8Array());
    expect(ip).toMatchObject({
      source: "192.168.0.30",
      destination: "224.0.0.18",
      hopLimit: 255,
      length: 36,
    });
    expect(packet).toEqual({
      version: 3,
      type: 1,
      virtualRouterId: 1,
      priority: 100,
      advertisementInterval: MICROS_PER_CENTISECOND,
      addresses: ["192.168.0.1", "192.168.0.2"],
    });
  });

  it("of version 3 over IPv6", () => {
    const [frame] = readPcap(new URL("VRRP-V3-IPv6.pcap", VECTORS));
    const { ip, packet } = throughAndBack(frame?.bytes ?? new Uint8Array());
    expect(ip).toMatchObject({ source: "fe80::1", destination: "ff02::12", hopLimit: 255, length: 56 });
    expect(packet).toEqual({
      version: 3,
      type: 1,
      virtualRouterId: 1,
      priority: 100,
      advertisementInterval: MICROS_PER_CENTISECOND,
      addresses: ["fe80::254", "2001:db8::1", "2001:db8::2"],
    });
  });

  it("of version 2 without the authentication field are refused, as RFC 3768 section 7.1 asks for it", () => {
    const [frame] = readPcap(new URL("VRRP-V2.pcap", VECTORS));
    const ip = ipOf(accepted(decodeEthernet(frame?.bytes ?? new Uint8Array())));
    expect(ip.payload).toHaveLength(20);
    expect(decodeVrrp(ip.payload, "ipv4")).toEqual({ ok: false, error: "truncated" });
    const { source, destination } = ip;
    expect(verifyVrrpChecksum(ip.payload, 20, source, destination, "ipv4")).toBe("message-only");
  });
});
