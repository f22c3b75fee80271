/**
 * A process that was not scheduled, or whose machine was paused, does not know what was said meanwhile: whoever slept for
 * long listens before it speaks. Looked for at every wake-up, before what woke us is handled.
 */
import type { Instant, Micros } from "../base/time.ts";
import { cancelAnnouncements } from "./announce.ts";
import type { Instance } from "./instance.ts";
import { masterDownOf } from "./instance.ts";
import type { BackupPhase, MasterPhase } from "./memory.ts";
import { isStall, masterDownInterval, skewTime } from "./timers.ts";
import type { Turn } from "./turn.ts";
import { emit, factAt } from "./turn.ts";

/** Shorter sleeps are no stall of any instance: half of the shortest Master_Down_Interval there is. */
const LEAST_STALL: Micros = 5_000;

/** A deadline that passed long ago means that the process slept. Returns whether anybody did, and now has another one. */
export function noticeStalls(turn: Turn, earliest: Instant | undefined): boolean {
  if (earliest === undefined || turn.now - earliest <= LEAST_STALL) return false;
  const sleepers = turn.instances.filter((instance) => noticeStall(turn, instance));
  for (const instance of sleepers) turn.touched.add(instance);
  return sleepers.length > 0;
}

/** Whether the instance slept past its deadline and now has another one. */
function noticeStall(turn: Turn, instance: Instance): boolean {
  const { phase } = instance.memory;
  if (phase.kind === "BACKUP") return wakeAsBackup(turn, instance, phase);
  return phase.kind === "MASTER" && wakeAsMaster(turn, instance, phase);
}

/** The silence may be the master's, or our own sleep: one more interval tells. */
function wakeAsBackup(turn: Turn, instance: Instance, phase: BackupPhase): boolean {
  const late = turn.now - phase.masterDownAt;
  if (!isStall(late, masterDownOf(instance))) return false;
  emit(turn, instance, { kind: "Stalled", late, reaction: "listens first" });
  phase.masterDownAt = turn.now + listeningTime(instance);
  return true;
}

/**
 * A master that was silent for less than its own Master_Down_Interval still has the mastership, for backups of lower
 * priority wait longer: it speaks at once, and a wait would lose what it could keep. After that another one may be master.
 */
function wakeAsMaster(turn: Turn, instance: Instance, phase: MasterPhase): boolean {
  // It is silent because an operator wants it to be.
  if (phase.handover !== undefined) return false;
  const { model } = instance;
  const late = turn.now - phase.advertAt;
  const silence = late + model.advertisementInterval;
  if (hasExpired(instance, silence)) {
    emit(turn, instance, { kind: "Stalled", late, reaction: "gives up MASTER" });
    const cause = [factAt(turn.now, { kind: "stalled", late })];
    turn.wishes.push({ instance, to: "BACKUP", cause, resigns: false, due: turn.now });
    return true;
  }
  if (silence <= masterDownOf(instance)) return false;
  emit(turn, instance, { kind: "Stalled", late, reaction: "listens first" });
  cancelAnnouncements(turn.memory, instance);
  phase.listening = true;
  phase.advertAt = turn.now + listeningTime(instance);
  return true;
}

/** `timer_expired_backup`: a peer of the assumed priority has taken over, and nopreempt leaves it in place. */
function hasExpired({ model }: Instance, silence: Micros): boolean {
  const { timerExpiredPriority, preempt, version, advertisementInterval, downTimerAdverts } = model;
  if (timerExpiredPriority === undefined || preempt) return false;
  return silence > masterDownInterval(version, timerExpiredPriority, advertisementInterval, downTimerAdverts);
}

/** Whoever is master has spoken by then. */
function listeningTime({ model, memory }: Instance): Micros {
  const { masterInterval, effectivePriority } = memory;
  return masterInterval + skewTime(model.version, effectivePriority, masterInterval);
}
