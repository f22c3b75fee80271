import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach, expect, it } from "vitest";
import { threadTime } from "./thread-time.ts";

let child: ChildProcess | undefined;
afterEach(() => child?.kill("SIGKILL"));

function run(script: string): number {
  child = spawn("sh", ["-c", script]);
  return child.pid ?? 0;
}

it("tells of one that wants a processor, and what it has had", async () => {
  const pid = run("while :; do :; done");
  await expect.poll(() => threadTime(pid)?.wantsProcessor).toBe(true);
  const before = threadTime(pid)?.used ?? 0;
  await expect.poll(() => threadTime(pid)?.used).toBeGreaterThan(before);
});

it("tells of one that waits, and nothing of one that has gone", async () => {
  const pid = run("exec sleep 60");
  await expect.poll(() => threadTime(pid)?.wantsProcessor).toBe(false);
  child?.kill();
  if (child !== undefined) await once(child, "exit");
  expect(threadTime(pid)).toBeUndefined();
});
