/**
 * What a receiver has to accept, read by the simulator's own decoder. It stands before the checkers that judge by it, and
 * itself judges nothing: what it remembers (numbers of senders, the clock) goes back with a process that goes back.
 */
import { compareIp, isMulticast } from "../../src/base/ip.ts";
import type { Instant } from "../../src/base/time.ts";
import type { VrrpInstanceModel } from "../../src/model/model.ts";
import type { SendAdvertisement, VrrpAction } from "../../src/vrrp/action.ts";
import type { PacketReceived, VrrpInput } from "../../src/vrrp/input.ts";
import type { AdvertReading } from "../independent.ts";
import { readAdvert } from "../independent.ts";
import type { LanPacket } from "../network.ts";
import type { Checker, Handling, RouterNode } from "../node.ts";
import { messageOf } from "../packets.ts";
import { readAh, readTrailer, signatureFor, splitAhPacket, TRAILER_BYTES } from "../signatures.ts";
import type { RouterSpec } from "../spec.ts";
import type { InstanceView } from "../view.ts";
import { viewNamed } from "../view.ts";
import type { Marks } from "./marks.ts";
import { isStale, NO_MARKS, withNumber } from "./marks.ts";

/** A frame of the shortest kind is padded. */
const SHORTEST_OVER_IPV4 = 26;

/** What one process remembers. */
interface Memory {
  readonly marks: Map<string, Marks>;
  /** From simulated time to the wall clock, as the process was told. */
  readonly clock: number;
}

interface Heard {
  readonly key: string;
  readonly reading: AdvertReading;
}

export class Receptions implements Checker {
  readonly name = "reception";
  readonly #memories = new Map<RouterNode, Memory>();
  /** Those of the last snapshot that is kept. */
  readonly #saved = new Map<RouterNode, Memory>();
  readonly #heard = new WeakMap<VrrpInput, Heard>();

  started(node: RouterNode, how: "cold" | "warm"): void {
    const left = node.resumes === "saved" ? this.#saved.get(node) : this.#memories.get(node);
    const memory = how === "warm" && left !== undefined ? left : { marks: new Map(), clock: 0 };
    // What was under way when it died is over.
    const marks = new Map<string, Marks>();
    for (const [key, one] of memory.marks) {
      const goesOn = node.views.get(key)?.state === "MASTER";
      const ahFloor = goesOn ? this.marks(node, key).ah : undefined;
      marks.set(key, { ...one, handsOver: false, ahFloor });
    }
    this.#memories.set(node, { ...memory, marks });
  }

  saved(node: RouterNode): void {
    const { marks, clock } = this.#of(node);
    this.#saved.set(node, { marks: new Map(marks), clock });
  }

  handled(handling: Handling): void {
    const { node, now, input, actions } = handling;
    if (input.kind === "WallClockSet") this.#memories.set(node, { ...this.#of(node), clock: input.offset });
    else if (input.kind === "PacketReceived") this.#hear(handling, input, now);
    else if (input.kind === "ConfigChanged") this.#fit(handling);
    for (const action of actions) this.#note(node, action);
  }

  sent(node: RouterNode, action: SendAdvertisement, packet: LanPacket): void {
    const view = viewNamed(node.views, action.instance);
    if (view === undefined || packet.kind !== "vrrp") return;
    const { key, authHmac, authentication } = view.model;
    if (packet.ipHeader !== undefined && authentication.kind === "ah") {
      const { ipHeader, body } = splitAhPacket(action.payload);
      const ah = readAh(ipHeader, body, authentication.password);
      if (ah !== undefined) this.#change(node, key, { ah, isAhOwn: true, ahFloor: undefined });
    } else if (authHmac !== undefined) {
      const signed = readTrailer(action.payload.subarray(-TRAILER_BYTES))?.number;
      if (signed !== undefined && authHmac.mode !== "receive-only") this.#change(node, key, { signed });
    }
  }

  /** What the message says, if this instance has to act on it. */
  reading(input: PacketReceived, { model }: Readonly<InstanceView>): AdvertReading | undefined {
    const heard = this.#heard.get(input);
    return heard?.key === model.key ? heard.reading : undefined;
  }

  marks(node: RouterNode, key: string): Marks {
    return this.#of(node).marks.get(key) ?? NO_MARKS;
  }

  /** The wall clock as the process knows it. */
  wallClock(node: RouterNode, now: Instant): number {
    return now + this.#of(node).clock;
  }

  #of(node: RouterNode): Memory {
    return this.#memories.get(node) ?? { marks: new Map(), clock: 0 };
  }

  #change(node: RouterNode, key: string, change: Partial<Marks>): void {
    this.#memories.get(node)?.marks.set(key, { ...this.marks(node, key), ...change });
  }

  /** What a reload brings begins with nothing, even if it was there before. */
  #fit({ node, before }: Handling): void {
    for (const { key, unicast } of node.model.instances) {
      const { sumsGroup } = this.marks(node, key);
      if (!before.has(key)) this.#of(node).marks.delete(key);
      else this.#change(node, key, { sumsGroup: sumsGroup && unicast?.oldChecksum === "auto" });
    }
  }

  #note(node: RouterNode, action: VrrpAction): void {
    if (action.kind !== "Emit") return;
    const view = viewNamed(node.views, action.event.instance);
    if (view !== undefined && action.event.kind === "StateChanged" && action.event.to !== "MASTER")
      this.#change(node, view.model.key, { ahFloor: undefined });
    if (view !== undefined && action.event.kind === "OrderProgress")
      this.#change(node, view.model.key, { handsOver: action.event.stage === "handing-over" });
  }

  #hear({ node, before }: Handling, packet: PacketReceived, now: Instant): void {
    for (const [key, view] of node.views) {
      const was = before.get(key) ?? view;
      if (was.state !== "MASTER" && was.state !== "BACKUP") continue;
      const marks = this.marks(node, key);
      const judged = judge(node.spec, packet, view.model, marks, this.wallClock(node, now));
      if (judged === undefined) continue;
      this.#change(node, key, judged.marks);
      if (judged.reading === undefined) continue;
      this.#heard.set(packet, { key, reading: judged.reading });
      if (packet.ipHeader !== undefined && was.state === "MASTER" && !marks.handsOver)
        this.#meet(node, packet, was, judged.reading);
    }
  }

  /** keepalived's masters share one count: whoever yields lets the other's pass, and whoever stays goes past it. */
  #meet(
    node: RouterNode,
    { source }: PacketReceived,
    was: Readonly<InstanceView>,
    reading: AdvertReading,
  ): void {
    if (reading.priority === 0) return;
    const { key } = was.model;
    const { ah } = this.marks(node, key);
    this.#change(node, key, { ah: outranks(reading, source, was, node.spec) ? Math.max(0, ah - 1) : ah + 1 });
  }
}

/** Whether an advertisement is of a router before which a master yields. */
export function outranks(
  { priority }: AdvertReading,
  source: string,
  { effectivePriority, model }: Readonly<InstanceView>,
  spec: RouterSpec,
): boolean {
  if (priority !== effectivePriority) return priority > effectivePriority;
  return compareIp(source, spec[model.family]) > 0;
}

interface Judged {
  /** Undefined where the message is to be ignored. */
  readonly reading: AdvertReading | undefined;
  readonly marks: Partial<Marks>;
}

/** All checks of a receiver; undefined where the message is not for this instance at all. */
function judge(
  spec: RouterSpec,
  packet: PacketReceived,
  model: VrrpInstanceModel,
  marks: Marks,
  wallClock: number,
): Judged | undefined {
  const { source, destination, family, ipHeader, payload } = packet;
  const message = messageOf(packet);
  if (family !== model.family || message[1] !== model.virtualRouterId) return undefined;
  const sumsOld = model.unicast !== undefined && model.unicast.oldChecksum !== "never";
  const group = sumsOld ? model.multicastGroup : undefined;
  const reading = readAdvert(message, source, destination, family, group);
  if (reading === undefined) return undefined;
  let found: Partial<Marks> = {};
  const { authentication } = model;
  if ((ipHeader !== undefined) !== (authentication.kind === "ah")) return undefined;
  if (ipHeader !== undefined && authentication.kind === "ah") {
    const ah = readAh(ipHeader, payload, authentication.password);
    if (ah === undefined || ah < marks.ah || (ah === marks.ah && !marks.isAhOwn)) return undefined;
    found = { ah, isAhOwn: false };
  }
  const isIgnored: Judged = { reading: undefined, marks: found };
  if (!comesFarEnough(packet, model) || !hasRightLength(message, reading, model)) return isIgnored;
  if (reading.version !== model.version) return isIgnored;
  const senders = judgeTrailer(packet, message, reading, model, marks, wallClock);
  if (senders === undefined) return isIgnored;
  const judged: Judged = { reading: undefined, marks: { ...found, senders } };
  if (!saysTheSame(reading, model) || reading.type !== 1) return judged;
  const sum = reading.checksums.some((kind) => kind !== "group");
  const sumsGroup = !sum && sumsOld;
  if (!sum && !(sumsGroup && reading.checksums.includes("group"))) return judged;
  const learnt = sumsGroup && model.unicast?.oldChecksum === "auto";
  const known = { ...found, senders, sumsGroup: marks.sumsGroup || learnt };
  return isForMe(packet, model, spec) ? { reading, marks: known } : { reading: undefined, marks: known };
}

/** Unchanged by any router, or within what the peer's line allows. */
function comesFarEnough({ hopLimit, source }: PacketReceived, { unicast }: VrrpInstanceModel): boolean {
  if (unicast === undefined) return hopLimit === 255;
  const peer = unicast.peers.find(({ address }) => address === source);
  return peer === undefined || (hopLimit >= (peer.minTtl ?? 0) && hopLimit <= (peer.maxTtl ?? 255));
}

function hasRightLength(message: Uint8Array, { trailing }: AdvertReading, model: VrrpInstanceModel): boolean {
  if (trailing === 0 || (trailing === TRAILER_BYTES && model.authHmac !== undefined)) return true;
  return model.family === "ipv4" && message.length <= SHORTEST_OVER_IPV4;
}

/** The senders known afterwards, or undefined if the trailer is a reason to ignore the message. */
function judgeTrailer(
  { source, family }: PacketReceived,
  message: Uint8Array,
  { trailing, length }: AdvertReading,
  { authHmac, unicast }: VrrpInstanceModel,
  marks: Marks,
  wallClock: number,
): Marks["senders"] | undefined {
  if (authHmac === undefined) return marks.senders;
  if (trailing !== TRAILER_BYTES) return authHmac.mode === "enforce" ? undefined : marks.senders;
  const bytes = message.subarray(length);
  const trailer = readTrailer(bytes);
  if (trailer === undefined || isStale(trailer.number, wallClock, authHmac)) return undefined;
  const key = authHmac.keys.find(({ id }) => id === trailer.keyId);
  if (key === undefined) return undefined;
  const wanted = signatureFor(message.subarray(0, length), bytes, key.secret, source, family);
  if (trailer.signature !== wanted) return undefined;
  const isPeer = unicast?.peers.some(({ address }) => address === source) === true;
  return withNumber(marks, { source, isPeer, number: trailer.number }, wallClock, authHmac);
}

/** Version 2 has to agree about password and interval, version 3 has to name an interval. */
function saysTheSame(
  { authType, password, interval }: AdvertReading,
  { version, authentication, advertisementInterval }: VrrpInstanceModel,
): boolean {
  if (version === 3) return interval > 0;
  if (authType !== { none: 0, pass: 1, ah: 2 }[authentication.kind]) return false;
  if (authentication.kind === "pass" && password !== authentication.password) return false;
  return interval === advertisementInterval;
}

function isForMe(
  { source, destination }: PacketReceived,
  { unicast, multicastGroup }: VrrpInstanceModel,
  spec: RouterSpec,
): boolean {
  if (unicast === undefined ? destination !== multicastGroup : isMulticast(destination)) return false;
  if (source === spec.ipv4 || source === spec.ipv6) return false;
  return unicast?.checkSource !== true || unicast.peers.some(({ address }) => address === source);
}
