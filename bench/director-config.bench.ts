/**
 * How long the largest known director file takes to be read and resolved: `buoy check` against `keepalived -t`, whole
 * processes, in turns on one machine. Processor time, as both do nothing but compute.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { loadConfiguration } from "../src/processes/load-configuration.ts";
import { directorFile, LARGEST } from "./director-file.ts";
import { median, table, writeSection } from "./results.ts";

const MAIN = fileURLToPath(new URL("../bin/buoy", import.meta.url));
const scale = Number(process.env.BUOY_BENCH_SCALE ?? "1");
const ROUNDS = Math.ceil(5 * scale);

test("the largest director file", () => {
  const directory = mkdtempSync(join(tmpdir(), "buoy-bench-"));
  try {
    const file = join(directory, "large.conf");
    writeFileSync(file, directorFile(LARGEST));
    const inside: number[] = [];
    const ours: number[] = [];
    const theirs: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      theirs.push(processorTime(() => spawnSync("keepalived", ["-t", "-f", file])));
      ours.push(
        processorTime(() => spawnSync(MAIN, ["check", "--accept-not-yet", "--format", "json", file])),
      );
      inside.push(load(file));
    }
    const keepalived = median(theirs);
    const row = (what: string, samples: readonly number[]): readonly string[] => [
      what,
      median(samples).toFixed(0),
      (median(samples) / keepalived).toFixed(1),
    ];
    const rows = [
      row("keepalived -t", theirs),
      row("buoy check", ours),
      row("buoy, reading and resolving alone", inside),
    ];
    const text = table(["what", "milliseconds", "ratio"], rows);
    process.stdout.write(`${text}\n`);
    writeSection(
      "director-config",
      "Reading 2,277 virtual servers with 37,205 real servers",
      `Processor time, median of ${ROUNDS} rounds; each server has a TCP_CHECK, the file 318,000 lines.\n\n${text}`,
    );
    expect(inside.length).toBe(ROUNDS);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

function load(file: string): number {
  const begin = process.cpuUsage();
  const { model } = loadConfiguration(file, { acceptNotYet: true });
  const { user, system } = process.cpuUsage(begin);
  expect(model?.director.virtualServers.length).toBe(LARGEST.services);
  return (user + system) / 1000;
}

/** Of a child that has ended by then. */
function processorTime(run: () => unknown): number {
  const begin = childrenTime();
  run();
  return childrenTime() - begin;
}

/** Milliseconds of all children waited for (fields 16 and 17 of /proc/self/stat, in ticks of 10 ms). */
function childrenTime(): number {
  const fields = readFileSync("/proc/self/stat", "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  return 10 * (Number(fields[13]) + Number(fields[14]));
}
