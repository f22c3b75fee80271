/** How often a master advertises, in what its version of the protocol can say. */
import { formatSpan, MICROS_PER_CENTISECOND, MICROS_PER_SECOND, type Micros, seconds } from "../base/time.ts";
import type { ResolveContext } from "./context.ts";
import type { DraftBlock } from "./draft.ts";

/** Largest interval that version 3's 12 bits of centiseconds hold. */
const LONGEST_V3_INTERVAL = 4095 * MICROS_PER_CENTISECOND;

export function resolveInterval(block: DraftBlock, version: 2 | 3, context: ResolveContext): Micros {
  const wanted = block.span("advert_int") ?? seconds(1);
  const span = block.last("advert_int")?.span;
  if (version === 3) {
    const rounded = Math.round(wanted / MICROS_PER_CENTISECOND) * MICROS_PER_CENTISECOND;
    const interval = Math.min(rounded, LONGEST_V3_INTERVAL);
    if (interval === wanted) return interval;
    const why =
      rounded > LONGEST_V3_INTERVAL
        ? `version 3 has no interval longer than ${formatSpan(LONGEST_V3_INTERVAL)}`
        : "version 3 counts intervals in hundredths of a second";
    context.report.repair("interval", span, why, { repair: `${formatSpan(interval)} is used` });
    return interval;
  }
  const interval = Math.max(1, Math.round(wanted / MICROS_PER_SECOND)) * MICROS_PER_SECOND;
  if (interval !== wanted) {
    context.report.repair("interval", span, "version 2 counts intervals in whole seconds", {
      hint: "set version 3 on all routers for shorter ones",
      repair: `${formatSpan(interval)} is used`,
    });
  }
  return interval;
}
