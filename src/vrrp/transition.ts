/** Carrying out a state change: what is sent, added, removed, announced and told, in this order. */
import type { Instant } from "../base/time.ts";
import { acceptPackets, dropPackets } from "./accept-mode.ts";
import type { NotifyState } from "./action.ts";
import { advertise, resign } from "./advert.ts";
import { announce, cancelAnnouncements } from "./announce.ts";
import type { Cause } from "./cause.ts";
import type { VrrpState } from "./event.ts";
import { addAll, removeAll } from "./held.ts";
import type { Instance, SyncGroup } from "./instance.ts";
import { masterDownOf } from "./instance.ts";
import type { NotifySubject } from "./notify.ts";
import { fifoLine, mailAction, notifyAction } from "./notify.ts";
import { ordered } from "./orders.ts";
import { restoreOwner } from "./owner-conflict.ts";
import type { Transition, Turn } from "./turn.ts";
import { emit } from "./turn.ts";
import { cancelVerification, verify } from "./verify.ts";

export function applyTransition(turn: Turn, transition: Transition): void {
  const { instance, cause } = transition;
  const to = ordered(turn, instance, transition.to);
  const { memory } = instance;
  turn.touched.add(instance);
  const from: VrrpState = memory.phase.kind;
  if (from === "MASTER") leaveMaster(turn, transition);
  memory.cause = cause;
  memory.lastTransition = turn.now;
  memory.reported = [];
  memory.droppedSince = {};
  if (to === "MASTER") becomeMaster(turn, instance, transition.due);
  else if (to === "BACKUP") becomeBackup(turn, instance, transition.wanted);
  else memory.phase = { kind: to };
  if (from !== "MASTER" && to !== "MASTER" && !transition.keepsAddresses) letGo(turn, instance);
  const priority = memory.effectivePriority;
  emit(turn, instance, { kind: "StateChanged", from, to, priority, cause });
  tellOthers(turn, instance, transition.notifyAs ?? to);
}

/**
 * Runs the scripts, writes the line and sends the mail of a state; a mail is sent only where the state differs from that of
 * the last one.
 */
export function tellOthers(turn: Turn, instance: Instance, state: NotifyState): void {
  const { model, memory } = instance;
  const { name, notify, smtpAlert } = model;
  const priority = memory.effectivePriority;
  tell(turn, { kind: "INSTANCE", name, priority, notify, smtpAlert }, memory, state);
}

/** The same for an instance or a sync group; `memory` knows the last mail. */
export function tell(
  turn: Turn,
  subject: NotifySubject,
  memory: { lastMailed: NotifyState | undefined },
  state: NotifyState,
): void {
  writeFifo(turn, subject, state);
  const scripts = notifyAction(subject, state);
  if (scripts !== undefined) turn.out.notify(scripts);
  const silent = memory.lastMailed === state || (state === "FAULT" && turn.noMailOnFault);
  const mail = silent ? undefined : mailAction(subject, state);
  if (mail === undefined) return;
  memory.lastMailed = state;
  turn.out.notify(mail);
}

/** Writes the states of all instances and groups, for a reader who begins to listen. */
export function tellStates(turn: Turn): void {
  const groups = new Set<SyncGroup>();
  for (const { model, memory, group, retired } of turn.instances) {
    if (retired) continue;
    const { kind } = memory.phase;
    writeFifo(turn, { kind: "INSTANCE", name: model.name, priority: memory.effectivePriority }, kind);
    if (group !== undefined) groups.add(group);
  }
  for (const { model, memory } of groups) {
    writeFifo(turn, { kind: "GROUP", name: model.name, priority: 0 }, memory.state);
  }
}

function writeFifo(
  turn: Turn,
  { kind, name, priority }: Pick<NotifySubject, "kind" | "name" | "priority">,
  state: NotifyState | VrrpState,
): void {
  if (turn.fifo && state !== "INIT") turn.out.writeFifo(fifoLine(kind, name, state, priority));
}

/** Advertisement, addresses, announcements (RFC 9568 section 6.4.1): none waits for another. */
function becomeMaster(turn: Turn, instance: Instance, due: Instant): void {
  const { model, memory } = instance;
  const { garp } = model;
  restoreOwner(instance);
  memory.epoch++;
  memory.statistics.becameMaster++;
  memory.masterInterval = model.advertisementInterval;
  memory.masterAddress = undefined;
  memory.masterPriority = undefined;
  memory.phase = {
    kind: "MASTER",
    advertAt: turn.now + model.advertisementInterval,
    secondBurstAt: garp.masterDelay > 0 ? turn.now + garp.masterDelay : undefined,
    refreshAt: garp.masterRefresh > 0 ? turn.now + garp.masterRefresh : undefined,
    lowerPriorityBurstAt: undefined,
    extraAt: garp.extra === undefined ? undefined : turn.now + garp.extra.interval,
    announcementDue: due,
    handover: undefined,
    reclaimAt: undefined,
    rival: undefined,
    bouts: 0,
    reclaimedAt: undefined,
    listening: false,
  };
  advertise(turn, instance);
  dropPackets(turn, instance);
  addAll(turn, instance);
  verify(turn, instance, memory.addresses);
  announce(turn, instance, memory.addresses, garp.masterRepeat);
}

function becomeBackup(turn: Turn, instance: Instance, wanted: Cause | undefined): void {
  instance.memory.phase = {
    kind: "BACKUP",
    masterDownAt: turn.now + masterDownOf(instance),
    preemptAt: undefined,
    discarded: undefined,
    resigned: undefined,
    wanted,
  };
}

function leaveMaster(turn: Turn, transition: Transition): void {
  const { instance, resigns } = transition;
  const { memory } = instance;
  if (resigns) resign(turn, instance);
  memory.epoch++;
  memory.statistics.releasedMaster++;
  cancelAnnouncements(turn.memory, instance);
  cancelVerification(instance);
  memory.phase = { kind: "INIT" };
  if (!transition.keepsAddresses) letGo(turn, instance);
}

function letGo(turn: Turn, instance: Instance): void {
  removeAll(turn, instance);
  acceptPackets(turn, instance);
}
