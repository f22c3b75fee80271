/** Files and processes that instances follow: what becomes of them over changes, reloads and deaths of processes. */
import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { expect, test } from "vitest";
import { pause, waitFor } from "../support/wait.ts";
import { buoy, journalOf, murder, processOf } from "./daemon.ts";
import { soloConfig, untilMaster, untilReleased, withSolo } from "./solo.ts";

test("a tracked file", async () => {
  await withSolo(async (solo) => {
    const { host, director } = solo;
    const folder = host.path("state");
    const path = `${folder}/drain`;
    const blocks = `track_file drain {\n file ${path}\n weight 0\n init_file 0\n}`;
    mkdirSync(folder);
    director.start(soloConfig(blocks, "track_file {\n drain\n }"));
    await untilMaster(solo);
    expect(readFileSync(path, "utf8")).toBe("0\n");

    writeFileSync(path, "0x2\n");
    await untilReleased(solo);
    expect(buoy(director, "why", "VI_1")).toContain("file drain holds 2, which means FAULT");

    rmSync(path);
    await untilMaster(solo);
    writeFileSync(`${path}.new`, "1\n");
    renameSync(`${path}.new`, path);
    await untilReleased(solo);

    // Without its directory it holds nothing; when that comes back it is watched again.
    rmSync(folder, { recursive: true });
    await untilMaster(solo);
    mkdirSync(folder);
    writeFileSync(path, "1\n");
    await untilReleased(solo);

    // A steward that is started again goes on watching, and writes no init_file.
    const before = processOf(director, "steward");
    murder(director, "steward");
    await waitFor("the next steward", () => ![undefined, before].includes(processOf(director, "steward")), {
      within: 10_000,
    });
    await pause(500);
    expect(readFileSync(path, "utf8")).toBe("1\n");
    writeFileSync(path, "0\n");
    await untilMaster(solo);

    // A vrrp process that is started again is told what the file holds.
    writeFileSync(path, "1\n");
    await untilReleased(solo);
    const states = stateChanges(director).length;
    murder(director, "vrrp");
    await waitFor("the next vrrp process", () => journalText(director).includes("ChildDied"), {
      within: 10_000,
    });
    await pause(1_000);
    expect(
      stateChanges(director)
        .slice(states)
        .some((to) => to === "MASTER" || to === "BACKUP"),
    ).toBe(false);
  });
});

test("a tracked process: a quick restart is no failure, an absence is", async () => {
  await withSolo(async (solo) => {
    const { host, director } = solo;
    // /proc shows the whole machine: the name is like no other, and no longer than the kernel's 15 characters.
    const program = host.path(`w${process.pid}`);
    copyFileSync("/bin/sleep", program);
    const begin = (): ChildProcess => spawn(program, ["600"]);
    const blocks = `vrrp_track_process web {\n process ${basename(program)}\n terminate_delay 2\n}`;
    const running = [begin()];
    try {
      director.start(soloConfig(blocks, "track_process {\n web\n }"));
      await untilMaster(solo);
      running.at(-1)?.kill("SIGKILL");
      running.push(begin());
      await pause(3_500);
      expect(stateChanges(director)).toEqual(["BACKUP", "MASTER"]);
      running.at(-1)?.kill("SIGKILL");
      await untilReleased(solo);
      expect(buoy(director, "why", "VI_1")).toContain("process web runs 0 times, fewer than 1");
      running.push(begin());
      await untilMaster(solo);
    } finally {
      for (const child of running) child.kill("SIGKILL");
    }
  });
});

test("a script several times a second: its pace, one that is slower than that, and one that hangs", async () => {
  await withSolo(async (solo) => {
    const { host, director } = solo;
    const [log, slow, sick] = [host.path("runs"), host.path("slow"), host.path("sick")];
    const lines = [
      `read up idle < /proc/uptime; echo "$up" >> ${log}`,
      `[ -e ${slow} ] && sleep "$(cat ${slow})"`,
      `[ ! -e ${sick} ]`,
    ];
    const path = host.writeFile("probe.sh", `#!/bin/sh\n${lines.join("\n")}\n`, 0o755);
    const words = [`script ${path}`, "interval 0.2", "timeout 1", "rise 2", "fall 3"];
    const blocks = `global_defs {\n script_user root\n}\nvrrp_script probe {\n ${words.join("\n ")}\n}`;
    const runs = (): readonly number[] => readFileSync(log, "utf8").trim().split("\n").map(Number);
    /** Seconds between the beginnings of runs since then, by the kernel's clock. */
    const paces = (since: number): readonly number[] =>
      runs()
        .slice(since)
        .flatMap((at, index, all) => (index === 0 ? [] : [at - (all[index - 1] ?? at)]))
        .toSorted((a, b) => a - b);
    const median = (sorted: readonly number[]): number => sorted[Math.floor(sorted.length / 2)] ?? 0;
    director.start(soloConfig(blocks, "track_script {\n probe\n }"));
    await untilMaster(solo);

    let before = runs().length;
    await pause(4_000);
    expect(Math.abs(median(paces(before)) - 0.2), "off an interval of 0.2").toBeLessThan(0.08);

    writeFileSync(sick, "");
    await untilReleased(solo);
    expect(buoy(director, "why", "VI_1")).toContain("script probe fails (exit status 1)");
    rmSync(sick);
    await untilMaster(solo);

    // A run that is still busy when the next one is due: that one is left out, and nothing fails.
    before = runs().length;
    const states = stateChanges(director).length;
    writeFileSync(slow, "0.25");
    await pause(4_000);
    rmSync(slow);
    expect(Math.abs(median(paces(before)) - 0.4), "off every second interval").toBeLessThan(0.08);
    expect(stateChanges(director)).toHaveLength(states);

    writeFileSync(slow, "600");
    await untilReleased(solo);
    expect(buoy(director, "why", "VI_1")).toContain("script probe fails (it did not end in time)");
    rmSync(slow);
    await untilMaster(solo);
  });
});

interface Entry {
  readonly event: { readonly event: { readonly kind: string; readonly to?: string } };
}

function stateChanges(director: Parameters<typeof journalOf>[0]): readonly (string | undefined)[] {
  const entries = journalOf(director) as readonly Entry[];
  return entries
    .filter(({ event }) => event.event.kind === "StateChanged")
    .map(({ event }) => event.event.to);
}

function journalText(director: Parameters<typeof journalOf>[0]): string {
  return JSON.stringify(journalOf(director).slice(-20));
}
