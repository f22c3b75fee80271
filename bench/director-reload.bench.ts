/**
 * The largest known director: how long it takes to start, and to take in one changed server, while it checks all of them;
 * and whether the election beside it misses an advertisement meanwhile.
 */
import { expect, test } from "vitest";
import { processOf } from "../test/e2e/daemon.ts";
import { ADVERT_INTERVAL, withLargeSite } from "../test/support/large-site.ts";
import { processorTime } from "../test/support/processor-time.ts";
import { pause } from "../test/support/wait.ts";
import { median, table, writeSection } from "./results.ts";

const scale = Number(process.env.BUOY_BENCH_SCALE ?? "1");
const ROUNDS = Math.max(2, Math.ceil(8 * scale));
const ROLES = ["steward", "supervisor", "checker"] as const;

test("a reload of the largest director", async () => {
  await withLargeSite(10, async ({ director, startedIn, reload, longestGap }) => {
    // A round of all checks, so that what is measured is a director at work.
    await pause(12_000);
    const took: number[] = [];
    const spent = ROLES.map((): number[] => []);
    for (let round = 0; round < ROUNDS; round += 1) {
      const times = (): readonly number[] =>
        ROLES.map((role) => processorTime(processOf(director, role) ?? 0));
      const before = times();
      const { said, took: milliseconds } = await reload(20 + round);
      expect(said).toContain("1 changed, 2276 untouched");
      took.push(milliseconds);
      times().forEach((time, index) => {
        spent[index]?.push(time - (before[index] ?? 0));
      });
      await pause(2_000);
    }
    const milliseconds = (value: number): string => value.toFixed(0);
    const rows = [
      ["start", milliseconds(startedIn), ""],
      ["`buoy reload`, one server changed", milliseconds(median(took)), milliseconds(Math.max(...took))],
      ...ROLES.map((role, index) => {
        const samples = spent[index] ?? [];
        return [
          `processor time of the ${role} meanwhile`,
          milliseconds(median(samples)),
          milliseconds(Math.max(...samples)),
        ];
      }),
      [
        `between two advertisements, ${1000 * ADVERT_INTERVAL} ms apart`,
        "",
        milliseconds(1000 * longestGap()),
      ],
    ];
    const text = table(["what", "median", "max"], rows);
    process.stdout.write(`${text}\n`);
    writeSection(
      "director-reload",
      "Reloading 2,277 virtual servers with 37,205 real servers",
      `Milliseconds of ${ROUNDS} reloads, the command included; each server has a TCP_CHECK every 10 s, which goes on meanwhile.\n\n${text}`,
    );
  });
});
