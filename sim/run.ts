/**
 * The simulator by hand: `npm run sim -- --seed 7 --verbose` replays one seed with every line of its log, `--seeds 0-1999`
 * runs many and stops at the first violation, `--world` leaves out the checkers of single steps. Exit status 0 or 1.
 */
import type { SimulateOptions } from "./simulate.ts";
import { describeFailure, simulate } from "./simulate.ts";

function main(args: readonly string[]): number {
  const option = (name: string): string | undefined => {
    const index = args.indexOf(name);
    return index < 0 ? undefined : args[index + 1];
  };
  const [first, last] = (option("--seeds") ?? `${option("--seed") ?? 0}`).split("-").map(Number);
  if (first === undefined || !Number.isInteger(first)) {
    console.error("usage: sim [--seed N | --seeds FIRST-LAST] [--verbose] [--all] [--world]");
    return 2;
  }
  const options: SimulateOptions = {
    ...(args.includes("--verbose") ? { sink: (line: string) => console.log(line) } : {}),
    ...(args.includes("--world") ? { checks: "world" as const } : {}),
  };
  let failures = 0;
  for (let seed = first; seed <= (last ?? first); seed++) {
    const outcome = simulate(seed, options);
    if (outcome.failure === undefined) continue;
    failures++;
    console.log(describeFailure(outcome));
    if (!args.includes("--all")) break;
  }
  console.log(failures === 0 ? "no violation" : `${failures} violated`);
  return failures === 0 ? 0 : 1;
}

process.exitCode = main(process.argv.slice(2));
