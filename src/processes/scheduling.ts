/** A child's place on the processors, as far as the system lets it: real-time on every thread for the vrrp process. */
import { SystemError } from "../host/native.ts";
import {
  lockFileMappings,
  setAffinity,
  setNice,
  setRealtimeLimit,
  setRealtimePriority,
} from "../host/system.ts";
import type { SchedulingModel } from "../model/scheduling-model.ts";

/** Node collects garbage now and then: a hard limit below this would kill a healthy process. */
const LEAST_HARD_LIMIT = 2_000_000;

export interface SchedulingTrouble {
  readonly what: string;
  readonly consequence: string;
  readonly remedy: string;
}

/** A process of ours, and its real-time priority where nobody says: none for those that may be late. */
interface Scheduled {
  readonly name: string;
  readonly priority: number | undefined;
  readonly late: string;
}

/** Any real-time priority stands above everything that is not real-time. */
export const VRRP_PROCESS: Scheduled = { name: "vrrp", priority: 1, late: "advertisements" };
export const CHECKER_PROCESS: Scheduled = { name: "checker", priority: undefined, late: "checks" };

/** Applies the wishes; what the system refused is returned, for the operator. */
export function applyScheduling(wishes: SchedulingModel, process: Scheduled): readonly SchedulingTrouble[] {
  const troubles: SchedulingTrouble[] = [];
  const attempt = (apply: () => void, consequence: string, remedy: string): void => {
    try {
      apply();
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      troubles.push({ what: error.message, consequence, remedy });
    }
  };
  const { cpuAffinity, niceValue, realtimeLimit, noSwap } = wishes;
  if (cpuAffinity !== undefined) {
    attempt(
      () => setAffinity(cpuAffinity),
      `the ${process.name} process runs on any processor`,
      "name processors this host has",
    );
  }
  if (niceValue !== undefined) {
    attempt(
      () => setNice(niceValue),
      `the ${process.name} process runs at the usual priority`,
      "grant CAP_SYS_NICE",
    );
  }
  if (noSwap) attempt(() => void lockFileMappings(), "code may be swapped out", "grant CAP_IPC_LOCK");
  if (realtimeLimit !== undefined) {
    const hard = Math.max(LEAST_HARD_LIMIT, realtimeLimit);
    attempt(
      () => setRealtimeLimit(realtimeLimit, hard),
      "a runaway process is not ended",
      "raise RLIMIT_RTTIME",
    );
  }
  const priority = wishes.realtimePriority ?? process.priority;
  if (priority !== undefined) {
    attempt(
      () => setRealtimePriority(priority),
      `${process.late} may be late while the host is busy`,
      "grant CAP_SYS_NICE, or set LimitRTPRIO= in the unit",
    );
  }
  return troubles;
}
