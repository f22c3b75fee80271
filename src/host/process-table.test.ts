import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, it } from "vitest";
import { waitFor } from "../../test/support/wait.ts";
import { createLoop } from "./loop.ts";
import { readProcess, scanProcesses, watchProcesses } from "./process-table.ts";

const WITHIN = { within: 5_000 };

it("finds this process, and no process that is not there", () => {
  const own = scanProcesses().find(({ pid }) => pid === process.pid);
  expect(own).toEqual(readProcess(process.pid));
  expect(own?.words[0]).toContain("node");
  expect(readProcess(0x3fffffff)).toBeUndefined();
});

it("reads names with brackets, and words with blanks", async () => {
  const child = spawn("bash", ["-c", "exec -a 'odd (name) x' sleep 60", "unused"]);
  await once(child, "spawn");
  try {
    const found = await waitFor(
      "sleep",
      () => {
        const one = readProcess(child.pid ?? 0);
        return one?.name === "sleep" ? one : undefined;
      },
      WITHIN,
    );
    expect(found.words).toEqual(["odd (name) x", "60"]);
  } finally {
    child.kill("SIGKILL");
  }
});

it("does not count a process that has ended and is not reaped", async () => {
  const child = spawn("bash", ["-c", "sleep 0.1 & echo $!; exec sleep 60"]);
  try {
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    const pid = Number(line.toString());
    await waitFor("the zombie to be left out", () => readProcess(pid) === undefined, WITHIN);
    // It is still there: a zombie can be sent signals.
    expect(process.kill(pid, 0)).toBe(true);
  } finally {
    child.kill("SIGKILL");
  }
});

it("hears of new and ended processes where the kernel tells of them", async () => {
  const changed = new Set<number>();
  const ended = new Set<number>();
  const watch = watchProcesses(
    createLoop(),
    { bytes: 65536, force: false },
    {
      changed: (pids, gone) => {
        for (const pid of pids) changed.add(pid);
        for (const pid of gone) ended.add(pid);
      },
      lost: () => undefined,
    },
  );
  if (!("close" in watch)) {
    // Not in the first network namespace, or without privileges: /proc is looked at instead.
    expect(["ECONNREFUSED", "EPERM"]).toContain(watch.errno);
    return;
  }
  try {
    const child = spawn("sleep", ["60"]);
    await waitFor("the new process", () => changed.has(child.pid ?? 0), WITHIN);
    child.kill("SIGKILL");
    await waitFor("its end", () => ended.has(child.pid ?? 0), WITHIN);
  } finally {
    watch.close();
  }
});
