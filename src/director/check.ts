/** The life of one check: when it runs, and what its results come to (behaviour of keepalived's checkers). */
import type { Prng } from "../base/prng.ts";
import type { Instant, Micros } from "../base/time.ts";
import { seconds } from "../base/time.ts";
import type { CheckTiming } from "../model/director-models.ts";
import type { CheckResult } from "./input.ts";
import { type CheckMemory, type Contribution, NO_CONTRIBUTION } from "./memory.ts";
import { longestRun } from "./run-bound.ts";
import type { Check } from "./service.ts";

/** What a finished run comes to: a failure that is tried again decides nothing, nor does a run that was none. */
export type Conclusion =
  | { readonly kind: "up" }
  | { readonly kind: "down" }
  | { readonly kind: "retry"; readonly left: number }
  | { readonly kind: "not-run" };

/** A check that has not run yet. Its first run comes at a random time within the warmup. */
export function freshCheckMemory(id: string, timing: CheckTiming, now: Instant, random: Prng): CheckMemory {
  return {
    id,
    run: 0,
    startedAt: undefined,
    dueAt: firstRunAt(timing, now, random),
    ok: undefined,
    failures: 0,
    contribution: NO_CONTRIBUTION,
    last: undefined,
    blocked: undefined,
  };
}

export function firstRunAt(timing: CheckTiming, now: Instant, random: Prng): Instant {
  return now + Math.floor(random.fraction() * timing.warmup);
}

export function beginRun(check: Check, now: Instant): void {
  const { memory, probe } = check;
  check.memory = { ...memory, run: memory.run + 1, startedAt: now, dueAt: now + GRACE + longestRun(probe) };
}

/**
 * Takes a result: while the check is good, `retry` failures are tried again before it counts as failed, but the very
 * first run decides at once; while it is bad there are no retries. A run that was none changes nothing of all this.
 */
export function concludeRun(check: Check, now: Instant, result: CheckResult, random: Prng): Conclusion {
  const { memory, timing } = check;
  const { ok, detail, excerpt } = result;
  if (result.notRun === true) {
    const since = memory.blocked?.since ?? now;
    const dueAt = nextRunAt(check, now, false, random);
    check.memory = { ...memory, startedAt: undefined, dueAt, blocked: { since, reason: detail } };
    return { kind: "not-run" };
  }
  const failures = ok ? 0 : memory.failures + 1;
  const isRetried = !ok && memory.ok === true && failures <= timing.retry;
  check.memory = {
    ...memory,
    startedAt: undefined,
    dueAt: nextRunAt(check, now, isRetried, random),
    ok: isRetried ? true : ok,
    failures,
    contribution: ok ? contributionOf(result) : memory.contribution,
    last: { at: now, ok, detail, excerpt },
    blocked: undefined,
  };
  if (isRetried) return { kind: "retry", left: timing.retry + 1 - failures };
  return { kind: ok ? "up" : "down" };
}

/** The interval counts from the end of a run; that of a script from its start. */
function nextRunAt(check: Check, now: Instant, isRetried: boolean, random: Prng): Instant {
  const { memory, probe, timing } = check;
  const { delayLoop, delayBeforeRetry, jitter } = timing;
  const later = jitter === 0 ? 0 : Math.floor(random.fraction() * jitter);
  if (isRetried) return now + delayBeforeRetry + later;
  const from = probe.kind === "misc" ? (memory.startedAt ?? now) : now;
  return Math.max(now, from + delayLoop + later);
}

function contributionOf(result: CheckResult): Contribution {
  const { setsWeight, weightChange } = result;
  if (setsWeight === undefined && weightChange === 0) return NO_CONTRIBUTION;
  return { sets: setsWeight, adds: setsWeight === undefined ? weightChange : 0 };
}

/** Beyond what a run may take: one that is longer has been lost. */
const GRACE: Micros = seconds(10);
