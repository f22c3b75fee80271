/** Whether a process wants a processor, and what it has had of them: of its main thread, as the scheduler tells. */
import { readFileSync } from "node:fs";
import type { ThreadTime } from "../supervise/heartbeat.ts";

/** Undefined where it has ended, or where this kernel does not tell. */
export function threadTime(pid: number): ThreadTime | undefined {
  const stat = readOr(`/proc/${pid}/stat`);
  const nanoseconds = Number(/^\d+/.exec(readOr(`/proc/${pid}/schedstat`))?.[0]);
  // The name stands in brackets and may hold any character, brackets too.
  const state = stat[stat.lastIndexOf(")") + 2];
  if (state === undefined || Number.isNaN(nanoseconds)) return undefined;
  return { wantsProcessor: state === "R", used: Math.floor(nanoseconds / 1_000) };
}

function readOr(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ESRCH" || code === "EACCES") return "";
    throw error;
  }
}
