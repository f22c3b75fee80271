/**
 * A host of the LAN that speaks no VRRP: it keeps a neighbour cache, as every client of a virtual address does, and
 * learns from gratuitous ARP and unsolicited neighbour advertisements only. It reads frames by itself: a mistake of the
 * project's own codecs must not be excused by the same codecs.
 */
import type { IpAddress } from "../src/base/ip.ts";
import { bytesToIp } from "../src/base/ip.ts";
import type { MacAddress } from "../src/base/mac.ts";
import { bytesToMac } from "../src/base/mac.ts";
import type { Instant } from "../src/base/time.ts";
import { onesComplementSum } from "./independent.ts";
import type { LanHost, LanPacket } from "./network.ts";
import { Violation } from "./violation.ts";

export interface NeighbourClaim {
  readonly address: IpAddress;
  readonly mac: MacAddress;
}

export class ObserverHost implements LanHost {
  readonly name = "observer";
  readonly attached = true;
  readonly #cache = new Map<IpAddress, { readonly mac: MacAddress; readonly since: Instant }>();
  readonly #now: () => Instant;

  constructor(now: () => Instant) {
    this.#now = now;
  }

  receive(packet: LanPacket): void {
    if (packet.kind !== "frame") return;
    const claim = readClaim(packet.bytes);
    this.#cache.set(claim.address, { mac: claim.mac, since: this.#now() });
  }

  /** Who has the address, and when that was last said. */
  lookup(address: IpAddress): { readonly mac: MacAddress; readonly since: Instant } | undefined {
    return this.#cache.get(address);
  }
}

/** Who a gratuitous ARP request or an unsolicited neighbour advertisement says has the address; anything else is a violation. */
export function readClaim(frame: Uint8Array): NeighbourClaim {
  const etherType = ((frame[12] ?? 0) << 8) | (frame[13] ?? 0);
  if (etherType === 0x0806) return readArp(frame);
  if (etherType === 0x86dd) return readAdvertisement(frame);
  return refuse(`ethertype 0x${etherType.toString(16)}`);
}

function readArp(frame: Uint8Array): NeighbourClaim {
  const source = bytesToMac(frame, 6);
  const header = Array.from(frame.subarray(14, 22)).join(" ");
  if (header !== "0 1 8 0 6 4 0 1") refuse(`ARP header ${header}`);
  if (bytesToMac(frame, 0) !== "ff:ff:ff:ff:ff:ff") refuse("ARP not to broadcast");
  if (bytesToMac(frame, 32) !== "ff:ff:ff:ff:ff:ff") refuse("ARP target hardware address not broadcast");
  const sender = bytesToIp(frame.subarray(28, 32));
  if (sender !== bytesToIp(frame.subarray(38, 42))) refuse("ARP sender and target differ");
  if (bytesToMac(frame, 22) !== source) refuse("ARP sender is not the frame's source");
  return { address: sender, mac: source };
}

function readAdvertisement(frame: Uint8Array): NeighbourClaim {
  const source = bytesToMac(frame, 6);
  const ip = frame.subarray(14);
  const icmp = ip.subarray(40);
  const length = ((ip[4] ?? 0) << 8) | (ip[5] ?? 0);
  if (length !== icmp.length) refuse(`payload length ${length}, not ${icmp.length}`);
  if (ip[6] !== 58 || ip[7] !== 255) refuse(`next header ${ip[6]}, hop limit ${ip[7]}`);
  if (bytesToMac(frame, 0) !== "33:33:00:00:00:01" || bytesToIp(ip.subarray(24, 40)) !== "ff02::1") {
    refuse("neighbour advertisement not to all nodes");
  }
  if (icmp[0] !== 136 || icmp[1] !== 0) refuse(`ICMPv6 type ${icmp[0]}`);
  const flags = icmp[4] ?? 0;
  if ((flags & 0x20) === 0 || (flags & 0x40) !== 0) refuse(`flags ${flags}: override, not solicited`);
  const target = bytesToIp(icmp.subarray(8, 24));
  if (bytesToIp(ip.subarray(8, 24)) !== target) refuse("source is not the target");
  if (icmp[24] !== 2 || icmp[25] !== 1 || bytesToMac(icmp, 26) !== source) refuse("target link-layer option");
  if (onesComplementSum(ip.subarray(8, 40), icmp, icmp.length + 58) !== 0xffff) refuse("ICMPv6 checksum");
  return { address: target, mac: source };
}

function refuse(what: string): never {
  throw new Violation("announcement-valid", what);
}
