import { readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { expect, onTestFinished, test } from "vitest";
import { probe } from "../../../test/support/probe-models.ts";
import type { CheckResult } from "../../director/input.ts";
import type { CommandModel } from "../../model/command-model.ts";

const outcome = ({ ok, notRun, detail }: CheckResult): string =>
  `${notRun === true ? "not run" : ok ? "ok" : "failed"}: ${detail}`;

function script(text: string): CommandModel {
  const uid = process.getuid?.() ?? 0;
  const gid = process.getgid?.() ?? 0;
  return { path: "/bin/sh", argv: ["sh", "-c", text], uid, gid, groups: [gid] } as CommandModel;
}

test("exit statuses, dynamic weights, signals and the timeout", async () => {
  const run = (text: string, dynamic = false): Promise<CheckResult> =>
    probe({ kind: "misc", command: script(text), timeout: 300_000, dynamic });
  expect(outcome(await run("exit 0"))).toBe("ok: exit status 0");
  expect(outcome(await run("exit 3"))).toBe("failed: exit status 3");
  expect(await run("exit 3", true)).toMatchObject({ ok: true, setsWeight: 1 });
  expect(await run("exit 1", true)).toMatchObject({ ok: false, setsWeight: undefined });
  expect(outcome(await run("kill -SEGV $$"))).toBe("failed: ended by SIGSEGV");
  expect(outcome(await run("sleep 5"))).toBe("failed: took longer than 300 ms");
  const deaf = await run("trap '' TERM; while :; do sleep 0.1; done");
  expect(outcome(deaf)).toBe("failed: took longer than 300 ms");
  const pidFile = `${tmpdir()}/buoy-deaf-${process.pid}`;
  onTestFinished(() => rmSync(pidFile, { force: true }));
  await run(`echo $$ >${pidFile}; trap '' TERM; while :; do sleep 0.1; done`);
  const pid = Number(readFileSync(pidFile, "utf8"));
  expect(() => process.kill(pid, 0), "it heeds no TERM, and is killed").toThrow("ESRCH");
  const missing = { ...script(""), path: "/nonexistent/check" };
  const result = await probe({ kind: "misc", command: missing, timeout: 300_000, dynamic: false });
  expect(outcome(result)).toMatch(/^not run: .*ENOENT/);
});

test("a script that ended while this process stood still was not too long", async () => {
  const running = probe({ kind: "misc", command: script("exit 5"), timeout: 300_000, dynamic: true });
  // Without the processor that the script needs.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_500);
  expect(await running).toMatchObject({ ok: true, detail: "exit status 5", setsWeight: 3 });
});
