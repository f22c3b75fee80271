/** The files that a daemon writes when a signal asks for them. */
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Director } from "./director.ts";
import { waitFor } from "./wait.ts";

export const DUMP_SIGNALS = { json: 36, stats: 12, clear: 63, data: 10 };

/** Asks for a dump and waits for a file of it that is newer than the last one, and whole. */
export async function readDump(
  director: Director,
  signal: number,
  name: string,
  within = 5_000,
): Promise<string> {
  const path = join(director.dumps, name);
  const before = modified(path);
  director.signal(signal);
  await waitFor(`${director.kind}'s ${name}`, () => (modified(path) ?? 0) > (before ?? 0), { within });
  // keepalived 2.2.7 writes in place.
  await waitFor("the whole file", () => /[\n\]}]$/.test(readFileSync(path, "utf8")), { within });
  return readFileSync(path, "utf8");
}

function modified(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs;
}
