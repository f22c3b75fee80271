/**
 * The protocol's automaton once more, written from RFC 9568 section 6.4 and keepalived's reading of it, and compared with
 * the engine at every step: what each input may do to the state, and when the master-down timer ends, to the microsecond.
 *
 * The reference keeps the timer as a range, since an implementation is free in few places: which interval it counts with
 * after FAULT or a warm restart, and how fractions of a microsecond are rounded. Everywhere else both ends are the same.
 */

import { equalPlain } from "../../src/base/plain.ts";
import type { VrrpInput } from "../../src/vrrp/input.ts";
import type { AdvertReading } from "../independent.ts";
import type { Checker, Handling, RouterNode } from "../node.ts";
import { messageOf } from "../packets.ts";
import { companyOf } from "../spec.ts";
import type { InstanceView } from "../view.ts";
import { firstView } from "../view.ts";
import { receive } from "./hearing.ts";
import { exactly, later, masterDown, ROUNDING, union } from "./range.ts";
import type { Receptions } from "./reception.ts";
import type { Reference } from "./reference.ts";
import { fail, freshReference, listenAfterSleep } from "./reference.ts";

export class Election implements Checker {
  readonly name = "election";
  readonly #receptions: Receptions;
  readonly #references = new Map<string, Reference>();

  constructor(receptions: Receptions) {
    this.#receptions = receptions;
  }

  started(node: RouterNode, how: "cold" | "warm"): void {
    for (const [key, view] of node.views) {
      const known = this.#references.get(keyOf(node, key));
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
      this.#references.set(keyOf(node, key), reference);
    }
  }

  handled(handling: Handling): void {
    const { node, input, before } = handling;
    for (const [key, view] of node.views) {
      const was = before.get(key) ?? this.#begin(node, view);
      const reference = this.#references.get(keyOf(node, key));
      if (reference === undefined) continue;
      if (was.ordered || view.ordered) {
        const reading = input.kind === "PacketReceived" ? this.#receptions.reading(input, was) : undefined;
        blur(reading, view, reference);
        continue;
      }
      if (follows(handling, was, view)) {
        if (view.state === "BACKUP" && was.state === "MASTER") restart(handling, view, reference);
      } else if (input.kind === "PacketReceived")
        receive(handling, input, this.#receptions.reading(input, was), was, view, reference);
      else if (input.kind === "ClockReached") this.#reach(handling, was, view, reference);
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
    this.#references.set(keyOf(node, view.model.key), freshReference(view, false));
    return { ...firstView(view.model, undefined, node.now) };
  }

  #reach(handling: Handling, was: Readonly<InstanceView>, view: InstanceView, reference: Reference): void {
    const { node } = handling;
    reach(handling, was, view, reference, () => this.#companyOf(node, view.model.name));
  }

  #companyOf(node: RouterNode, name: string): readonly Reference[] {
    return companyOf(node.model, name).flatMap((member) => {
      const reference = this.#references.get(keyOf(node, member.key));
      return reference === undefined ? [] : [reference];
    });
  }
}

/** Under an operator's order other rules hold. What is not known afterwards is known again with the next master heard. */
function blur(reading: AdvertReading | undefined, view: InstanceView, reference: Reference): void {
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

/** A new configuration makes nobody master, but may make a backup wait for less from now on, and never for more. */
function reload(
  handling: Handling,
  was: Readonly<InstanceView>,
  view: InstanceView,
  reference: Reference,
): void {
  const { model, state, effectivePriority } = view;
  if (reference.isWilling && companyOf(handling.node.model, model.name).length < 2) {
    // Nobody is left to wait for. It listens on: since when cannot be seen from outside.
    reference.isWilling = false;
    const longest = masterDown(model, effectivePriority, reference.interval).high;
    reference.timer = { low: handling.now, high: handling.now + longest };
  }
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
  const [, concerned] = messageOf(input);
  if (concerned === virtualRouterId) return false;
  return companyOf(node.model, name).some((member) => member.virtualRouterId === concerned);
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
  company: () => readonly Reference[],
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
    if (waits && company().every(({ isWilling }) => isWilling))
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

/** What it says of its wish to be master is judged like mastership itself. */
function isToldToWait({ actions }: Handling, view: InstanceView): boolean {
  return actions.some(
    (action) =>
      action.kind === "Emit" &&
      action.event.kind === "AwaitsGroup" &&
      action.event.instance === view.model.name,
  );
}

function keyOf(node: RouterNode, key: string): string {
  return `${node.name} ${key}`;
}
