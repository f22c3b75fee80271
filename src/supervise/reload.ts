/**
 * Orchestration of reloads: one at a time, one more may wait; whoever asked gets the answer of the reload that began
 * after the question. Pure.
 */
import type { Instant, Micros } from "../base/time.ts";
import { seconds } from "../base/time.ts";

/** The steward reads files, perhaps over a network file system; after this long the reload counts as failed. */
export const RELOAD_LIMIT: Micros = seconds(60);

export type ReloadOutcome =
  | { readonly kind: "applied"; readonly diagnostics: string }
  | { readonly kind: "unchanged"; readonly diagnostics: string }
  | { readonly kind: "refused"; readonly error: string; readonly diagnostics: string };

export type ReloadAction =
  /** Tell the service manager and let the steward read the files. */
  | { readonly kind: "Begin" }
  /** Tell the service manager that the reload is over, and those who asked what became of it. */
  | { readonly kind: "Finish"; readonly outcome: ReloadOutcome; readonly askers: readonly number[] };

interface Going {
  readonly deadline: Instant;
  readonly askers: readonly number[];
}

export class Reloads {
  #going: Going | undefined;
  #queued: readonly number[] | undefined;

  get busy(): boolean {
    return this.#going !== undefined;
  }

  /** `asker` is a control client's request, undefined for a signal. */
  request(now: Instant, asker: number | undefined): readonly ReloadAction[] {
    const askers = asker === undefined ? [] : [asker];
    if (this.#going === undefined) return this.#begin(now, askers);
    this.#queued = [...(this.#queued ?? []), ...askers];
    return [];
  }

  finished(now: Instant, outcome: ReloadOutcome): readonly ReloadAction[] {
    const done = this.#going;
    if (done === undefined) return [];
    this.#going = undefined;
    const queued = this.#queued;
    this.#queued = undefined;
    const finish: ReloadAction = { kind: "Finish", outcome, askers: done.askers };
    return queued === undefined ? [finish] : [finish, ...this.#begin(now, queued)];
  }

  /** The steward died: the running reload fails, and with it the one that waits. */
  aborted(error: string): readonly ReloadAction[] {
    const askers = [...(this.#going?.askers ?? []), ...(this.#queued ?? [])];
    if (this.#going === undefined) return [];
    this.#going = undefined;
    this.#queued = undefined;
    return [{ kind: "Finish", outcome: { kind: "refused", error, diagnostics: "" }, askers }];
  }

  clockReached(now: Instant): readonly ReloadAction[] {
    if (this.#going === undefined || now < this.#going.deadline) return [];
    return this.aborted("the configuration was not read in time");
  }

  nextDeadline(): Instant | undefined {
    return this.#going?.deadline;
  }

  #begin(now: Instant, askers: readonly number[]): readonly ReloadAction[] {
    this.#going = { deadline: now + RELOAD_LIMIT, askers };
    return [{ kind: "Begin" }];
  }
}
