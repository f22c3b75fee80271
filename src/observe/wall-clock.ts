/**
 * From the monotonic clock of events to the wall clock of a reader. A journal entry carries both clocks for one moment,
 * so every instant its event mentions can be placed on the wall clock, also when that clock was stepped since.
 */
import type { Instant, Micros } from "../base/time.ts";
import { MICROS_PER_MILLI, MICROS_PER_SECOND } from "../base/time.ts";

/** Where the reader is: `now` is wall-clock microseconds since 1970, `zone` decides how a moment is written. */
export interface Reader {
  readonly now: Micros;
  readonly zone: "utc" | "local";
}

/** One moment on both clocks. */
export interface ClockPair {
  /** ISO 8601, up to microseconds. */
  readonly time: string;
  readonly at: Instant;
}

/** Wall-clock microseconds since 1970 of an ISO 8601 text with up to six decimals, or undefined if it is none. */
export function parseWallClock(time: string): Micros | undefined {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?(Z|[+-]\d\d:\d\d)$/.exec(time);
  if (match === null) return undefined;
  const whole = Date.parse(`${match[1]}${match[3]}`);
  if (Number.isNaN(whole)) return undefined;
  return whole * MICROS_PER_MILLI + Number((match[2] ?? "0").padEnd(6, "0"));
}

/** The wall-clock moment of `at`, given a pair of clocks; undefined if the pair's text is unreadable. */
export function wallClockOf(pair: ClockPair, at: Instant): Micros | undefined {
  const reference = parseWallClock(pair.time);
  return reference === undefined ? undefined : reference - (pair.at - at);
}

/** `12:00:03.120`, with the date in front (`2026-11-23 12:00:03.120`) when it is not the reader's today. */
export function formatMoment(moment: Micros, reader: Reader): string {
  const then = parts(moment, reader.zone);
  const today = parts(reader.now, reader.zone);
  return then.date === today.date ? then.clock : `${then.date} ${then.clock}`;
}

function parts(moment: Micros, zone: Reader["zone"]): { readonly date: string; readonly clock: string } {
  const milliseconds = Math.floor(moment / MICROS_PER_MILLI);
  const shift = zone === "local" ? new Date(milliseconds).getTimezoneOffset() * 60_000 : 0;
  const text = new Date(milliseconds - shift).toISOString();
  return { date: text.slice(0, 10), clock: text.slice(11, 23) };
}

/** A long span as a person reads it: `42 s`, `3 min 12 s`, `2 h 5 min`, `4 d 1 h`; below a minute no more than seconds. */
export function formatAge(span: Micros): string {
  const total = Math.max(0, Math.floor(span / MICROS_PER_SECOND));
  const days = Math.floor(total / 86_400);
  const hours = Math.floor(total / 3600) % 24;
  const minutes = Math.floor(total / 60) % 60;
  const secondsLeft = total % 60;
  if (days > 0) return `${days} d ${hours} h`;
  if (hours > 0) return `${hours} h ${minutes} min`;
  if (minutes > 0) return `${minutes} min ${secondsLeft} s`;
  return `${secondsLeft} s`;
}
