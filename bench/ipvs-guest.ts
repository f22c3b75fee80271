/** Runs in the machine: both daemons, one after the other, fill the table of a director with 1,000 services. */
import { openSync, writeSync } from "node:fs";
import { pause } from "../test/support/wait.ts";
import { Twins } from "../test/vm/director/twins.ts";
import { file, virtual } from "../test/vm/director/words.ts";
import type { Sample } from "./ipvs.bench.ts";

const SERVICES = 1_000;
const SERVERS = 4;
const ROUNDS = Number(process.env.ROUNDS ?? "3");
const POLL_MS = 100;
const PATIENCE_MS = 300_000;

const results = openSync(process.env.RESULTS ?? "", "w");

function configuration(): string {
  const services = Array.from({ length: SERVICES }, (_, index) => {
    const net = `${index >> 8}.${index & 255}`;
    const servers = Array.from(
      { length: SERVERS },
      (_, server) => `real_server 10.1${server}.${net} 80 {; }`,
    );
    return virtual(`10.8.${net} 80`, "lb_algo rr; lb_kind DR; protocol TCP", ...servers);
  });
  return file("", ...services);
}

const twins = new Twins();
const text = configuration();
for (let round = 0; round < ROUNDS; round += 1) {
  for (const twin of twins.both) {
    const started = performance.now();
    twin.start(text, ["-C"]);
    const count = (): number => twin.glimpse().split("->").length - 1;
    for (;;) {
      const milliseconds = performance.now() - started;
      if (count() === SERVICES * SERVERS) {
        const sample: Sample = { daemon: twin.kind, milliseconds };
        writeSync(results, `${JSON.stringify(sample)}\n`);
        break;
      }
      if (milliseconds > PATIENCE_MS) throw new Error(`${twin.kind}: ${count()}\n${twins.story()}`);
      await pause(POLL_MS);
    }
    await twin.stop();
    twin.close();
  }
}
process.exit();
