/**
 * One LAN segment. What a host sends reaches every other host that the segment's state lets it reach, after a delay,
 * perhaps twice, perhaps late enough to be overtaken, perhaps damaged, perhaps not at all.
 */
import type { IpAddress, IpFamily } from "../src/base/ip.ts";
import type { Prng } from "../src/base/prng.ts";
import type { Instant, Micros } from "../src/base/time.ts";
import type { VirtualClock } from "./clock.ts";

/** An IP packet of protocol 112, or a whole Ethernet frame (gratuitous ARP, neighbour advertisement). */
export type LanPacket =
  | {
      readonly kind: "vrrp";
      readonly family: IpFamily;
      readonly source: IpAddress;
      readonly destination: IpAddress;
      readonly hopLimit: number;
      readonly payload: Uint8Array;
      /** Of protocol 51: the payload begins with an Authentication Header. */
      readonly ipHeader?: Uint8Array;
    }
  | { readonly kind: "frame"; readonly bytes: Uint8Array }
  /** The same for questions to neighbours and their answers. */
  | { readonly kind: "neighbour"; readonly bytes: Uint8Array };

/** What happened to a copy on its way: undefined if it is as it was sent, else which damage it carries. */
export type Damage = string | undefined;

export interface LanHost {
  readonly name: string;
  /** The host's link has carrier: it can send and receive. */
  readonly attached: boolean;
  receive(packet: LanPacket, from: string, damage: Damage): void;
}

/** How a link behaves; probabilities 0..1. */
export interface LinkQuality {
  readonly loss: number;
  readonly delayMin: Micros;
  readonly delayMax: Micros;
  readonly duplicate: number;
  /** Probability that a copy does not keep the order of its link. */
  readonly reorder: number;
  readonly corrupt: number;
}

/** Damages a packet; undefined if this packet cannot be damaged. */
export type Corrupter = (
  packet: LanPacket,
  random: Prng,
) => { packet: LanPacket; damage: string } | undefined;

export class LanSegment {
  quality: LinkQuality;
  readonly #clock: VirtualClock;
  readonly #random: Prng;
  readonly #corrupter: Corrupter;
  readonly #hosts: LanHost[] = [];
  readonly #componentOf = new Map<string, number>();
  readonly #blocked = new Set<string>();
  readonly #lastArrival = new Map<string, Instant>();
  readonly #override = new Map<string, LinkQuality>();

  constructor(clock: VirtualClock, random: Prng, quality: LinkQuality, corrupter: Corrupter) {
    this.#clock = clock;
    this.#random = random;
    this.quality = quality;
    this.#corrupter = corrupter;
  }

  attach(host: LanHost): void {
    this.#hosts.push(host);
  }

  /** Splits the segment: only hosts of one number reach each other. An empty map heals it. */
  partition(components: ReadonlyMap<string, number>): void {
    this.#componentOf.clear();
    for (const [name, component] of components) this.#componentOf.set(name, component);
  }

  /** Nothing from `from` reaches `to` any more, the other way round it does. */
  blockOneWay(from: string, to: string): void {
    this.#blocked.add(`${from}>${to}`);
  }

  /** Gives one direction of one pair its own quality. */
  override(from: string, to: string, quality: LinkQuality): void {
    this.#override.set(`${from}>${to}`, quality);
  }

  /** Ends all one-way blocks and all qualities of single links. */
  clearLinkFaults(): void {
    this.#blocked.clear();
    this.#override.clear();
  }

  componentOf(name: string): number {
    return this.#componentOf.get(name) ?? 0;
  }

  reaches(from: string, to: string): boolean {
    return this.componentOf(from) === this.componentOf(to) && !this.#blocked.has(`${from}>${to}`);
  }

  /** Sends to every other host. The packet is copied where it is damaged and shared where it is not. */
  send(sender: LanHost, packet: LanPacket): void {
    if (!sender.attached) return;
    for (const host of this.#hosts) {
      if (host === sender || !this.reaches(sender.name, host.name)) continue;
      const quality = this.#override.get(`${sender.name}>${host.name}`) ?? this.quality;
      if (this.#random.chance(quality.loss)) continue;
      this.#deliver(sender.name, host, packet, quality);
      if (this.#random.chance(quality.duplicate)) this.#deliver(sender.name, host, packet, quality);
    }
  }

  #deliver(from: string, to: LanHost, packet: LanPacket, quality: LinkQuality): void {
    const damaged = this.#random.chance(quality.corrupt) ? this.#corrupter(packet, this.#random) : undefined;
    const link = `${from}>${to.name}`;
    let arrival = this.#clock.now + this.#random.integer(quality.delayMin, quality.delayMax);
    if (!this.#random.chance(quality.reorder)) {
      arrival = Math.max(arrival, this.#lastArrival.get(link) ?? 0);
      this.#lastArrival.set(link, arrival);
    }
    this.#clock.at(arrival, () => {
      if (to.attached && this.reaches(from, to.name)) {
        to.receive(damaged?.packet ?? packet, from, damaged?.damage);
      }
    });
  }
}
