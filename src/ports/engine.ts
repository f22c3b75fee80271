import type { Instant } from "../base/time.ts";

/**
 * The shape of every decision core. `handle` is total: any input in any state returns an ordered list, often empty; it
 * throws only for a defect of its own. One timer exists, in the loop, armed at `nextDeadline`.
 */
export interface Engine<Input, Action, Snapshot> {
  handle(now: Instant, input: Input): readonly Action[];
  nextDeadline(): Instant | undefined;
  snapshot(now: Instant): Snapshot;
}
