/** Watching a child's heartbeats. Pure. */
import type { Instant, Micros } from "../base/time.ts";
import { millis, seconds } from "../base/time.ts";

/**
 * A child that has just been started gets this long before its first heartbeat. On an overloaded machine a start takes more
 * than ten seconds, and to begin it again makes it no faster.
 */
export const STARTUP_GRACE: Micros = seconds(60);
/** Silence that is borne while the child is master of nothing. */
const IDLE_LIMIT: Micros = seconds(5);
/** Never kill for less: a machine that steals time from us would make us kill healthy children. */
const LEAST_LIMIT: Micros = millis(500);
/** Heartbeats in one limit. */
const BEATS_PER_LIMIT = 5;

/**
 * How long the vrrp child may be silent. A master that hangs must be ended before its peer takes over, which is after
 * Master_Down_Interval: half of the shortest one among the instances it is master of.
 */
export function silenceLimit(shortestMasterDown: Micros | undefined): Micros {
  if (shortestMasterDown === undefined) return IDLE_LIMIT;
  return Math.min(IDLE_LIMIT, Math.max(LEAST_LIMIT, Math.floor(shortestMasterDown / 2)));
}

/** How often the child beats so that a limit holds several heartbeats. */
export function beatInterval(shortestMasterDown: Micros | undefined): Micros {
  return Math.floor(silenceLimit(shortestMasterDown) / BEATS_PER_LIMIT);
}

/**
 * Silence for want of a processor is borne for so long: on an overloaded machine, or where the kernel lets nobody else run
 * for a while, a new child would have to wait as well, and would begin later.
 */
const STARVED_LIMIT: Micros = seconds(5);

/** What the system says of a child's main thread. */
export interface ThreadTime {
  /** It could go on if it had a processor. */
  readonly wantsProcessor: boolean;
  /** Of processors, so far. */
  readonly used: Micros;
}

export type HeartbeatVerdict =
  | { readonly kind: "fresh"; readonly checkAt: Instant }
  | { readonly kind: "silent"; readonly silentFor: Micros };

/** The watch over one life of one child. */
export class HeartbeatWatch {
  /** Where the silence is counted from: the last heartbeat, or later where the watcher itself was away. */
  #lastBeat: Instant;
  #lastHeard: Instant;
  #limit: Micros = STARTUP_GRACE;
  /** The chance after a late check has been given since the last heartbeat. */
  #pardoned = false;
  #looked: { readonly at: Instant; readonly used: Micros } | undefined;

  constructor(startedAt: Instant) {
    this.#lastBeat = startedAt;
    this.#lastHeard = startedAt;
  }

  /** A heartbeat was read at `now`. */
  beat(now: Instant, shortestMasterDown: Micros | undefined): void {
    this.#lastBeat = now;
    this.#lastHeard = now;
    this.#pardoned = false;
    this.#looked = undefined;
    this.#limit = silenceLimit(shortestMasterDown);
  }

  /** When the child last beat; its start before the first beat. */
  get lastBeat(): Instant {
    return this.#lastHeard;
  }

  /** When {@link check} is due for the first time: what a silent child does until the deadline is seen from then on. */
  firstCheck(): Instant {
    return this.#lastBeat + Math.floor(this.#limit / 2);
  }

  /** When the silence has lasted too long. */
  deadline(): Instant {
    return this.#lastBeat + this.#limit;
  }

  /**
   * Judges the silence. Where the check itself comes late the watcher was the one that slept: heartbeats may lie unread,
   * so the child gets half a limit more from now. `thread` is the child's, where the system tells of it.
   */
  check(now: Instant, thread?: ThreadTime): HeartbeatVerdict {
    const isStarved = this.#isStarved(now, thread);
    if (thread !== undefined) this.#looked = { at: now, used: thread.used };
    const deadline = this.deadline();
    if (now < deadline) return { kind: "fresh", checkAt: deadline };
    const late = now - deadline;
    if (late > this.#limit / 4 && !this.#pardoned) {
      this.#pardoned = true;
      this.#lastBeat = now - Math.floor(this.#limit / 2);
      return { kind: "fresh", checkAt: this.deadline() };
    }
    if (isStarved) return { kind: "fresh", checkAt: now + Math.floor(this.#limit / 2) };
    return { kind: "silent", silentFor: now - this.#lastHeard };
  }

  /** It wants to go on, and has had next to no processor since the last look. */
  #isStarved(now: Instant, thread: ThreadTime | undefined): boolean {
    const looked = this.#looked;
    if (looked === undefined || thread?.wantsProcessor !== true) return false;
    if (now - this.#lastHeard > STARVED_LIMIT) return false;
    return thread.used - looked.used < (now - looked.at) / 4;
  }

  /** Whether the last heartbeat is recent enough to tell the service manager that all is well. */
  isFresh(now: Instant): boolean {
    return now - this.#lastBeat <= this.#limit;
  }
}
