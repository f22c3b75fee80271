import { expect, test } from "vitest";
import { createLoop } from "../host/loop.ts";
import type { TrackScriptModel } from "../model/model.ts";
import { ScriptRunner } from "./script-runner.ts";

/** Milliseconds, without the processor that the script needs. */
function standStill(span: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, span);
}

test("a track script that ended while this process stood still was in time", async () => {
  const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
  const command = { path: "/bin/true", argv: ["true"], uid, gid, groups: [gid] };
  const script = {
    name: "fine",
    command,
    interval: 300_000,
    timeout: 300_000,
  } as unknown as TrackScriptModel;
  const results: boolean[] = [];
  let stalls = 0;
  const runner = new ScriptRunner(createLoop(), {
    event: () => undefined,
    report: ({ ok }) => void results.push(ok),
    idle: () => undefined,
  });
  runner.configureTracks([script]);
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      standStill(1_000);
      stalls++;
      if (stalls < 4) return;
      clearInterval(timer);
      resolve();
    }, 20);
  });
  runner.stopTracks();
  runner.close();
  expect(results.length).toBeGreaterThan(1);
  expect(results).not.toContain(false);
});
