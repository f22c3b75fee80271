/**
 * keepalived and buoy get the same configurations and the same blows in twin worlds; what the kernel holds, the scripts
 * called and the packets sent must agree after each, or the difference must be one that is meant.
 */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import type { Configuration } from "./configuration.ts";
import { DIFFERENCES, type ExpectedDifference } from "./differences.ts";
import { OURS } from "./ours.ts";
import { SAMPLES } from "./samples.ts";
import { ASPECTS, type Aspect, type Observation, perform } from "./stimulus.ts";
import { World } from "./world.ts";

const execute = promisify(execFile);
const BUOY = fileURLToPath(new URL("../../bin/buoy", import.meta.url));
const COMPATIBILITY = new URL("../../docs/compatibility.md", import.meta.url);

// Every world removes its namespaces when the process ends.
process.setMaxListeners(0);

for (const configuration of [...OURS, ...SAMPLES]) {
  test.concurrent(configuration.name, async () => {
    const worlds = [new World("keepalived"), new World("buoy")] as const;
    try {
      expect(await refusalOf(configuration, worlds[1])).toBeUndefined();
      judge(configuration, differences(await perform(configuration, worlds)));
    } finally {
      for (const world of worlds) world.destroy();
    }
  });
}

if (SAMPLES.length === 0) {
  test("Debian's samples of configurations", (context) => {
    context.skip("this system keeps no documentation of packages");
  });
}

test("each difference has a row in docs/compatibility.md", () => {
  const rows = readFileSync(COMPATIBILITY, "utf8");
  for (const { row } of DIFFERENCES) expect(rows).toContain(`\n| ${row}`);
});

/** What `buoy check` says where it would not start. */
async function refusalOf({ text }: Configuration, world: World): Promise<string | undefined> {
  const file = world.subject.host.writeFile("check.conf", world.localise(text));
  try {
    await execute("ip", [
      "netns",
      "exec",
      world.subject.host.namespace,
      process.execPath,
      BUOY,
      "check",
      file,
    ]);
  } catch (error) {
    const { code, stdout } = error as { code: number; stdout: string };
    return code === 2 ? stdout.trim() : undefined;
  }
  return undefined;
}

interface Difference {
  readonly step: string;
  readonly aspect: Aspect;
  readonly text: string;
}

function differences([theirs, ours]: readonly ReadonlyMap<string, Observation>[]): Difference[] {
  const found: Difference[] = [];
  for (const [step, expected] of theirs ?? []) {
    for (const aspect of ASPECTS) {
      const wanted = expected[aspect];
      const seen = ours?.get(step)?.[aspect] ?? [];
      if (JSON.stringify(wanted) === JSON.stringify(seen)) continue;
      const lines = ["-- keepalived", ...wanted, "-- buoy", ...seen];
      const common = new Set(wanted.filter((line) => seen.includes(line)));
      const telling = lines.filter((line) => aspect === "wire" || !common.has(line));
      found.push({ step, aspect, text: [`${step}: ${aspect}`, ...telling].join("\n  ") });
    }
  }
  return found;
}

/** Fails for a difference that is in no table, and for one that is in the table and does not show. */
function judge({ name }: Configuration, found: readonly Difference[]): void {
  const meant = DIFFERENCES.filter(
    ({ configurations }) => configurations === "all" || configurations.includes(name),
  );
  const covers = (row: ExpectedDifference, { step, aspect }: Difference): boolean =>
    row.aspects.includes(aspect) && (row.step === undefined || row.step === step);
  const surprises = found.filter((difference) => !meant.some((row) => covers(row, difference)));
  if (surprises.length > 0) throw new Error(surprises.map(({ text }) => text).join("\n"));
  const certain = meant.filter((row) => row.configurations !== "all" && row.byChance === undefined);
  const stale = certain.filter((row) => !found.some((difference) => covers(row, difference)));
  expect(stale, "differences that do not show").toEqual([]);
}
