/**
 * The order of a stop: the vrrp child releases, STOP scripts get at most a second, the other children end. Each phase is
 * bounded. Pure.
 */
import type { Instant, Micros } from "../base/time.ts";
import { seconds } from "../base/time.ts";

export const SCRIPTS_LIMIT: Micros = seconds(1);
/** keepalived's `child_wait_time`. */
export const CHILD_WAIT: Micros = seconds(5);
/** Scripts that were told to end get this long before KILL takes them. */
const SCRIPTS_GRACE: Micros = seconds(2);

export type StopPhase = "vrrp" | "scripts" | "ending-scripts" | "steward" | "done";

export type StopAction =
  /** The vrrp child did not end in time. */
  | { readonly kind: "KillVrrp" }
  | { readonly kind: "EndScripts" }
  | { readonly kind: "EndSteward" }
  | { readonly kind: "KillSteward" }
  | { readonly kind: "Done" };

/** What is still there; asked again at every step. */
export interface Remaining {
  readonly vrrp: boolean;
  readonly scripts: boolean;
  readonly steward: boolean;
}

export class Stopping {
  #phase: StopPhase = "vrrp";
  #deadline: Instant;

  /** Begins: answers the machine and its first actions through {@link advance}. */
  constructor(now: Instant) {
    this.#deadline = now + CHILD_WAIT;
  }

  get phase(): StopPhase {
    return this.#phase;
  }

  nextDeadline(): Instant | undefined {
    return this.#phase === "done" ? undefined : this.#deadline;
  }

  /** To be called when anything in `remaining` changed and when the deadline passed. */
  advance(now: Instant, remaining: Remaining): readonly StopAction[] {
    const actions: StopAction[] = [];
    for (let step = this.#step(now, remaining); step !== undefined; step = this.#step(now, remaining)) {
      actions.push(...step);
    }
    return actions;
  }

  #step(now: Instant, remaining: Remaining): readonly StopAction[] | undefined {
    const late = now >= this.#deadline;
    switch (this.#phase) {
      case "vrrp":
        if (!remaining.vrrp) return this.#enter("scripts", now + SCRIPTS_LIMIT, []);
        return late ? this.#enter("vrrp", now + CHILD_WAIT, [{ kind: "KillVrrp" }]) : undefined;
      case "scripts":
        if (!remaining.scripts) return this.#enter("steward", now + CHILD_WAIT, [{ kind: "EndSteward" }]);
        return late
          ? this.#enter("ending-scripts", now + SCRIPTS_GRACE, [{ kind: "EndScripts" }])
          : undefined;
      case "ending-scripts":
        if (remaining.scripts && !late) return undefined;
        return this.#enter("steward", now + CHILD_WAIT, [{ kind: "EndSteward" }]);
      case "steward":
        if (!remaining.steward) return this.#enter("done", now, [{ kind: "Done" }]);
        return late ? this.#enter("steward", now + CHILD_WAIT, [{ kind: "KillSteward" }]) : undefined;
      case "done":
        return undefined;
    }
  }

  #enter(phase: StopPhase, deadline: Instant, actions: readonly StopAction[]): readonly StopAction[] {
    this.#phase = phase;
    this.#deadline = deadline;
    return actions;
  }
}
