/** What a child of the supervisor asks of the system. */
import type { Micros } from "../base/time.ts";

export interface SchedulingModel {
  readonly niceValue: number | undefined;
  readonly realtimePriority: number | undefined;
  readonly realtimeLimit: Micros | undefined;
  readonly cpuAffinity: readonly number[] | undefined;
  readonly noSwap: boolean;
}

export const NO_SCHEDULING: SchedulingModel = {
  niceValue: undefined,
  realtimePriority: undefined,
  realtimeLimit: undefined,
  cpuAffinity: undefined,
  noSwap: false,
};
