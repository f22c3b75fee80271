/** What a client saw of a service that it asks every few milliseconds: who answered, and the gaps. Pure. */
import type { Instant, Micros } from "../base/time.ts";

/** A stretch in which nothing was answered, between two answers. */
export interface Outage {
  /** When the last answered question was asked. */
  readonly from: Instant;
  /** When the first question was asked that was answered again. */
  readonly to: Instant;
  /** Questions in between. */
  readonly lost: number;
  /** Who answered before and after. */
  readonly before: string;
  readonly after: string;
}

interface Answer {
  readonly sequence: number;
  readonly askedAt: Instant;
  readonly by: string;
}

/** Follows answers in the order of the questions; a late answer to an older question changes nothing. */
export class OutageTracker {
  readonly #tolerance: Micros;
  #last: Answer | undefined;
  #asked = 0;

  /** Gaps up to `tolerance` between answered questions are not called outages unless the answerer changed. */
  constructor(tolerance: Micros) {
    this.#tolerance = tolerance;
  }

  /** The number of the next question. */
  ask(): number {
    this.#asked += 1;
    return this.#asked;
  }

  /** An answer; returns the outage it ends, if it ends one. */
  answered(sequence: number, askedAt: Instant, by: string): Outage | undefined {
    const last = this.#last;
    if (last !== undefined && sequence <= last.sequence) return undefined;
    this.#last = { sequence, askedAt, by };
    if (last === undefined) return undefined;
    const lost = sequence - last.sequence - 1;
    if (askedAt - last.askedAt <= this.#tolerance && last.by === by) return undefined;
    return { from: last.askedAt, to: askedAt, lost, before: last.by, after: by };
  }

  /** How long nothing was answered by now; undefined before the first answer. */
  silentFor(now: Instant): Micros | undefined {
    return this.#last === undefined ? undefined : now - this.#last.askedAt;
  }

  get answerer(): string | undefined {
    return this.#last?.by;
  }
}

export function outageLength(outage: Outage): Micros {
  return outage.to - outage.from;
}

/** Whether a takeover came within the protocol's bound and what a busy machine may add to it. */
export function isInTime(outage: Outage, bound: Micros, margin: Micros): boolean {
  return outageLength(outage) <= bound + margin;
}
