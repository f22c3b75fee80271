/** What this machine's kernel may lack (VLAN, bonding, dummy and the like), inside a virtual machine that has it. */
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import type { Report } from "./case.ts";
import { CASES } from "./cases.ts";
import { noMachine, prepareImage } from "./image.mjs";
import { Machine } from "./machine.ts";
import { makePackage } from "./package.mjs";

/** All cases together take minutes on an idle machine; an emulated processor gets little of a busy one. */
const TIMEOUT_MS = 1_200_000;
const PREPARATION_MS = 120_000;

/** Only the cases whose name has this expression in it, for work on them. */
const ONLY = process.env.BUOY_VM_ONLY ?? "";

const obstacle = noMachine();
const reports: Report[] = [];
let story = "";

/** Runs the machine from its start to its end; the tests only look at what it reported. */
async function runMachine(): Promise<void> {
  const image = prepareImage();
  if ("error" in image) throw new Error(image.error);
  const program = await makePackage(fileURLToPath(new URL("guest.ts", import.meta.url)));
  const machine = new Machine(image, {
    program: `ONLY='${ONLY}' '${process.execPath}' --enable-source-maps '${program}'`,
    timeout: TIMEOUT_MS,
    line: (line) => {
      const report: Report = JSON.parse(line);
      reports.push(report);
      process.stderr.write(
        `${report.failure === undefined ? "ok" : "FAILED"} after ${report.seconds.toFixed(1)} s: ${report.name}\n`,
      );
    },
  });
  await machine.ended;
  story = machine.story;
}

describe.skipIf(obstacle !== undefined)("in a machine with Debian's kernel", () => {
  beforeAll(runMachine, PREPARATION_MS + TIMEOUT_MS);

  test.each(CASES.filter(({ name }) => new RegExp(ONLY).test(name)))("$name", ({ name }) => {
    const report = reports.find((candidate) => candidate.name === name);
    if (report === undefined) expect.fail(`the machine ended without a result: ${story}`);
    expect(report.failure, `after ${report.seconds.toFixed(1)} s`).toBeUndefined();
  });
});
