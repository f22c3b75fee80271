/** Carrying out a state change: what is sent, added, removed, announced and told, in this order. */
import type { Instant } from "../base/time.ts";
import type { NotifyState } from "./action.ts";
import { advertise, resign } from "./advert.ts";
import { announce, cancelAnnouncements } from "./announce.ts";
import type { Cause } from "./cause.ts";
import type { VrrpState } from "./event.ts";
import { addAll, removeAll } from "./held.ts";
import type { Instance } from "./instance.ts";
import { masterDownOf } from "./instance.ts";
import type { NotifySubject } from "./notify.ts";
import { mailAction, notifyAction } from "./notify.ts";
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
  if (from !== "MASTER" && to !== "MASTER" && !transition.keepsAddresses) removeAll(turn, instance);
  const priority = memory.effectivePriority;
  emit(turn, instance, { kind: "StateChanged", from, to, priority, cause });
  tellOthers(turn, instance, transition.notifyAs ?? to);
}

/** Runs the scripts and sends the mail of a state; a mail of the same state is not sent twice. */
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
  const scripts = notifyAction(subject, state);
  if (scripts !== undefined) turn.out.notify(scripts);
  const mail = memory.lastMailed === state ? undefined : mailAction(subject, state);
  if (mail === undefined) return;
  memory.lastMailed = state;
  turn.out.notify(mail);
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
  };
  advertise(turn, instance);
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
  if (!transition.keepsAddresses) removeAll(turn, instance);
}
