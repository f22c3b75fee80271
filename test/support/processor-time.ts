/** What processes have had of the processors, from /proc. */
import { readdirSync, readFileSync } from "node:fs";

interface Usage {
  readonly parent: number;
  /** Milliseconds, user and system. */
  readonly time: number;
}

/** Milliseconds of processor time that a process has had. */
export function processorTime(pid: number): number {
  return usageOf(pid)?.time ?? 0;
}

/** The same of a process and all below it that run now. */
export function processorTimeBelow(root: number): number {
  const usages = new Map<number, Usage>();
  for (const name of readdirSync("/proc")) {
    const usage = /^\d+$/.test(name) ? usageOf(Number(name)) : undefined;
    if (usage !== undefined) usages.set(Number(name), usage);
  }
  const isBelow = (pid: number): boolean => {
    for (let at: number | undefined = pid; at !== undefined; at = usages.get(at)?.parent)
      if (at === root) return true;
    return false;
  };
  return [...usages].reduce((sum, [pid, { time }]) => sum + (isBelow(pid) ? time : 0), 0);
}

/** Clock ticks are hundredths of a second. */
function usageOf(pid: number): Usage | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return { parent: Number(fields[1]), time: 10 * (Number(fields[11]) + Number(fields[12])) };
  } catch (error) {
    if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
}
