/** The witness that other tests measure the machine with: it sees a processor that is taken away, and for how long. */
import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { watchStalls } from "../support/stall-watch.ts";

const stalls = watchStalls();

/** Keeps the first processor to itself for 200 ms; prints the moments it did. */
const THIEF = `
import os, time
os.sched_setaffinity(0, {0})
os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50))
began = time.time()
while time.time() < began + 0.2: pass
print(began, time.time())
`;

test("a processor that is taken away for 200 ms is missed for 200 ms", async () => {
  const [began = 0, ended = 0] = execFileSync("python3", ["-c", THIEF], { encoding: "utf8" })
    .split(" ")
    .map(Number);
  expect(await stalls.lost(began, ended)).toBeGreaterThan(0.9 * (ended - began));
  expect(await stalls.lost(began, ended), "no more than there was").toBeLessThanOrEqual(ended - began);
  expect(await stalls.lost(ended, ended)).toBe(0);
});
