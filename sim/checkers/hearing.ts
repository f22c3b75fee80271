/** The second automaton's part for advertisements: which of them count, and what they may do to state and timer. */
import type { Instant } from "../../src/base/time.ts";
import type { VrrpInstanceModel } from "../../src/model/model.ts";
import type { PacketReceived } from "../../src/vrrp/input.ts";
import type { AdvertReading } from "../independent.ts";
import type { Handling } from "../node.ts";
import { advertsOf, priorityOf } from "../packets.ts";
import { companyOf } from "../spec.ts";
import type { InstanceView } from "../view.ts";
import { exactly, later, masterDown, ROUNDING, scaled, skewFactor, union } from "./range.ts";
import { outranks } from "./reception.ts";
import type { Reference } from "./reference.ts";
import { fail, listenAfterSleep } from "./reference.ts";

/** One advertisement for this instance. */
export function receive(
  handling: Handling,
  packet: PacketReceived,
  reading: AdvertReading | undefined,
  was: Readonly<InstanceView>,
  view: InstanceView,
  reference: Reference,
): void {
  if (reading === undefined || was.state === "INIT" || was.state === "FAULT" || was.state === "STOP") {
    ignore(handling, was, view);
    return;
  }
  if (handling.damage !== undefined) throw new Error(`damage ${handling.damage} does not show`);
  if (was.state === "MASTER") receiveAsMaster(handling, packet, reading, was, view, reference);
  else receiveAsBackup(handling, reading, was, view, reference);
}

const ALONG_WITH_GROUP: readonly string[] = ["Emit", "SendFrames", "AskNeighbours"];

/**
 * Nothing at all may come of it but a word in the journal, and of a master that it counts the sender as a rival: it may ask
 * its neighbours, and announce later. What was due anyway may come along with it.
 */
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
  const rivals = was.state === "MASTER" && !view.model.announceOnly;
  const alone = rivals ? ["Emit", "AskNeighbours"] : ["Emit"];
  const quiet = companyOf(node.model, view.model.name).length > 1 ? ALONG_WITH_GROUP : alone;
  if (mine.some(({ kind }) => !quiet.includes(kind))) fail(handling, "answers a packet to ignore");
  if (isAlone && !rivals && node.engine?.nextDeadline() !== deadlineBefore) {
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
  const spoke = advertsOf(handling.actions, view.model.name).some((advert) => priorityOf(advert) === own);
  if (reading.priority !== 0 && outranks(reading, packet.source, was, handling.node.spec)) {
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
