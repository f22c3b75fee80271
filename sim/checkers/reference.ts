/** What the second automaton remembers of one instance. */
import type { Instant } from "../../src/base/time.ts";
import type { Handling } from "../node.ts";
import type { InstanceView } from "../view.ts";
import { Violation } from "../violation.ts";
import type { Range } from "./range.ts";
import { exactly, masterDown, ROUNDING, scaled, skewFactor } from "./range.ts";

export interface Reference {
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

export function freshReference({ model }: InstanceView, isRestored: boolean): Reference {
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

/** Whoever slept for half of the interval may listen once more before it speaks. */
export function listenAfterSleep(
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

export function fail(handling: Handling, what: string): never {
  throw new Violation("election", `${handling.node.name} ${what}`);
}
