/** Copies the core and the simulator, changes one line, and lets the simulator look for the difference. */
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundle } from "../../sim/bundle.mjs";
import type { Mutant } from "./mutants.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** What the simulator is made of. */
const FOLDERS = ["src/base", "src/wire", "src/model", "src/ports", "src/supervise", "src/vrrp", "sim"];
/** The hundred seconds are for a machine with other things to do; the simulator itself needs a few. */
const TIME_LIMIT_MS = 100_000;

export interface Search {
  readonly foundIn: number | undefined;
  /** What the simulator printed. */
  readonly output: string;
}

/**
 * Runs seeds `first` to `last` on a copy of the sources, changed by the mutant if there is one, and tells in which seed
 * the first violation was. Throws if the mutant does not fit the sources.
 */
export async function search(
  mutant: Mutant | undefined,
  first: number,
  last: number,
  checks: "all" | "world",
): Promise<Search> {
  const folder = mkdtempSync(join(tmpdir(), "buoy-mutant-"));
  try {
    for (const name of FOLDERS) {
      cpSync(join(ROOT, name), join(folder, name), {
        recursive: true,
        filter: (path) => !path.endsWith(".test.ts"),
      });
    }
    // The codecs use a package.
    symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
    if (mutant !== undefined) patch(join(folder, mutant.file), mutant);
    const program = await bundle(join(folder, "sim/run.ts"), join(folder, "out"));
    const args = ["--enable-source-maps", program, "--seeds", `${first}-${last}`];
    if (checks === "world") args.push("--world");
    const run = spawnSync(process.execPath, args, { encoding: "utf8", timeout: TIME_LIMIT_MS });
    if (run.error !== undefined) throw run.error;
    const seed = /^seed (\d+): /m.exec(run.stdout)?.[1];
    if (run.status !== (seed === undefined ? 0 : 1)) {
      throw new Error(`the simulator ended with status ${run.status}: ${run.stdout}${run.stderr}`);
    }
    return { foundIn: seed === undefined ? undefined : Number(seed), output: run.stdout };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function patch(path: string, { name, find, replace }: Mutant): void {
  const parts = readFileSync(path, "utf8").split(find);
  if (parts.length !== 2)
    throw new Error(`mutant "${name}": ${parts.length - 1} places fit its patch of ${path}, not 1`);
  writeFileSync(path, parts.join(replace));
}
