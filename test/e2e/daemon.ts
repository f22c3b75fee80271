/** What the end-to-end tests look at: a daemon's processes, who holds the address over time, and a client's outage. */
import type { ChildProcess } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Director } from "../support/director.ts";
import type { Host } from "../support/lan.ts";
import type { Stalls } from "../support/stall-watch.ts";
import { waitFor } from "../support/wait.ts";

export type Role = "supervisor" | "vrrp" | "checker" | "steward";

export interface ProcessInfo {
  readonly pid: number;
  readonly parent: number;
  readonly command: readonly string[];
}

/** Every process whose command line mentions the text. */
export function processesOf(text: string): readonly ProcessInfo[] {
  const found: ProcessInfo[] = [];
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const info = readProcess(Number(name));
    if (info?.command.some((word) => word.includes(text))) found.push(info);
  }
  return found;
}

function readProcess(pid: number): ProcessInfo | undefined {
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").filter(Boolean);
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const [, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return { pid, parent: Number(parent), command };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ESRCH") return undefined;
    throw error;
  }
}

/** The process of a daemon with that role; undefined while there is none. */
export function processOf(director: Director, role: Role): number | undefined {
  if (role === "supervisor") return director.pid;
  const found = processesOf(director.runtimeDir).find(
    (info) => info.parent === director.pid && info.command.includes(role),
  );
  return found?.pid;
}

/** Kills one process of a daemon with SIGKILL and returns its id. */
export function murder(director: Director, role: Role): number {
  const pid = processOf(director, role);
  if (pid === undefined) throw new Error(`${director.host.name} has no ${role} process`);
  process.kill(pid, "SIGKILL");
  return pid;
}

/** Milliseconds on the clock of `ip -ts monitor` and tcpdump. */
export function wallClock(): number {
  return performance.timeOrigin + performance.now();
}

interface Change {
  readonly at: number;
  readonly holds: boolean;
}

/** Who held an address when, from the kernel's own notifications. */
export class HoldingLog {
  readonly #process: ChildProcess;
  readonly #changes: Change[] = [];
  #pending = "";

  constructor(host: Host, address: string) {
    this.#changes.push({ at: 0, holds: host.holds(address) });
    this.#process = host.spawn(["ip", "-ts", "-o", "monitor", "address"]);
    this.#process.stdout?.on("data", (chunk: Buffer) => {
      const lines = (this.#pending + chunk.toString()).split("\n");
      this.#pending = lines.pop() ?? "";
      for (const line of lines) {
        if (!line.includes(` ${address}/`)) continue;
        const stamp = /^\[([^\]]+)\]/.exec(line)?.[1];
        if (stamp === undefined) throw new Error(`no time stamp: ${line}`);
        this.#changes.push({ at: Date.parse(stamp), holds: !line.includes("Deleted") });
      }
    });
  }

  /** Spans of holding from `since` on, in milliseconds of the wall clock. */
  spans(since: number): readonly (readonly [number, number])[] {
    const spans: [number, number][] = [];
    let begun: number | undefined;
    for (const { at, holds } of this.#changes) {
      if (holds) begun ??= at;
      else if (begun !== undefined) {
        spans.push([begun, at]);
        begun = undefined;
      }
    }
    if (begun !== undefined) spans.push([begun, Number.POSITIVE_INFINITY]);
    return spans.filter(([, end]) => end > since).map(([start, end]) => [Math.max(start, since), end]);
  }

  stop(): void {
    this.#process.kill("SIGKILL");
  }
}

/**
 * Milliseconds for which both may hold an address: one that yields learns of the other by its advertisement and takes the
 * address off then. What is looked for lasts hundreds of milliseconds.
 */
export const OVERLAP = 50;

/** After a stall everything is due at once: who is to let go of an address is late for as long as this, in milliseconds. */
const AFTERMATH = 300;

/** The longest time during which both held the address, in milliseconds, without what the machine withheld of it. */
export async function longestOverlap(
  logs: readonly [HoldingLog, HoldingLog],
  since: number,
  stalls: Stalls,
): Promise<number> {
  let longest = 0;
  for (const [start, end] of logs[0].spans(since)) {
    for (const [otherStart, otherEnd] of logs[1].spans(since)) {
      const [from, to] = [Math.max(start, otherStart), Math.min(end, otherEnd, wallClock())];
      if (to <= from) continue;
      const withheld = 1_000 * (await stalls.lost((from - AFTERMATH) / 1_000, to / 1_000));
      longest = Math.max(longest, to - from - withheld);
    }
  }
  return longest;
}

/** A client that asks the virtual address for an echo every few milliseconds. */
export class Client {
  readonly #process: ChildProcess;
  readonly #replies: number[] = [];

  constructor(host: Host, address: string, interval: number) {
    this.#process = host.spawn(["ping", "-D", "-n", "-i", `${interval / 1000}`, address]);
    let pending = "";
    this.#process.stdout?.on("data", (chunk: Buffer) => {
      const lines = (pending + chunk.toString()).split("\n");
      pending = lines.pop() ?? "";
      for (const line of lines) {
        const stamp = /^\[(\d+\.\d+)\].*bytes from/.exec(line)?.[1];
        if (stamp !== undefined) this.#replies.push(Number(stamp) * 1000);
      }
    });
  }

  /** Waits until the address has answered a while without a gap. */
  async settle(): Promise<void> {
    await waitFor("the client to be served", () => this.#replies.length > 20, { within: 20_000 });
  }

  /** The longest time without an answer since then, in milliseconds; the time up to now counts too. */
  outage(since: number): number {
    let before = this.#replies.filter((at) => at <= since).at(-1) ?? since;
    let longest = 0;
    for (const at of this.#replies) {
      if (at <= since) continue;
      longest = Math.max(longest, at - before);
      before = at;
    }
    return Math.max(longest, wallClock() - before);
  }

  stop(): void {
    this.#process.kill("SIGINT");
  }
}

/** Paths of a runtime directory, empty if it does not exist. */
export function runtimeFiles(director: Director): readonly string[] {
  try {
    return readdirSync(director.runtimeDir);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

export const BUOY = fileURLToPath(new URL("../../bin/buoy", import.meta.url));

/** Runs a client command of buoy against a daemon. */
export function buoy(director: Director, ...words: readonly string[]): string {
  return director.host.run(process.execPath, BUOY, ...words, "--runtime-dir", director.runtimeDir);
}

/** The lines of the daemon's journal on disk. */
export function journalOf(
  director: Director,
): readonly { readonly event: { readonly event: { readonly kind: string } } }[] {
  const text = readFileSync(join(director.runtimeDir, "journal.jsonl"), "utf8");
  return text
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}
