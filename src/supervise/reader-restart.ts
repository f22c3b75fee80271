/** When the reader of a FIFO that has ended is started again. Pure. */
import type { Instant, Micros } from "../base/time.ts";
import { seconds } from "../base/time.ts";

/** A reader that lived this long has done its work and is started again soon. */
const LONG_LIFE = seconds(60);
const SHORTEST = seconds(1);
const LONGEST = seconds(60);

/** The wait after a life: 1 s, and twice the last one after each life that was short, up to a minute. */
export function restartDelay(last: Micros | undefined, startedAt: Instant, endedAt: Instant): Micros {
  if (last === undefined || endedAt - startedAt >= LONG_LIFE) return SHORTEST;
  return Math.min(LONGEST, last * 2);
}
