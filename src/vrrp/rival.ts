/** A second owner that comes and goes: when it has gone, everything is announced and verified again. */
import type { IpAddress } from "../base/ip.ts";
import type { Micros } from "../base/time.ts";
import { announce } from "./announce.ts";
import type { Instance } from "./instance.ts";
import { masterDownOf } from "./instance.ts";
import type { MasterPhase } from "./memory.ts";
import { HANDOVER, rivalQuiet } from "./timers.ts";
import type { Turn } from "./turn.ts";
import { emit } from "./turn.ts";
import { verify } from "./verify.ts";

/** Waits of {@link rivalQuiet} start over when the last rival has been gone for this many of them. */
const BOUT_MEMORY = 10;

/**
 * A sign of another owner, or of another master. The first of a bout is answered by questions at once. `quiet`: how long
 * there may be none until the rival counts as gone.
 */
export function noteRival(turn: Turn, instance: Instance, sign: string, quiet: Micros = 0): void {
  const { model, memory } = instance;
  const { phase } = memory;
  if (phase.kind !== "MASTER" || phase.handover !== undefined || model.announceOnly) return;
  const { reclaimedAt } = phase;
  const isFresh = reclaimedAt === undefined || turn.now - reclaimedAt > BOUT_MEMORY * rivalQuiet(phase.bouts);
  if (isFresh) phase.bouts = 0;
  if (phase.reclaimAt === undefined) verify(turn, instance, memory.addresses);
  const wait = Math.max(quiet, rivalQuiet(phase.bouts));
  phase.reclaimAt = Math.max(phase.reclaimAt ?? 0, turn.now + wait);
  phase.rival = sign;
  turn.touched.add(instance);
}

/** Another master for our addresses whose advertisements we cannot heed: it neither yields to us nor do we yield to it. */
export function noteUnheeded(turn: Turn, instance: Instance, source: IpAddress): void {
  noteRival(turn, instance, `master ${source}`, masterDownOf(instance));
}

/** The rival has been silent for long enough. That of a handover was to be expected, and is not told of. */
export function reclaim(turn: Turn, instance: Instance, phase: MasterPhase): void {
  const { memory, model } = instance;
  phase.reclaimAt = undefined;
  phase.reclaimedAt = turn.now;
  phase.bouts++;
  announce(turn, instance, memory.addresses, Math.max(1, model.garp.lowerPrioRepeat));
  verify(turn, instance, memory.addresses);
  if (isHandover(turn, instance)) return;
  emit(turn, instance, { kind: "AddressesReclaimed", rival: phase.rival ?? "another owner" });
}

/** Whether we have just taken over from another master, which may not know yet, or another is about to take over from us. */
export function isHandover(turn: Turn, instance: Instance): boolean {
  const { cause, lastHeard, lastTransition, phase } = instance.memory;
  if (phase.kind === "MASTER" && phase.handover !== undefined) return true;
  if (lastTransition === undefined || turn.now - lastTransition >= HANDOVER) return false;
  return lastHeard !== undefined || cause.some(({ kind }) => kind === "advertisement");
}
