/**
 * Announcing addresses to the LAN: gratuitous ARP and unsolicited neighbour advertisements.
 *
 * Bursts wait in one queue for each interface, or `garp_group`, and kind. One `handle` takes a bounded number of frames from a queue, and
 * the rest comes at the queue's next deadline, so that a thousand addresses never hold up an advertisement.
 */
import { present } from "../base/assert.ts";
import type { IpAddress, IpFamily } from "../base/ip.ts";
import type { MacAddress } from "../base/mac.ts";
import type { Instant, Micros } from "../base/time.ts";
import { advertisingInterfaceOf, baseOf, virtualInterfacesOf } from "../model/keys.ts";
import type { VrrpInstanceModel } from "../model/model.ts";
import { encodeGratuitousArp } from "../wire/arp.ts";
import { encodeUnsolicitedNeighbourAdvertisement } from "../wire/ndisc.ts";
import type { Instance } from "./instance.ts";
import { earlier } from "./instance.ts";
import type { AddressRecord, AnnouncementJob, AnnouncementLane, EngineMemory } from "./memory.ts";
import type { Roster } from "./roster.ts";
import { sourceInterfaceOf } from "./source-address.ts";
import type { Turn } from "./turn.ts";
import { emit } from "./turn.ts";
import { beginQuestions, verify } from "./verify.ts";

/** Frames that one burst may send before the next in the queue has its turn. */
const FAIR_SHARE = 16;

/** What we hold, or have just asked for: an address the kernel once refused is announced when it is there. */
export function mayAnnounce(record: AddressRecord): boolean {
  const { state, attempts, retired } = record;
  return !retired && (state === "present" || (state === "adding" && attempts === 0));
}

/**
 * Queues a burst: `rounds` times all the addresses, one round after the other. A master that slept and listens says nothing
 * of them, whoever asks: it announces them all when it speaks again.
 */
export function announce(
  turn: Turn,
  instance: Instance,
  records: readonly AddressRecord[],
  rounds: number,
): void {
  const { phase } = instance.memory;
  if (rounds <= 0 || (phase.kind === "MASTER" && phase.listening)) return;
  const bursts = new Map<string, AddressRecord[]>();
  for (const record of records.filter(mayAnnounce)) {
    const place = `${record.model.interface} ${record.model.family}`;
    const burst = bursts.get(place);
    if (burst === undefined) bursts.set(place, [record]);
    else burst.push(record);
  }
  for (const burst of bursts.values()) {
    const { interface: name, family } = present(burst[0], "an address of a burst").model;
    const addresses = burst.map(({ key }) => key);
    const job = { instance: instance.model.key, interface: name, addresses, rounds, next: 0 };
    laneFor(turn, baseOf(instance.model, name), family).jobs.push(job);
  }
}

/**
 * One address of each interface that no advertisement leaves by: enough for a switch to keep the MAC. Unless `everywhere`
 * is asked for, only interfaces with a MAC of their own count.
 */
export function extraAnnouncements(
  model: VrrpInstanceModel,
  records: readonly AddressRecord[],
): readonly AddressRecord[] {
  const { extra } = model.garp;
  if (extra === undefined) return [];
  const advertising = advertisingInterfaceOf(model);
  const virtual = virtualInterfacesOf(model).map((one) => one.name);
  const first = new Map<string, AddressRecord>();
  for (const record of records) {
    const name = record.model.interface;
    if (name === advertising || first.has(name) || !mayAnnounce(record)) continue;
    if (extra.everywhere || virtual.includes(name)) first.set(name, record);
  }
  return [...first.values()];
}

/** An interface came up: the peers of unicast instances are to reach their source addresses by its present MAC. */
export function announceSources(turn: Turn, name: string): void {
  for (const instance of turn.instances) {
    if (sourceInterfaceOf(instance.model) === name) announceSource(turn, instance);
  }
}

/** An interface has got another MAC, as a bond does from its next port: the LAN still maps our addresses to the one before. */
export function announceStation(turn: Turn, name: string, mac: MacAddress): void {
  for (const instance of turn.instances) {
    const { phase, addresses } = instance.memory;
    const records = addresses.filter((record) => record.model.interface === name);
    if (phase.kind !== "MASTER" || phase.handover !== undefined || phase.listening) continue;
    if (records.length === 0) continue;
    verify(turn, instance, records);
    announce(turn, instance, records, instance.model.garp.masterRepeat);
    emit(turn, instance, { kind: "MacChanged", interface: name, mac });
    turn.touched.add(instance);
  }
  announceSources(turn, name);
}

function announceSource(turn: Turn, instance: Instance): void {
  const { model, memory } = instance;
  const name = sourceInterfaceOf(model);
  const mac = turn.surroundings.links.get(name)?.mac;
  const { sourceAddress } = memory;
  if (model.unicast === undefined || sourceAddress === undefined || mac === undefined) return;
  const frame = encodeAnnouncement(sourceAddress, model.family, mac);
  turn.out.sendFrames({
    kind: "SendFrames",
    instance: model.name,
    interface: name,
    frames: [frame],
  });
  memory.statistics.announcementsSent++;
}

function encodeAnnouncement(address: IpAddress, family: IpFamily, mac: MacAddress): Uint8Array {
  return family === "ipv4"
    ? encodeGratuitousArp(address, mac)
    : encodeUnsolicitedNeighbourAdvertisement(address, mac);
}

/** Takes what has not been sent out of the queues. */
export function cancelAnnouncements(memory: EngineMemory, instance: Instance): void {
  for (const lane of memory.lanes) {
    lane.jobs = lane.jobs.filter((job) => job.instance !== instance.model.key);
  }
}

export function isAnnouncing(memory: EngineMemory, instance: Instance): boolean {
  return memory.lanes.some((lane) => lane.jobs.some((job) => job.instance === instance.model.key));
}

/** When the next announcement may go out, if any waits. */
export function announcementsAt(memory: EngineMemory): Instant | undefined {
  let earliest: Instant | undefined;
  for (const lane of memory.lanes) {
    if (lane.jobs.length > 0) earliest = earlier(earliest, lane.freeAt);
  }
  return earliest;
}

/** Hands out one batch of every queue that is free. */
export function sendAnnouncements(turn: Turn, roster: Roster): void {
  for (const lane of turn.memory.lanes) {
    if (lane.jobs.length > 0 && lane.freeAt <= turn.now) sendBatch(turn, lane, roster);
  }
}

function sendBatch(turn: Turn, lane: AnnouncementLane, roster: Roster): void {
  let left = turn.limits.announcementBatch;
  for (let job = lane.jobs.shift(); job !== undefined; job = lane.jobs.shift()) {
    const instance = roster.find(job.instance);
    if (instance === undefined) continue;
    const spacing = spacingOf(turn, instance, baseOf(instance.model, job.interface), lane.family);
    const share = spacing > 0 ? 1 : lane.jobs.length === 0 ? left : Math.min(left, FAIR_SHARE);
    const sent = sendShare(turn, job, instance, share);
    left -= sent;
    if (job.rounds > 0) lane.jobs.push(job);
    if (sent > 0 && spacing > 0) {
      lane.freeAt = turn.now + spacing;
      return;
    }
    if (left === 0) {
      lane.freeAt = turn.now + turn.limits.announcementPause;
      return;
    }
  }
}

/** Sends up to `share` frames of a burst and returns how many there were. */
function sendShare(turn: Turn, job: AnnouncementJob, instance: Instance, share: number): number {
  const frames: Uint8Array[] = [];
  const announced = new Set<AddressRecord>();
  while (job.rounds > 0 && frames.length < share) {
    const key = job.addresses[job.next];
    job.next++;
    if (job.next >= job.addresses.length) {
      job.next = 0;
      job.rounds--;
    }
    const record = key === undefined ? undefined : instance.records.get(key);
    const isOurs = record?.kind === "address" && mayAnnounce(record);
    const frame = isOurs ? frameFor(turn, instance, record) : undefined;
    if (frame === undefined) continue;
    frames.push(frame);
    if (isOurs && record.verifyNext) announced.add(record);
  }
  if (frames.length === 0) return 0;
  const { memory, model } = instance;
  turn.out.sendFrames({ kind: "SendFrames", instance: model.name, interface: job.interface, frames });
  memory.statistics.announcementsSent += frames.length;
  beginQuestions(turn, instance, [...announced]);
  if (memory.phase.kind === "MASTER" && memory.phase.announcementDue !== undefined) {
    emit(turn, instance, {
      kind: "FirstAnnouncement",
      afterDeadline: turn.now - memory.phase.announcementDue,
    });
    memory.phase.announcementDue = undefined;
  }
  return frames.length;
}

/** The encoded frame, made once for each MAC; undefined for an interface without one. */
function frameFor(turn: Turn, instance: Instance, record: AddressRecord): Uint8Array | undefined {
  const { address, family } = record.model;
  const mac = turn.surroundings.links.get(record.model.interface)?.mac;
  if (mac === undefined) return undefined;
  const known = instance.frames.get(record.key);
  if (known?.mac === mac) return known.frame;
  const frame = encodeAnnouncement(address, family, mac);
  instance.frames.set(record.key, { mac, frame });
  return frame;
}

/** The queue of an interface and kind, made where it is missing. */
function laneFor(turn: Turn, name: string, family: IpFamily): AnnouncementLane {
  const { lanes } = turn.memory;
  const place = turn.garpGroups.get(name)?.interfaces[0] ?? name;
  const known = lanes.find((lane) => lane.interface === place && lane.family === family);
  if (known !== undefined) return known;
  const lane = { interface: place, family, freeAt: 0, jobs: [] };
  lanes.push(lane);
  return lane;
}

function spacingOf(turn: Turn, instance: Instance, name: string, family: IpFamily): Micros {
  const { garpInterval, gnaInterval } = turn.garpGroups.get(name) ?? instance.model.garp;
  return family === "ipv4" ? garpInterval : gnaInterval;
}
