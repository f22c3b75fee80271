/**
 * The largest known director: how long it takes to start, and to take in one changed server, while it checks all of them;
 * and whether the election beside it misses an advertisement meanwhile.
 */
import { expect, test } from "vitest";
import { processOf } from "../test/e2e/daemon.ts";
import { ADVERT_INTERVAL, type Reload, withLargeSite } from "../test/support/large-site.ts";
import { memoryOf, processorTime } from "../test/support/processor-time.ts";
import { watchStalls } from "../test/support/stall-watch.ts";
import { pause } from "../test/support/wait.ts";
import { median, table, writeSection } from "./results.ts";

const scale = Number(process.env.BUOY_BENCH_SCALE ?? "1");
const ROUNDS = Math.max(2, Math.ceil(8 * scale));
const ROLES = ["steward", "supervisor", "checker", "vrrp"] as const;
const stalls = watchStalls("real-time");

test("a reload of the largest director", async () => {
  await withLargeSite(10, stalls, async ({ director, startedIn, programmedIn, reload }) => {
    const pids = ROLES.map((role) => processOf(director, role) ?? 0);
    // A round of all checks, so that what is measured is a director at work.
    await pause(12_000);
    const reloads: (Reload & { readonly spent: readonly number[] })[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const before = pids.map(processorTime);
      const one = await reload(20 + round);
      expect(one.said).toContain("1 changed, 2276 untouched");
      reloads.push({ ...one, spent: pids.map((pid, index) => processorTime(pid) - (before[index] ?? 0)) });
      await pause(2_000);
    }
    const number = (value: number): string => value.toFixed(0);
    const row = (
      what: string,
      value: (one: Reload & { readonly spent: readonly number[] }) => number,
    ): string[] => {
      const values = reloads.map(value);
      return [what, number(median(values)), number(Math.max(...values))];
    };
    const times = table(
      ["what", "median", "max"],
      [
        ["start, until it runs with all of them", number(startedIn), ""],
        ["start, until all of them are in the kernel", number(programmedIn), ""],
        row("`buoy reload`, one server changed", ({ took }) => took),
        row(`between two advertisements, ${1000 * ADVERT_INTERVAL} ms apart`, ({ gap }) => 1000 * gap),
        row("of that, withheld from everybody on some processor", ({ withheld }) => 1000 * withheld),
        row("nftables' thread in the kernel", ({ inKernel }) => inKernel),
        ...ROLES.map((role, index) => row(`processor time of the ${role}`, ({ spent }) => spent[index] ?? 0)),
      ],
    );
    const memory = table(
      ["MiB of memory", "now", "most"],
      ROLES.map((role, index) => {
        const { now, most } = memoryOf(pids[index] ?? 0);
        return [role, number(now), number(most)];
      }),
    );
    process.stdout.write(`${times}\n\n${memory}\n`);
    writeSection(
      "director-reload",
      "Reloading 2,277 virtual servers with 37,205 real servers",
      `Milliseconds of ${ROUNDS} reloads, each from the command until the tenth advertisement after the change; each server has a TCP_CHECK every 10 s, which goes on meanwhile.\n\n${times}\n\n${memory}`,
    );
  });
});
