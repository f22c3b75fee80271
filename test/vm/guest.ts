/** The program of the machine: runs every case, and reports each as it ends. Bundled into one file before. */
import { openSync, writeSync } from "node:fs";
import type { MachineCase, Report } from "./case.ts";
import { CASES } from "./cases.ts";

const SIDE_BY_SIDE = 5;
const results = openSync(process.env.RESULTS ?? "", "w");

function report(report: Report): void {
  writeSync(results, `${JSON.stringify(report)}\n`);
}

async function run({ name, run }: MachineCase): Promise<void> {
  const started = performance.now();
  let failure: string | undefined;
  try {
    await run();
  } catch (error) {
    failure = error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
  report({ name, failure, seconds: (performance.now() - started) / 1000 });
}

// A few at a time: more would only wait for each other, beyond their patience.
const waiting = CASES.filter(({ name }) => new RegExp(process.env.ONLY ?? "").test(name));
await Promise.all(
  Array.from({ length: SIDE_BY_SIDE }, async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await run(next);
  }),
);
// What a failed case left open must not keep the machine running.
process.exit();
