/** The arithmetic of VRRP's timers (RFC 9568 section 6.1, RFC 3768 section 6.1), in whole microseconds. */
import type { Instant, Micros } from "../base/time.ts";
import { MICROS_PER_MILLI, MICROS_PER_SECOND } from "../base/time.ts";

/** Priority of the address owner. */
export const OWNER_PRIORITY = 255;

/**
 * How much later than others a router of this priority gives up on a silent master: version 2 counts parts of a second,
 * version 3 parts of the master's interval. Fractions of a microsecond are cut off.
 */
export function skewTime(version: 2 | 3, priority: number, masterInterval: Micros): Micros {
  const unit = version === 2 ? MICROS_PER_SECOND : masterInterval;
  return Math.floor(((256 - priority) * unit) / 256);
}

/** How long a backup waits for a sign of the master: `downTimerAdverts` intervals and the skew. */
export function masterDownInterval(
  version: 2 | 3,
  priority: number,
  masterInterval: Micros,
  downTimerAdverts: number,
): Micros {
  return downTimerAdverts * masterInterval + skewTime(version, priority, masterInterval);
}

/** When to advertise next: in step with the last deadline, unless that has been missed by a whole interval. */
export function nextAdvertAt(due: Instant, now: Instant, interval: Micros): Instant {
  const next = due + interval;
  return next > now ? next : now + interval;
}

/** Whether a timer that ran out this late means that the process slept, rather than that the master is silent. */
export function isStall(late: Micros, masterDown: Micros): boolean {
  return late > masterDown / 2;
}

/** 1 s, 2 s, 4 s ... 60 s for attempts 1, 2, 3 ... */
export function backoff(attempt: number): Micros {
  return Math.min(60, 2 ** Math.min(attempt - 1, 6)) * MICROS_PER_SECOND;
}

/** Bounds that a simulation may want to be others. */
export interface Limits {
  /** An answer to a kernel action that has not come by then is taken for lost. */
  readonly actionTimeout: Micros;
  /** A stop waits no longer than this for the addresses to go. */
  readonly stopTimeout: Micros;
  /** Announcements handed out at once on one interface, where no spacing is configured... */
  readonly announcementBatch: number;
  /** ...and the pause before the next batch. */
  readonly announcementPause: Micros;
  /** Questions to neighbours that may go out at once; the same pause follows. */
  readonly questionBatch: number;
}

export const DEFAULT_LIMITS: Limits = {
  actionTimeout: 3 * MICROS_PER_SECOND,
  stopTimeout: 3 * MICROS_PER_SECOND,
  announcementBatch: 64,
  announcementPause: MICROS_PER_MILLI,
  questionBatch: 32,
};

/** The same address deleted by others this often... */
export const DELETION_LIMIT = 3;
/** ...within this time means that somebody fights for it. */
export const DELETION_WINDOW: Micros = 10 * MICROS_PER_SECOND;
/** The waits of {@link backoff} start over when the last trouble is this old. */
export const TROUBLE_MEMORY: Micros = 300 * MICROS_PER_SECOND;
/** A second owner of an address is reported this often. */
export const CONFLICT_PERIOD: Micros = 10 * MICROS_PER_SECOND;

/** Claims by the last master are no conflict for so long: it may not know yet. */
export const HANDOVER: Micros = MICROS_PER_SECOND;
/** A neighbour is silent for good after this time, where nothing else is configured. */
export const VERIFY_TIMEOUT: Micros = 5 * MICROS_PER_SECOND;
/** Longest wait for an answer to what teaches nothing; a LAN's answer takes less than 1 ms. */
export const PROBE_WAIT: Micros = 5 * MICROS_PER_MILLI;
/** Longer for the echo that tells how a neighbour has learned: by then it knows, and nobody waits. */
export const CONFIRM_WAIT: Micros = 100 * MICROS_PER_MILLI;
/** Longer where a neighbour's station is looked for: without it there is no probe. */
export const RESOLVE_WAIT: Micros = 15 * MICROS_PER_MILLI;

/** 10 ms, 20 ms, 40 ms ... 1.28 s after the first, second, third ... question. */
export function askBackoff(asks: number): Micros {
  return 10 * MICROS_PER_MILLI * 2 ** Math.min(asks - 1, 7);
}

/** How long a rival must be silent to count as gone: 100 ms, then ever longer up to 12.8 s. */
export function rivalQuiet(bouts: number): Micros {
  return 100 * MICROS_PER_MILLI * 2 ** Math.min(bouts, 7);
}
