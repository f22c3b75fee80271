/** What processes have had of the processors, from /proc. */
import { readdirSync, readFileSync } from "node:fs";

interface Usage {
  readonly parent: number;
  /** Milliseconds, user and system. */
  readonly time: number;
  /** Those of the kernel alone. */
  readonly system: number;
}

/** Milliseconds of processor time that a process has had. */
export function processorTime(pid: number): number {
  return usageOf(pid)?.time ?? 0;
}

/** Mebibytes of memory that a process has now, and the most that it has had. */
export function memoryOf(pid: number): { readonly now: number; readonly most: number } {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const field = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1]) / 1024;
  return { now: field("VmRSS"), most: field("VmHWM") };
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

/** Milliseconds that each thread of a process but its first has been in the kernel. */
export function systemTimes(pid: number): ReadonlyMap<string, number> {
  const threads = readdirSync(`/proc/${pid}/task`).filter((thread) => thread !== `${pid}`);
  return new Map(threads.map((thread) => [thread, usageOf(`${pid}/task/${thread}`)?.system ?? 0]));
}

/** Clock ticks are hundredths of a second. */
function usageOf(pid: number | string): Usage | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const [user, system] = [10 * Number(fields[11]), 10 * Number(fields[12])];
    return { parent: Number(fields[1]), system, time: user + system };
  } catch (error) {
    if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
}
