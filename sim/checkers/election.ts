/**
 * The protocol's automaton once more, written from RFC 9568 section 6.4 and keepalived's reading of it, and compared with
 * the engine at every step: what each input may do to the state, and when the master-down timer ends, to the microsecond.
 *
 * The reference keeps the timer as a range, since an implementation is free in few places: which interval it counts with
 * after FAULT or a warm restart, and how fractions of a microsecond are rounded. Everywhere else both ends are the same.
 */

import { compareIp } from "../../src/base/ip.ts";
import { equalPlain } from "../../src/base/plain.ts";
import type { Instant, Micros } from "../../src/base/time.ts";
import type { VrrpInstanceModel } from "../../src/model/model.ts";
import type { SendAdvertisement } from "../../src/vrrp/action.ts";
import type { PacketReceived, VrrpInput } from "../../src/vrrp/input.ts";
import type { AdvertReading } from "../independent.ts";
import type { Checker, Handling, RouterNode } from "../node.ts";
import { companyOf } from "../spec.ts";
import type { InstanceView } from "../view.ts";
import { firstView } from "../view.ts";
import { Violation } from "../violation.ts";
import { acceptable } from "./reception.ts";

/** Fractions of a microsecond may be rounded either way. */
const ROUNDING: Micros = 1;

interface Range {
  readonly low: number;
  readonly high: number;
}

interface Reference {
  /** When the master-down timer ends; undefined outside BACKUP. */
  timer: Range | undefined;
  /** The master's interval. */
  interval: Range;
  /** All that it has been: an old snapshot may bring any of them back. */
  seen: Range;
  /** A lower priority is obeyed until then; undefined until the first such advertisement. */
  preemptAt: Range | undefined;
  /** The end of the delay before a warm restart, which the snapshot may or may not have held. */
  preemptBefore: Instant | undefined;
  /** Its timer has ended, and it waits for others of its sync group. */
  isWilling: boolean;
  /** Restored, and nothing handled yet: a master that was away for long becomes BACKUP with its first input. */
  isRestored: boolean;
}

export class Election implements Checker {
  readonly name = "election";
  readonly #references = new Map<string, Reference>();

  started(node: RouterNode, how: "cold" | "warm"): void {
    for (const [name, view] of node.views) {
      const known = this.#references.get(keyOf(node, name));
      const isRestored = how === "warm";
      const reference = freshReference(view, isRestored);
      if (isRestored && known !== undefined) {
        reference.interval = union(reference.interval, known.seen);
        reference.seen = reference.interval;
        reference.preemptBefore = known.preemptAt?.low ?? known.preemptBefore;
      }
      if (view.state === "BACKUP") {
        // It has heard nothing while it was away: a whole Master_Down_Interval.
        reference.timer = later(node.now, masterDown(view.model, view.effectivePriority, reference.interval));
      }
      this.#references.set(keyOf(node, name), reference);
    }
  }

  handled(handling: Handling): void {
    const { node, input, before } = handling;
    for (const [name, view] of node.views) {
      const was = before.get(name) ?? this.#begin(node, view);
      const reference = this.#references.get(keyOf(node, name));
      if (reference === undefined) continue;
      if (node.orders.areFelt) {
        blur(handling, was, view, reference);
        continue;
      }
      const company = this.#companyOf(node, name);
      if (follows(handling, was, view)) {
        if (view.state === "BACKUP" && was.state === "MASTER") restart(handling, view, reference);
      } else if (input.kind === "PacketReceived") receive(handling, input, was, view, reference);
      else if (input.kind === "ClockReached") reach(handling, was, view, reference, company);
      else if (was.state !== "MASTER" && view.state === "MASTER" && !mayRule(input, view, reference)) {
        fail(handling, `becomes master on ${input.kind}`);
      }
      if (input.kind !== "PacketReceived" && input.kind !== "ClockReached" && reference.timer !== undefined)
        listenAfterSleep(handling.now, was, reference, reference.timer);
      if (input.kind === "ConfigChanged") reload(handling, was, view, reference);
      if (was.state !== view.state && view.state === "BACKUP" && was.state !== "MASTER") {
        restart(handling, view, reference);
      }
      if (was.state === "MASTER" && view.state === "BACKUP" && input.kind !== "PacketReceived") {
        if (!reference.isRestored) fail(handling, `leaves MASTER for BACKUP on ${input.kind}`);
        restart(handling, view, reference);
      }
      if (reference.isRestored && was.state === "MASTER") checkReturn(handling, was, view);
      reference.isRestored = false;
      reference.seen = union(reference.seen, reference.interval);
      if (view.state !== "BACKUP") reference.timer = undefined;
      if (view.state === "MASTER") reference.interval = exactly(view.model.advertisementInterval);
    }
  }

  /** A reload has brought it. */
  #begin(node: RouterNode, view: InstanceView): InstanceView {
    this.#references.set(keyOf(node, view.model.name), freshReference(view, false));
    return { ...firstView(view.model, undefined, node.now) };
  }

  #companyOf(node: RouterNode, name: string): readonly Reference[] {
    return companyOf(node.model, name).flatMap((member) => {
      const reference = this.#references.get(keyOf(node, member.name));
      return reference === undefined ? [] : [reference];
    });
  }
}

/** Under an operator's order other rules hold. What is not known afterwards is known again with the next master heard. */
function blur(
  { node, input }: Handling,
  was: Readonly<InstanceView>,
  view: InstanceView,
  reference: Reference,
): void {
  const reading = input.kind === "PacketReceived" ? acceptable(node, input, was.model) : undefined;
  const own = exactly(view.model.advertisementInterval);
  const heard = reading === undefined || view.model.version === 2 ? own : exactly(reading.interval);
  reference.interval = union(reference.interval, union(own, heard));
  reference.seen = union(reference.seen, reference.interval);
  reference.timer = undefined;
  reference.preemptAt = undefined;
  reference.preemptBefore = 0;
  reference.isWilling = false;
  reference.isRestored = false;
}

function freshReference({ model }: InstanceView, isRestored: boolean): Reference {
  const own = exactly(model.advertisementInterval);
  return {
    timer: undefined,
    interval: own,
    seen: own,
    preemptAt: undefined,
    preemptBefore: undefined,
    isWilling: false,
    isRestored,
  };
}

/** A new configuration makes nobody master, but may make a backup wait for less from now on, and never for more. */
function reload(
  handling: Handling,
  was: Readonly<InstanceView>,
  view: InstanceView,
  reference: Reference,
): void {
  const { model, state, effectivePriority } = view;
  if (was.state !== "BACKUP" || state !== "BACKUP" || equalPlain(was.model, model)) return;
  if (model.version === 2) reference.interval = exactly(model.advertisementInterval);
  const { timer } = reference;
  if (timer === undefined) return;
  const anew = later(handling.now, masterDown(model, effectivePriority, reference.interval));
  reference.timer = { low: Math.min(timer.low, anew.low), high: Math.min(timer.high, anew.high) };
}

/** Who is master by another input than a packet or the clock: the owner, or whoever a reload frees from its group. */
function mayRule(input: VrrpInput, { model }: InstanceView, { isWilling }: Reference): boolean {
  return model.priority === 255 || (input.kind === "ConfigChanged" && isWilling);
}

/** What a packet for another member does to this one, which need not look at it. */
function follows({ node, input }: Handling, was: Readonly<InstanceView>, view: InstanceView): boolean {
  if (input.kind !== "PacketReceived" || was.state === view.state) return false;
  const { name, virtualRouterId } = view.model;
  if (input.payload[1] === virtualRouterId) return false;
  return companyOf(node.model, name).some((member) => member.virtualRouterId === input.payload[1]);
}

/** By half of Master_Down_Interval the supervisor has taken its addresses out: another is about to be master. */
function checkReturn(handling: Handling, was: Readonly<InstanceView>, view: InstanceView): void {
  const { model, effectivePriority } = was;
  const half = masterDown(model, effectivePriority, exactly(model.advertisementInterval)).low / 2;
  const { awayFor } = handling.node;
  if (awayFor > half + ROUNDING && view.state === "MASTER")
    fail(handling, `is master again after ${awayFor} us`);
  if (awayFor < half - ROUNDING && view.state === "BACKUP") fail(handling, `gives up after ${awayFor} us`);
}

/** INIT or FAULT has ended: a full Master_Down_Interval. */
function restart(handling: Handling, view: InstanceView, reference: Reference): void {
  const { model, effectivePriority } = view;
  reference.interval = union(reference.interval, exactly(model.advertisementInterval));
  reference.preemptAt = undefined;
  reference.preemptBefore = undefined;
  reference.isWilling = false;
  reference.timer = later(handling.now, masterDown(model, effectivePriority, reference.interval));
}

function reach(
  handling: Handling,
  was: Readonly<InstanceView>,
  view: InstanceView,
  reference: Reference,
  company: readonly Reference[],
): void {
  const { now } = handling;
  const { timer } = reference;
  if (
    was.state !== "BACKUP" &&
    was.state !== "MASTER" &&
    view.state === "MASTER" &&
    view.model.priority !== 255
  ) {
    fail(handling, `goes from ${was.state} to MASTER`);
  }
  if (was.state !== "BACKUP" || timer === undefined || reference.isWilling) return;
  const waits = isToldToWait(handling, view);
  if (view.state === "MASTER" || waits) {
    reference.isWilling = waits;
    if (waits && company.every(({ isWilling }) => isWilling))
      fail(handling, "waits for a group that is willing");
    if (now < timer.low - ROUNDING) fail(handling, `becomes master ${timer.low - now} us too early`);
    // Whoever slept for long does not know what was said meanwhile.
    const slept = now - timer.high;
    const patience = masterDown(view.model, view.effectivePriority, reference.interval).high / 2;
    if (slept > patience + ROUNDING) fail(handling, `speaks at once after ${slept} us of sleep`);
    return;
  }
  if (view.state !== "BACKUP") return;
  const mayListen = listenAfterSleep(now, view, reference, timer);
  if (!mayListen && now > timer.high + ROUNDING)
    fail(handling, `is not master ${now - timer.high} us after its timer ended`);
}

/** Whoever slept for half of the interval may listen once more before it speaks. */
function listenAfterSleep(
  now: Instant,
  view: Readonly<InstanceView>,
  reference: Reference,
  timer: Range,
): boolean {
  const full = masterDown(view.model, view.effectivePriority, reference.interval);
  if (now - timer.low <= full.low / 2) return false;
  const skew = scaled(reference.interval, skewFactor(view.model, view.effectivePriority));
  const low = now > timer.high + ROUNDING ? now + reference.interval.low + skew.low : timer.low;
  reference.timer = { low, high: now + full.high };
  return true;
}

/** What it says of its wish to be master is judged like mastership itself. */
function isToldToWait({ actions }: Handling, view: InstanceView): boolean {
  return actions.some(
    (action) =>
      action.kind === "Emit" &&
      action.event.kind === "AwaitsGroup" &&
      action.event.instance === view.model.name,
  );
}

function receive(
  handling: Handling,
  packet: PacketReceived,
  was: Readonly<InstanceView>,
  view: InstanceView,
  reference: Reference,
): void {
  const reading = acceptable(handling.node, packet, was.model);
  if (reading === undefined || was.state === "INIT" || was.state === "FAULT" || was.state === "STOP") {
    ignore(handling, was, view);
    return;
  }
  if (handling.damage !== undefined) throw new Error(`damage ${handling.damage} does not show`);
  if (was.state === "MASTER") receiveAsMaster(handling, packet, reading, was, view, reference);
  else receiveAsBackup(handling, reading, was, view, reference);
}

const ALONG_WITH_GROUP: readonly string[] = ["Emit", "SendFrames", "AskNeighbours"];

/** Nothing at all may come of it but a word in the journal. What was due anyway may come along with it. */
function ignore(handling: Handling, was: Readonly<InstanceView>, view: InstanceView): void {
  const { node, now, actions, deadlineBefore } = handling;
  if (was.state !== view.state)
    fail(handling, `goes from ${was.state} to ${view.state} by a packet to ignore`);
  if (deadlineBefore !== undefined && deadlineBefore <= now) return;
  const isAlone = node.views.size === 1;
  const mine = actions.filter(
    (action) => isAlone || ("instance" in action && action.instance === view.model.name),
  );
  // A master announces along with another of its sync group that has heard a lesser one, and asks its own neighbours.
  const quiet = companyOf(node.model, view.model.name).length > 1 ? ALONG_WITH_GROUP : ["Emit"];
  if (mine.some(({ kind }) => !quiet.includes(kind))) fail(handling, "answers a packet to ignore");
  if (isAlone && node.engine?.nextDeadline() !== deadlineBefore) {
    fail(handling, "changes its timer by a packet to ignore");
  }
}

function receiveAsMaster(
  handling: Handling,
  packet: PacketReceived,
  reading: AdvertReading,
  was: Readonly<InstanceView>,
  view: InstanceView,
  reference: Reference,
): void {
  const own = was.effectivePriority;
  const spoke = handling.actions.some(
    (action): action is SendAdvertisement =>
      action.kind === "SendAdvertisement" && action.instance === view.model.name && action.payload[2] === own,
  );
  const { ipv4, ipv6 } = handling.node.spec;
  const ownAddress = view.model.family === "ipv4" ? ipv4 : ipv6;
  const isHigher =
    reading.priority > own || (reading.priority === own && compareIp(packet.source, ownAddress) > 0);
  if (reading.priority !== 0 && isHigher) {
    if (view.state !== "BACKUP") fail(handling, `stays ${view.state} against priority ${reading.priority}`);
    if (view.model.version === 3) reference.interval = exactly(reading.interval);
    reference.preemptAt = undefined;
    reference.preemptBefore = undefined;
    reference.timer = later(handling.now, masterDown(view.model, view.effectivePriority, reference.interval));
    return;
  }
  if (view.state !== "MASTER")
    fail(handling, `gives way to priority ${reading.priority} of ${packet.source}`);
  const mustSpeak = reading.priority === 0 || !view.model.lowerPrioNoAdvert;
  if (mustSpeak && !spoke) fail(handling, `does not answer priority ${reading.priority}`);
}

function receiveAsBackup(
  handling: Handling,
  reading: AdvertReading,
  was: Readonly<InstanceView>,
  view: InstanceView,
  reference: Reference,
): void {
  const { now } = handling;
  const { model } = view;
  const own = was.effectivePriority;
  if (view.state !== "BACKUP") fail(handling, `goes from BACKUP to ${view.state} by an advertisement`);
  if (reference.timer !== undefined) listenAfterSleep(now, view, reference, reference.timer);
  if (reading.priority === 0) {
    reference.timer = later(now, scaled(reference.interval, skewFactor(model, own)));
  } else {
    const { timer } = reference;
    const isObeyed = obeys(reference, model, own, reading.priority, now);
    if (isObeyed !== "no") {
      const interval = model.version === 3 ? exactly(reading.interval) : reference.interval;
      if (isObeyed === "yes") reference.isWilling = false;
      reference.interval = isObeyed === "yes" ? interval : union(interval, reference.interval);
      reference.timer = later(now, masterDown(model, own, reference.interval));
      if (isObeyed === "perhaps") reference.timer = timer && union(timer, reference.timer);
    }
  }
  checkTimer(handling, reference);
}

/** Whether a backup starts its timer anew: `perhaps` only while it is not known when its delay began. */
function obeys(
  reference: Reference,
  model: VrrpInstanceModel,
  own: number,
  advertised: number,
  now: Instant,
): "yes" | "no" | "perhaps" {
  if (advertised >= own) {
    reference.preemptAt = undefined;
    reference.preemptBefore = undefined;
  } else if (model.preemptDelay > 0 && reference.preemptAt === undefined) {
    const end = now + model.preemptDelay;
    reference.preemptAt = { low: Math.min(end, reference.preemptBefore ?? end), high: end };
  }
  if (!model.preempt || advertised >= own) return "yes";
  const { preemptAt } = reference;
  if (preemptAt === undefined || now >= preemptAt.high) return "no";
  return now < preemptAt.low ? "yes" : "perhaps";
}

/** The engine's next deadline cannot lie after the end of the timer. */
function checkTimer(handling: Handling, reference: Reference): void {
  const deadline = handling.node.engine?.nextDeadline();
  const { timer } = reference;
  if (timer === undefined || reference.isWilling) return;
  if (deadline === undefined || deadline > timer.high + ROUNDING) {
    fail(handling, `wakes at ${deadline}, after its master-down timer ends at ${timer.high}`);
  }
}

/** RFC 3768: parts of a second; RFC 9568: parts of the interval. */
function skewFactor(
  model: VrrpInstanceModel,
  priority: number,
): { readonly part: number; readonly of: Micros | undefined } {
  return { part: (256 - priority) / 256, of: model.version === 2 ? 1_000_000 : undefined };
}

function scaled(interval: Range, factor: { readonly part: number; readonly of: Micros | undefined }): Range {
  return { low: (factor.of ?? interval.low) * factor.part, high: (factor.of ?? interval.high) * factor.part };
}

function masterDown(model: VrrpInstanceModel, priority: number, interval: Range): Range {
  const skew = scaled(interval, skewFactor(model, priority));
  const { downTimerAdverts } = model;
  return {
    low: downTimerAdverts * interval.low + skew.low,
    high: downTimerAdverts * interval.high + skew.high,
  };
}

function later(now: Instant, span: Range): Range {
  return { low: now + span.low, high: now + span.high };
}

function exactly(value: number): Range {
  return { low: value, high: value };
}

function union(a: Range, b: Range): Range {
  return { low: Math.min(a.low, b.low), high: Math.max(a.high, b.high) };
}

function keyOf(node: RouterNode, instance: string): string {
  return `${node.name} ${instance}`;
}

function fail(handling: Handling, what: string): never {
  throw new Violation("election", `${handling.node.name} ${what}`);
}
