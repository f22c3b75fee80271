// Runs probes inside a network namespace: a JSON list [{probe, tls}] on standard input, the list of results on standard output.
import { longestRun } from "../../dist/director/run-bound.js";
import { createLoop } from "../../dist/host/loop.js";
import { Prober } from "../../dist/host/probes/prober.js";

let text = "";
for await (const chunk of process.stdin) text += chunk;
const loop = createLoop();
// One for all, as in the check process: each has a descriptor of its own.
const probers = new Map();
function proberOf(tls) {
  const key = JSON.stringify(tls);
  const prober = probers.get(key) ?? new Prober(loop, tls);
  probers.set(key, prober);
  return prober;
}
const runs = JSON.parse(text).map(
  ({ probe, tls }) => new Promise((resolve) => proberOf(tls).start(probe, longestRun(probe), resolve)),
);
process.stdout.write(JSON.stringify(await Promise.all(runs)));
