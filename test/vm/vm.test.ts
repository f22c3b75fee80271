/** What this machine's kernel may lack (VLAN, bonding, dummy and the like), inside a virtual machine that has it. */
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { bundle } from "../../sim/bundle.mjs";
import type { Report } from "./case.ts";
import { CASES } from "./cases.ts";
import { noMachine, prepareImage } from "./image.mjs";
import { Machine } from "./machine.ts";

/** All cases together; most of it is the daemons' own waiting. */
const TIMEOUT_MS = 240_000;
const PREPARATION_MS = 120_000;

const obstacle = noMachine();
const reports: Report[] = [];
let story = "";

/** Runs the machine from its start to its end; the tests only look at what it reported. */
async function runMachine(): Promise<void> {
  const image = prepareImage();
  if ("error" in image) throw new Error(image.error);
  // Two folders below the root as the sources are: from there they find bin/buoy.
  const folder = fileURLToPath(new URL("../../build/vm-guest", import.meta.url));
  const program = await bundle(fileURLToPath(new URL("guest.ts", import.meta.url)), folder);
  const machine = new Machine(image, {
    program: `'${process.execPath}' --enable-source-maps '${program}'`,
    timeout: TIMEOUT_MS,
    line: (line) => reports.push(JSON.parse(line)),
  });
  await machine.ended;
  story = machine.story;
}

describe.skipIf(obstacle !== undefined)("in a machine with Debian's kernel", () => {
  beforeAll(runMachine, PREPARATION_MS + TIMEOUT_MS);

  test.each(CASES)("$name", ({ name }) => {
    const report = reports.find((candidate) => candidate.name === name);
    if (report === undefined) expect.fail(`the machine ended without a result: ${story}`);
    expect(report.failure, `after ${report.seconds.toFixed(1)} s`).toBeUndefined();
  });
});
