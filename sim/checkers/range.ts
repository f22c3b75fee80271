/** Spans of time that are known within bounds: an implementation is free in few places, and there only. */
import type { Instant, Micros } from "../../src/base/time.ts";
import type { VrrpInstanceModel } from "../../src/model/model.ts";

/** Fractions of a microsecond may be rounded either way. */
export const ROUNDING: Micros = 1;

export interface Range {
  readonly low: number;
  readonly high: number;
}

/** RFC 3768: parts of a second; RFC 9568: parts of the interval. */
export function skewFactor(
  model: VrrpInstanceModel,
  priority: number,
): { readonly part: number; readonly of: Micros | undefined } {
  return { part: (256 - priority) / 256, of: model.version === 2 ? 1_000_000 : undefined };
}

export function scaled(
  interval: Range,
  factor: { readonly part: number; readonly of: Micros | undefined },
): Range {
  return { low: (factor.of ?? interval.low) * factor.part, high: (factor.of ?? interval.high) * factor.part };
}

export function masterDown(model: VrrpInstanceModel, priority: number, interval: Range): Range {
  const skew = scaled(interval, skewFactor(model, priority));
  const { downTimerAdverts } = model;
  return {
    low: downTimerAdverts * interval.low + skew.low,
    high: downTimerAdverts * interval.high + skew.high,
  };
}

export function later(now: Instant, span: Range): Range {
  return { low: now + span.low, high: now + span.high };
}

export function exactly(value: number): Range {
  return { low: value, high: value };
}

export function union(a: Range, b: Range): Range {
  return { low: Math.min(a.low, b.low), high: Math.max(a.high, b.high) };
}
