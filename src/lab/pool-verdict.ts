/** What the director's lab promises, and whether what was seen keeps it. Pure. */
import { formatSpan, type Micros, millis } from "../base/time.ts";
import type { Colour, Paint } from "../observe/style.ts";
import { type Cell, table } from "../observe/table.ts";
import { furthestOff, successRate, sum, type Tally } from "./tally.ts";

/** One act: what became of the client's pages in all of it, and what it promised. */
export interface Scene {
  readonly title: string;
  readonly tally: Tally;
  readonly promises: readonly Promised[];
}

export interface Promised {
  readonly text: string;
  readonly kept: boolean;
}

/** A span begins and ends somewhere in a round of the scheduler: so many rounds a server may be off its share. */
const ROUNDS_OFF = 2;
/** Fewer rounds than this say nothing. */
const LEAST_ROUNDS = 5;
/** What scheduling on a busy machine may add to a bound before the lab calls it a failure. */
export const MARGIN: Micros = millis(1_000);

export function noneFailed(what: string, { asked, failed }: Tally): Promised {
  const kept = asked > 0 && failed === 0;
  return {
    text: `${what}: ${kept ? `all ${asked} pages came` : `${failed} of ${asked} pages failed`}`,
    kept,
  };
}

/** Servers got connections in proportion to their weights. */
export function sharesMatch(what: string, seen: Tally, weights: ReadonlyMap<string, number>): Promised {
  const round = sum(weights.values());
  const answers = seen.asked - seen.failed;
  const off = furthestOff(seen, weights);
  const wanted = [...weights.values()].join(":");
  const text = `${what}: ${answers} pages shared ${wanted}, at most ${off.toFixed(1)} off (of ${ROUNDS_OFF * round})`;
  return { text, kept: answers >= LEAST_ROUNDS * round && off <= ROUNDS_OFF * round };
}

/** Every page came, and this server gave it. */
export function onlyFrom(what: string, name: string, seen: Tally): Promised {
  const { text, kept } = noneFailed(what, seen);
  const others = [...seen.byServer.keys()].filter((server) => server !== name);
  const from = others.length === 0 ? "" : `, some from ${others.join(", ")}`;
  return { text: `${text}${from}`, kept: kept && others.length === 0 };
}

export function inTime(what: string, took: Micros, bound: Micros): Promised {
  return { text: `${what} ${formatSpan(took)} (at most ${formatSpan(bound)})`, kept: took <= bound + MARGIN };
}

/** `250 pages: 92.8 % came (web1 130, web2 51, web3 51), 18 failed within 0.412 s`. */
export function tallyText(seen: Tally): string {
  const servers = [...seen.byServer].sort().map(([name, count]) => `${name} ${count}`);
  const came = `${seen.asked} pages: ${percent(seen)} came (${servers.join(", ")})`;
  return seen.failed === 0 ? came : `${came}, ${seen.failed} failed within ${formatSpan(seen.failedFor)}`;
}

/** Every act's pages, one row each. */
export function sceneTable(
  scenes: readonly Scene[],
  servers: readonly string[],
  paint: Paint,
): readonly string[] {
  const head = ["", "PAGES", "CAME", ...servers.map((name) => name.toUpperCase()), "FAILED"];
  const rows = scenes.map(({ title, tally }): readonly Cell[] => [
    { text: title },
    { text: `${tally.asked}` },
    { text: percent(tally), colour: tally.failed === 0 ? "green" : "yellow" },
    ...servers.map((name) => ({ text: `${tally.byServer.get(name) ?? "-"}` })),
    { text: tally.failed === 0 ? "-" : `${tally.failed} within ${formatSpan(tally.failedFor)}` },
  ]);
  return table([head.map((text) => ({ text, colour: "bold" as Colour })), ...rows], paint);
}

function percent(seen: Tally): string {
  const rate = successRate(seen);
  // What is not all must not read as if it were.
  return `${(rate < 100 ? Math.min(rate, 99.9) : rate).toFixed(1)} %`;
}
