/**
 * The order of a stop: the vrrp child releases, the checker child takes its services out, STOP scripts get at most a second, the shutdown script runs, the other
 * children end. Each phase is bounded (the shutdown script by its own timeout). Pure.
 */
import type { Instant, Micros } from "../base/time.ts";
import { seconds } from "../base/time.ts";

export const SCRIPTS_LIMIT: Micros = seconds(1);
/** keepalived's `child_wait_time`. */
export const CHILD_WAIT: Micros = seconds(5);
/** Scripts that were told to end get this long before KILL takes them. */
const SCRIPTS_GRACE: Micros = seconds(2);

export type StopPhase = "children" | "scripts" | "ending-scripts" | "shutdown-script" | "steward" | "done";

export type StopAction =
  /** The vrrp child did not end in time. */
  | { readonly kind: "KillVrrp" }
  | { readonly kind: "KillChecker" }
  | { readonly kind: "EndScripts" }
  | { readonly kind: "EndSteward" }
  | { readonly kind: "KillSteward" }
  /** `shutdown_script`, which has a time limit of its own. */
  | { readonly kind: "RunShutdownScript" }
  | { readonly kind: "Done" };

/** What is still there; asked again at every step. */
export interface Remaining {
  readonly vrrp: boolean;
  readonly checker: boolean;
  readonly scripts: boolean;
  readonly steward: boolean;
  /** There is one, and it has not ended yet. */
  readonly shutdownScript: boolean;
}

export class Stopping {
  #phase: StopPhase = "children";
  #deadline: Instant | undefined;
  readonly #childWait: Micros;

  /** Begins: answers the machine and its first actions through {@link advance}. */
  constructor(now: Instant, childWait: Micros = CHILD_WAIT) {
    this.#childWait = childWait;
    this.#deadline = now + childWait;
  }

  get phase(): StopPhase {
    return this.#phase;
  }

  nextDeadline(): Instant | undefined {
    return this.#deadline;
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
    const late = this.#deadline !== undefined && now >= this.#deadline;
    switch (this.#phase) {
      case "children":
        if (!remaining.vrrp && !remaining.checker) return this.#enter("scripts", now + SCRIPTS_LIMIT, []);
        return late ? this.#enter("children", now + this.#childWait, killed(remaining)) : undefined;
      case "scripts":
        if (!remaining.scripts) return this.#shutDown(remaining);
        return late
          ? this.#enter("ending-scripts", now + SCRIPTS_GRACE, [{ kind: "EndScripts" }])
          : undefined;
      case "ending-scripts":
        return remaining.scripts && !late ? undefined : this.#shutDown(remaining);
      case "steward":
        if (!remaining.steward) return this.#enter("done", undefined, [{ kind: "Done" }]);
        return late ? this.#enter("steward", now + this.#childWait, [{ kind: "KillSteward" }]) : undefined;
      case "shutdown-script":
        if (remaining.shutdownScript) return undefined;
        return this.#enter("steward", now + this.#childWait, [{ kind: "EndSteward" }]);
      case "done":
        return undefined;
    }
  }

  /** The steward stays until then: it writes down how the script ended. */
  #shutDown({ shutdownScript }: Remaining): readonly StopAction[] {
    const actions: readonly StopAction[] = shutdownScript ? [{ kind: "RunShutdownScript" }] : [];
    return this.#enter("shutdown-script", undefined, actions);
  }

  #enter(
    phase: StopPhase,
    deadline: Instant | undefined,
    actions: readonly StopAction[],
  ): readonly StopAction[] {
    this.#phase = phase;
    this.#deadline = deadline;
    return actions;
  }
}

function killed({ vrrp, checker }: Remaining): readonly StopAction[] {
  const actions: StopAction[] = [];
  if (vrrp) actions.push({ kind: "KillVrrp" });
  if (checker) actions.push({ kind: "KillChecker" });
  return actions;
}
