/**
 * When the machine withheld its processors: on each of them a process that does nothing but sleep for 2 ms at a time tells how
 * much longer it slept. A bound on a time is kept on a busy machine, too, when what was withheld meanwhile is taken off.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cpus } from "node:os";
import { afterAll, beforeAll } from "vitest";
import { pause, waitFor } from "./wait.ts";

/** What the daemons under test run as: a watcher of a lower class would take their own work for the machine's. */
export type SchedulingClass = "ordinary" | "real-time";

export interface Stalls {
  /** Seconds between two moments (seconds since 1970) at which some processor was withheld. */
  lost(from: number, to: number): Promise<number>;
}

/** Watches as long as the tests of a file run. */
export function watchStalls(kind: SchedulingClass = "ordinary"): Stalls {
  let watch: StallWatch | undefined;
  beforeAll(async () => {
    watch = await StallWatch.start(kind);
  });
  afterAll(() => watch?.stop());
  return {
    lost(from, to) {
      if (watch === undefined) throw new Error("nobody watches before the first test");
      return watch.lost(from, to);
    },
  };
}

/** The watchers speak after a stall, as everybody else does. */
const LAST_WORDS_MS = 50;

/** Sleeps that end later than this are told of, in seconds. */
const LEAST = 0.004;

const WATCHER = `
import os, sys, time
processor, priority = int(sys.argv[1]), int(sys.argv[2])
os.sched_setaffinity(0, {processor})
if priority > 0: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(priority))
print("ready", flush=True)
before = time.time()
while True:
    time.sleep(0.002)
    now = time.time()
    if now - before > 0.002 + ${LEAST}: print(before, now, flush=True)
    before = now
`;

type Span = readonly [from: number, to: number];

class StallWatch implements Stalls {
  readonly #children: readonly ChildProcess[];
  readonly #stalls: Span[] = [];
  #ready = 0;

  private constructor(kind: SchedulingClass) {
    const priority = kind === "real-time" ? "99" : "0";
    this.#children = cpus().map((_, processor) => {
      const child = spawn("python3", ["-c", WATCHER, `${processor}`, priority]);
      let pending = "";
      child.stdout.on("data", (chunk: Buffer) => {
        const lines = (pending + chunk.toString()).split("\n");
        pending = lines.pop() ?? "";
        for (const line of lines) this.#read(line);
      });
      return child;
    });
  }

  static async start(kind: SchedulingClass): Promise<StallWatch> {
    const watch = new StallWatch(kind);
    const processors = watch.#children.length;
    await waitFor("a watcher on each processor", () => watch.#ready === processors, { within: 20_000 });
    return watch;
  }

  #read(line: string): void {
    if (line === "ready") {
      this.#ready++;
      return;
    }
    const [from = 0, to = 0] = line.split(" ").map(Number);
    this.#stalls.push([from, to]);
  }

  async lost(from: number, to: number): Promise<number> {
    await pause(LAST_WORDS_MS);
    let sum = 0;
    let end = from;
    for (const [begun, ended] of [...this.#stalls].sort(([a], [b]) => a - b)) {
      const start = Math.max(begun, end);
      const stop = Math.min(ended, to);
      if (stop <= start) continue;
      sum += stop - start;
      end = stop;
    }
    return sum;
  }

  async stop(): Promise<void> {
    for (const child of this.#children) child.kill("SIGKILL");
    await Promise.all(
      this.#children.map((child) => child.exitCode ?? child.signalCode ?? once(child, "exit")),
    );
  }
}
