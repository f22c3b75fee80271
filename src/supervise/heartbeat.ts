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

  constructor(startedAt: Instant) {
    this.#lastBeat = startedAt;
    this.#lastHeard = startedAt;
  }

  /** A heartbeat was read at `now`. */
  beat(now: Instant, shortestMasterDown: Micros | undefined): void {
    this.#lastBeat = now;
    this.#lastHeard = now;
    this.#pardoned = false;
    this.#limit = silenceLimit(shortestMasterDown);
  }

  /** When the child last beat; its start before the first beat. */
  get lastBeat(): Instant {
    return this.#lastHeard;
  }

  /** When {@link check} is due. */
  deadline(): Instant {
    return this.#lastBeat + this.#limit;
  }

  /**
   * Judges the silence. Where the check itself comes late the watcher was the one that slept: heartbeats may lie unread,
   * so the child gets half a limit more from now.
   */
  check(now: Instant): HeartbeatVerdict {
    const deadline = this.deadline();
    if (now < deadline) return { kind: "fresh", checkAt: deadline };
    const late = now - deadline;
    if (late > this.#limit / 4 && !this.#pardoned) {
      this.#pardoned = true;
      this.#lastBeat = now - Math.floor(this.#limit / 2);
      return { kind: "fresh", checkAt: this.deadline() };
    }
    return { kind: "silent", silentFor: now - this.#lastHeard };
  }

  /** Whether the last heartbeat is recent enough to tell the service manager that all is well. */
  isFresh(now: Instant): boolean {
    return now - this.#lastBeat <= this.#limit;
  }
}
