/** `npm run sim`: bundles run.ts and runs it with the same arguments. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { bundle } from "./bundle.mjs";

const folder = mkdtempSync(join(tmpdir(), "buoy-sim-"));
try {
  const here = dirname(fileURLToPath(import.meta.url));
  await import(pathToFileURL(await bundle(join(here, "run.ts"), folder)).href);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
