/**
 * Time is integer microseconds everywhere but in codecs and keyword tables.
 * An `Instant` counts from an arbitrary origin on the monotonic clock (CLOCK_MONOTONIC at the edge,
 * zero in the simulator); a `Micros` is a span between two instants.
 */
export type Instant = number;
export type Micros = number;

export const MICROS_PER_SECOND = 1_000_000;
export const MICROS_PER_MILLI = 1_000;
export const MICROS_PER_CENTISECOND = 10_000;

/** Whole microseconds of a span given in seconds (decimals allowed). */
export function seconds(value: number): Micros {
  return Math.round(value * MICROS_PER_SECOND);
}

/** Whole microseconds of a span given in milliseconds. */
export function millis(value: number): Micros {
  return Math.round(value * MICROS_PER_MILLI);
}

/** A span as a person reads it: `3.609 s`, `12.5 ms`, `40 us`. */
export function formatSpan(span: Micros): string {
  const size = Math.abs(span);
  // What two decimals of a millisecond would round to 1000 ms is a second.
  if (size >= MICROS_PER_SECOND - 5) return `${trimZeros((span / MICROS_PER_SECOND).toFixed(3))} s`;
  if (size >= MICROS_PER_MILLI) return `${trimZeros((span / MICROS_PER_MILLI).toFixed(2))} ms`;
  return `${span} us`;
}

function trimZeros(text: string): string {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}
