/**
 * A host of the LAN that may be deaf to announcements: it believes only who asks it a question, or answers its own. What it
 * says about an address goes to the station that it believes in. It reads and writes frames by itself: a mistake of the
 * project's own codecs must not be excused by the same codecs.
 */
import type { IpAddress } from "../src/base/ip.ts";
import { bytesToIp, ipToBytes } from "../src/base/ip.ts";
import type { MacAddress } from "../src/base/mac.ts";
import { bytesToMac, macToBytes } from "../src/base/mac.ts";
import type { Instant } from "../src/base/time.ts";
import { onesComplementSum } from "./independent.ts";
import type { LanHost, LanPacket, LanSegment } from "./network.ts";

export const DEAF_MAC: MacAddress = "02:00:00:00:00:fe";
export const DEAF_IPV4: IpAddress = "10.0.0.254";
export const DEAF_IPV6: IpAddress = "fe80::fe";

export class DeafHost implements LanHost {
  readonly name = "deaf";
  readonly attached = true;
  readonly #segment: LanSegment;
  readonly #now: () => Instant;
  /** It does listen to announcements about what it has in its cache. */
  readonly #hears: boolean;
  readonly #cache = new Map<IpAddress, { readonly mac: MacAddress; readonly since: Instant }>();

  constructor(segment: LanSegment, now: () => Instant, hears: boolean) {
    this.#segment = segment;
    this.#now = now;
    this.#hears = hears;
  }

  /** Who has the address for this host, and since when. */
  lookup(address: IpAddress): { readonly mac: MacAddress; readonly since: Instant } | undefined {
    return this.#cache.get(address);
  }

  receive(packet: LanPacket): void {
    if (packet.kind === "vrrp") return;
    const frame = packet.bytes;
    const to = bytesToMac(frame, 0);
    const isForAll = ((frame[0] ?? 0) & 1) !== 0;
    if (to !== DEAF_MAC && !isForAll) return;
    const etherType = ((frame[12] ?? 0) << 8) | (frame[13] ?? 0);
    if (etherType === 0x0806) this.#arp(frame);
    else if (etherType === 0x0800) this.#echo(frame);
    else if (etherType === 0x86dd) this.#neighbour(frame);
  }

  #arp(frame: Uint8Array): void {
    const sender = bytesToIp(frame.subarray(28, 32));
    const mac = bytesToMac(frame, 22);
    const target = bytesToIp(frame.subarray(38, 42));
    if (frame[21] !== 1) return;
    if (target !== DEAF_IPV4) {
      if (this.#hears && sender === target) this.#learn(sender, mac);
      return;
    }
    this.#learn(sender, mac);
    const own = ipToBytes(DEAF_IPV4) ?? [];
    const head = [0, 1, 8, 0, 6, 4, 0, 2];
    this.#send(mac, 0x0806, [...head, ...macToBytes(DEAF_MAC), ...own, ...frame.subarray(22, 32)]);
  }

  #echo(frame: Uint8Array): void {
    const ip = frame.subarray(14);
    if (ip[9] !== 1 || bytesToIp(ip.subarray(16, 20)) !== DEAF_IPV4 || ip[20] !== 8) return;
    const to = this.#cache.get(bytesToIp(ip.subarray(12, 16)))?.mac;
    if (to === undefined) return;
    const reply = [
      ...ip.subarray(0, 12),
      ...ip.subarray(16, 20),
      ...ip.subarray(12, 16),
      0,
      ...ip.subarray(21),
    ];
    this.#send(to, 0x0800, reply);
  }

  #neighbour(frame: Uint8Array): void {
    const ip = frame.subarray(14);
    const source = bytesToIp(ip.subarray(8, 24));
    const icmp = ip.subarray(40);
    const target = bytesToIp(icmp.subarray(8, 24));
    const mac = bytesToMac(icmp, 26);
    if (icmp[0] === 136 && this.#hears && source === target) this.#learn(target, mac);
    if (icmp[0] !== 135 || target !== DEAF_IPV6) return;
    if (icmp.length >= 32 && icmp[24] === 1) this.#learn(source, mac);
    const to = this.#cache.get(source)?.mac;
    if (to === undefined) return;
    const message = [136, 0, 0, 0, 0x60, 0, 0, 0, ...icmp.subarray(8, 24), 2, 1, ...macToBytes(DEAF_MAC)];
    const addresses = [...(ipToBytes(DEAF_IPV6) ?? []), ...ip.subarray(8, 24)];
    const bytes = Uint8Array.from(message);
    const sum = 0xffff - onesComplementSum(Uint8Array.from(addresses), bytes, bytes.length + 58);
    bytes[2] = sum >> 8;
    bytes[3] = sum & 255;
    this.#send(to, 0x86dd, [0x60, 0, 0, 0, 0, bytes.length, 58, 255, ...addresses, ...bytes]);
  }

  /** Only what it keeps already, or is told in a question. */
  #learn(address: IpAddress, mac: MacAddress): void {
    if (address === "0.0.0.0" || address === "::") return;
    if (this.#cache.get(address)?.mac !== mac) this.#cache.set(address, { mac, since: this.#now() });
  }

  #send(to: MacAddress, etherType: number, payload: Iterable<number>): void {
    const head = [...macToBytes(to), ...macToBytes(DEAF_MAC), etherType >> 8, etherType & 255];
    this.#segment.send(this, { kind: "neighbour", bytes: Uint8Array.from([...head, ...payload]) });
  }
}
