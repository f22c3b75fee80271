/** One run of a probe: when it began, how long it may still wait, and its one result. */
import { formatSpan, MICROS_PER_MILLI, type Micros } from "../../base/time.ts";
import type { CheckResult } from "../../director/input.ts";
import type { Loop } from "../loop.ts";
import { SystemError } from "../native.ts";
import { isLocal, localClause } from "./clauses.ts";

/** What lacks a server that takes a connection and does not answer the greeting of TLS. */
export const NO_TLS_SESSION = "no TLS session";

/** A running probe. After `cancel` it gives no result. */
export interface RunningProbe {
  cancel(): void;
}

/** How a run went, as far as its probe knows. */
export interface Verdict {
  readonly ok: boolean;
  readonly detail: string;
  readonly excerpt?: string | undefined;
  readonly setsWeight?: number;
  /** This host could not ask; `detail` says why. */
  readonly notRun?: boolean;
}

export class Attempt implements RunningProbe {
  readonly #loop: Loop;
  readonly #startedAt: number;
  readonly #endsAt: number;
  readonly #onResult: (result: CheckResult) => void;
  #release: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #span = 0;
  #waits = 0;
  #lacking = "";
  #passes: string | undefined;
  /** Until `start` has returned its caller cannot be called back. */
  #starting = true;
  #settled = false;
  #cancelled = false;

  /** Whatever is waited for, the run ends `bound` after now. */
  constructor(loop: Loop, bound: Micros, onResult: (result: CheckResult) => void) {
    this.#loop = loop;
    this.#startedAt = loop.now();
    this.#endsAt = this.#startedAt + bound;
    this.#onResult = onResult;
  }

  /** What is let go of at the end, however it comes. Replaces what was given before. */
  holds(release: () => void): void {
    this.#release = release;
  }

  /** From now on something has to happen within `span`; `lacking` says what did not: `no answer`. */
  wait(span: Micros, lacking: string): void {
    this.#lacking = lacking;
    this.#arm(span);
  }

  /** Silence for `span` is what is hoped for: it passes. */
  waitForSilence(span: Micros, detail: string): void {
    this.#passes = detail;
    this.#arm(span);
  }

  #arm(span: Micros): void {
    if (this.#settled) return;
    this.#waits += 1;
    const left = Math.max(0, this.#endsAt - this.#loop.now());
    if (this.#timer !== undefined && span === this.#span && span <= left) {
      this.#timer.refresh();
      return;
    }
    clearTimeout(this.#timer);
    this.#span = span;
    // Many probes wait for the same span: Node keeps those in one list.
    this.#timer = setTimeout(() => this.#ring(span <= left), Math.min(span, left) / MICROS_PER_MILLI);
  }

  /** Where this process stood still, what came meanwhile is yet to be read: it counts. */
  #ring(bySpan: boolean): void {
    const waits = this.#waits;
    setImmediate(() => {
      if (!this.#settled && this.#waits === waits) this.#timedOut(bySpan);
    });
  }

  #timedOut(bySpan: boolean): void {
    const span = formatSpan(bySpan ? this.#span : this.#endsAt - this.#startedAt);
    if (this.#passes !== undefined) this.pass(this.#passes);
    else this.fail(bySpan ? `${this.#lacking} within ${span}` : `not done within ${span}`);
  }

  pass(detail: string): void {
    this.settle({ ok: true, detail });
  }

  /** `excerpt` is the head of what came instead. */
  fail(detail: string, excerpt?: string): void {
    this.settle({ ok: false, detail, excerpt });
  }

  /** Nothing is known of the server: this host could not ask it. */
  cannotRun(detail: string): void {
    this.settle({ ok: false, detail, notRun: true });
  }

  /** What the system refused: a word about the server if it is one, else about this host. */
  refused(error: unknown): void {
    if (!(error instanceof SystemError))
      this.cannotRun(error instanceof Error ? error.message : String(error));
    else if (isLocal(error.osError)) this.cannotRun(localClause(error.osError));
    else this.fail(localClause(error.osError));
  }

  /** The first verdict counts. */
  settle({ ok, detail, excerpt, setsWeight, notRun = false }: Verdict): void {
    if (this.#settled) return;
    const duration = this.#loop.now() - this.#startedAt;
    const result = { ok, notRun, detail, weightChange: 0, setsWeight, duration, excerpt };
    this.#letGo();
    if (this.#starting) queueMicrotask(() => this.#tell(result));
    else this.#tell(result);
  }

  /** It has its result, or nobody wants one. */
  get isSettled(): boolean {
    return this.#settled;
  }

  #tell(result: CheckResult): void {
    if (!this.#cancelled) this.#onResult(result);
  }

  cancel(): void {
    this.#cancelled = true;
    if (!this.#settled) this.#letGo();
  }

  /** The caller of `start` has its handle. */
  started(): void {
    this.#starting = false;
  }

  #letGo(): void {
    this.#settled = true;
    clearTimeout(this.#timer);
    this.#release?.();
    this.#release = undefined;
  }
}
