/** Plays one configuration to both twins, the same things happening to both, and compares them after each. */
import { deepEqual } from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import type { Host } from "../../support/lan.ts";
import { pause, waitFor } from "../../support/wait.ts";
import type { Twin, Twins } from "./twins.ts";

/** Programs run slowly here. */
const PATIENCE_MS = 400_000;
/** Both have noticed, but are not alike: one of them may be slower. */
const DIFFERENCE_MS = 30_000;
const POLL_MS = 400;
/** So often in a row both are to be seen as before: nothing is still on its way. */
const STEADY = 2;
/** A check that is to find nothing new has run by then. */
const QUIET_MS = 6_000;

/** Lines that only one of them has. */
export interface Difference {
  readonly ours?: readonly string[];
  readonly theirs?: readonly string[];
}

export interface Step {
  readonly name: string;
  /** Brings it about. */
  readonly act: (twins: Twins) => Promise<void> | void;
  /** Both are to tell that these servers, by the end of their addresses, are up or down now. */
  readonly turns?: { readonly servers: readonly number[]; readonly to: "UP" | "DOWN" };
  /** What else is to be so with both. */
  readonly until?: (twin: Twin) => boolean;
  /** The table of both is to be another one; not even that: nothing is to happen. */
  readonly changes?: "table" | "nothing";
}

export interface Configuration {
  readonly name: string;
  readonly text: string;
  /** What it is reloaded with. */
  readonly reloaded: string;
  /** Options of the command line. */
  readonly options?: readonly string[];
  /** Lines for `ipvsadm -R`: what is in the kernel before the start. */
  readonly found?: readonly string[];
  /** Each has an interface dummy0, 10.7.7.1/24, for itself. */
  readonly dummy?: true;
  /** More that ipvsadm is asked to list. */
  readonly lists?: readonly string[];
  /** In the place of the usual ones between the start and the reload. */
  readonly steps?: readonly Step[];
  /** Between the reload and the exit. */
  readonly later?: readonly Step[];
  /** Happens before the start. */
  readonly first?: (twins: Twins) => Promise<void>;
  /** Servers that are down until they have been checked. */
  readonly awaits?: readonly number[];
  /** By step. Each has its row in docs/compatibility.md. */
  readonly differences?: Readonly<Record<string, Difference>>;
}

export const dies = (name: string, ...servers: readonly number[]): Step => ({
  name,
  act: (twins) => twins.serve(servers, "gone"),
  turns: { servers, to: "DOWN" },
});

/** A line of the FIFO in a list of differences. */
export function told(line: string): string {
  return `told ${line}`;
}

export const returns = (name: string, ...servers: readonly number[]): Step => ({
  name,
  act: (twins) => twins.serve(servers, "web"),
  turns: { servers, to: "UP" },
});

/** A death, a return, and the end of all of them. */
export const USUAL: readonly Step[] = [
  dies("death", 101),
  returns("return", 101),
  dies("all dead", 101, 102),
  returns("all back", 101, 102),
];

export async function play(twins: Twins, configuration: Configuration): Promise<void> {
  const { text, reloaded, options = [], first, awaits = [], steps = USUAL, later = [] } = configuration;
  for (const { host } of twins.both) prepare(host, configuration);
  const start: Step = {
    name: "start",
    act: () => each(twins, (twin) => twin.start(text, options)),
    ...(awaits.length > 0 ? { turns: { servers: awaits, to: "UP" } } : {}),
    changes: "table",
  };
  const reload: Step = {
    name: "reload",
    act: () => each(twins, (twin) => twin.reload(reloaded)),
    changes: "table",
  };
  await first?.(twins);
  await perform(twins, configuration, start);
  // What went wrong in one step may explain the next: all of it is told.
  const failures: string[] = [];
  for (const step of [...steps, reload, ...later])
    await perform(twins, configuration, step).catch((error: Error) => failures.push(error.message));
  await leave(twins, configuration).catch((error: Error) => failures.push(error.message));
  if (failures.length > 0) throw new Error(failures.join("\n"));
  if (configuration.dummy) for (const { host } of twins.both) host.ip("link del dummy0");
}

async function leave(twins: Twins, configuration: Configuration): Promise<void> {
  each(twins, (twin) => twin.forget());
  const codes = await Promise.all(twins.both.map((twin) => twin.stop()));
  deepEqual(codes, [0, 0], "exit codes");
  const [found, wanted] = [await compare(twins, configuration), expected(configuration, "exit")];
  if (!isDeepStrictEqual(found, wanted)) throw new Error(differ("exit", found, wanted));
}

function prepare(host: Host, { found = [], dummy }: Configuration): void {
  for (const line of found) host.run("ipvsadm", ...line.split(" "));
  if (dummy)
    host.ip(
      "link add dummy0 type dummy",
      "link set dummy0 multicast on up",
      "addr add 10.7.7.1/24 dev dummy0",
    );
}

function each(twins: Twins, act: (twin: Twin) => void): void {
  for (const twin of twins.both) act(twin);
}

async function perform(twins: Twins, configuration: Configuration, step: Step): Promise<void> {
  const before = twins.both.map((twin) => twin.glimpse());
  each(twins, (twin) => twin.forget());
  await step.act(twins);
  if (step.changes === "nothing") await pause(QUIET_MS);
  const hasHappened = (twin: Twin, index: number): boolean =>
    hasTold(twin, step) &&
    (step.until?.(twin) ?? true) &&
    (step.changes !== "table" || twin.glimpse() !== before[index]);
  await waitFor(`both to notice: ${step.name}`, () => twins.both.every(hasHappened), {
    within: PATIENCE_MS,
    every: POLL_MS,
    detail: () => seen(twins),
  });
  const wanted = expected(configuration, step.name);
  const end = performance.now() + DIFFERENCE_MS;
  for (;;) {
    await calm(twins);
    const found = await compare(twins, configuration);
    if (isDeepStrictEqual(found, wanted)) break;
    if (performance.now() > end) throw new Error(differ(step.name, found, wanted));
  }
  if (step.changes === "nothing") {
    const now = twins.both.map((twin) => twin.glimpse());
    deepEqual(now, before, `nothing was to happen: ${step.name}`);
  }
}

function hasTold(twin: Twin, { turns }: Step): boolean {
  if (turns === undefined) return true;
  const told = twin.told();
  return turns.servers.every((last) =>
    told.some((line) => new RegExp(`^RS \\[[0-9a-f.:]+[.:]${last}\\].* ${turns.to}\n`).test(line)),
  );
}

/** Resolves when nothing has changed for two moments. */
async function calm(twins: Twins): Promise<void> {
  let last: string | undefined;
  for (let steady = 0; steady < STEADY; ) {
    const now = seen(twins);
    steady = now === last ? steady + 1 : 0;
    last = now;
    await pause(POLL_MS);
  }
}

/** Everything that is compared: the table, what the FIFO was told, what scripts ran. */
async function looks(twin: Twin, { lists = [] }: Configuration): Promise<string[]> {
  return [...(await twin.table(...lists)), ...news(twin)];
}

function news(twin: Twin): string[] {
  const lines = twin.told().map((line) => told(line.trimEnd()));
  return [...lines.sort(), ...twin.notes().map((line) => `ran ${line}`)];
}

async function compare(twins: Twins, configuration: Configuration): Promise<Required<Difference>> {
  const [ours, theirs] = (await Promise.all(twins.both.map((twin) => looks(twin, configuration)))) as [
    string[],
    string[],
  ];
  return { ours: without(ours, theirs), theirs: without(theirs, ours) };
}

function expected(configuration: Configuration, step: string): Required<Difference> {
  const { ours = [], theirs = [] } = configuration.differences?.[step] ?? {};
  return { ours: [...ours], theirs: [...theirs] };
}

/** The lines of one that the other has not, a line that stands twice counting twice. */
function without(lines: readonly string[], others: readonly string[]): string[] {
  const left = [...others];
  return lines.filter((line) => {
    const place = left.indexOf(line);
    if (place >= 0) left.splice(place, 1);
    return place < 0;
  });
}

function differ(step: string, found: Required<Difference>, wanted: Required<Difference>): string {
  const text = ({ ours, theirs }: Required<Difference>): string =>
    [
      ...ours.map((line) => `  buoy alone: ${line}`),
      ...theirs.map((line) => `  keepalived alone: ${line}`),
    ].join("\n");
  const listed = wanted.ours.length + wanted.theirs.length;
  return `${step}: they differ\n${text(found)}${listed > 0 ? `\n  listed:\n${text(wanted)}` : ""}`;
}

function seen(twins: Twins): string {
  return twins.both
    .map((twin) => [`--- seen of ${twin.kind}`, twin.glimpse(), ...news(twin)].join("\n"))
    .join("\n");
}
