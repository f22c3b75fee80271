/** The vrrp child's place on the processors: real-time on every thread, as far as the system lets it. */
import { SystemError } from "../host/native.ts";
import {
  lockFileMappings,
  setAffinity,
  setNice,
  setRealtimeLimit,
  setRealtimePriority,
} from "../host/system.ts";
import type { ProcessModel } from "../model/model.ts";

/** Any real-time priority stands above everything that is not real-time. */
const DEFAULT_PRIORITY = 1;
/** Node collects garbage now and then: a hard limit below this would kill a healthy process. */
const LEAST_HARD_LIMIT = 2_000_000;

export interface SchedulingTrouble {
  readonly what: string;
  readonly consequence: string;
  readonly remedy: string;
}

/** Applies the wishes; what the system refused is returned, for the operator. */
export function applyScheduling(wishes: ProcessModel): readonly SchedulingTrouble[] {
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
      "the vrrp process runs on any processor",
      "name processors this host has",
    );
  }
  if (niceValue !== undefined) {
    attempt(() => setNice(niceValue), "the vrrp process runs at the usual priority", "grant CAP_SYS_NICE");
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
  attempt(
    () => setRealtimePriority(wishes.realtimePriority ?? DEFAULT_PRIORITY),
    "advertisements may be late while the host is busy",
    "grant CAP_SYS_NICE, or set LimitRTPRIO= in the unit",
  );
  return troubles;
}
