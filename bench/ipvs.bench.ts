/** From the start of the daemon to a complete table, in the machine whose kernel has IPVS. */
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { noMachine, prepareImage } from "../test/vm/image.mjs";
import { Machine } from "../test/vm/machine.ts";
import { makePackage } from "../test/vm/package.mjs";
import { median, table, writeSection } from "./results.ts";

export interface Sample {
  readonly daemon: "buoy" | "keepalived";
  readonly milliseconds: number;
}

const ROUNDS = Math.max(1, Math.ceil(3 * Number(process.env.BUOY_BENCH_SCALE ?? "1")));

test.skipIf(noMachine() !== undefined)(
  "1,000 services of 4 servers are put into the kernel's table",
  async () => {
    const image = prepareImage();
    if ("error" in image) throw new Error(image.error);
    const program = await makePackage(fileURLToPath(new URL("ipvs-guest.ts", import.meta.url)));
    const samples: Sample[] = [];
    const machine = new Machine(image, {
      program: `ROUNDS=${ROUNDS} '${process.execPath}' '${program}'`,
      timeout: 1_200_000,
      line: (line) => samples.push(JSON.parse(line)),
    });
    await machine.ended;
    expect(samples, machine.story).toHaveLength(2 * ROUNDS);
    const seconds = (daemon: Sample["daemon"]): number =>
      median(samples.filter((sample) => sample.daemon === daemon).map(({ milliseconds }) => milliseconds)) /
      1_000;
    const theirs = seconds("keepalived");
    const rows = (["buoy", "keepalived"] as const).map((daemon) => [
      daemon,
      seconds(daemon).toFixed(1),
      (seconds(daemon) / theirs).toFixed(2),
    ]);
    const text = table(["daemon", "s, median", "ratio"], rows);
    process.stdout.write(`${text}\n`);
    writeSection(
      "ipvs",
      "1,000 services of 4 servers in the kernel's table",
      `From the start of the daemon until IPVS has all of them, ${ROUNDS} times, without checks. In an emulated machine, where programs start some twenty times slower: the ratio counts.\n\n${text}`,
    );
  },
);
