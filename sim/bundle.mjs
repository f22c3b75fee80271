/**
 * Node 20 reads no TypeScript: bundles an entry into one JavaScript file and returns its path. The bundler is the one that
 * the test runner brings along.
 */
import { join } from "node:path";
import { rolldown } from "rolldown";

export async function bundle(entry, folder) {
  const build = await rolldown({ input: entry, platform: "node", logLevel: "warn" });
  await build.write({ dir: folder, format: "esm", entryFileNames: "bundle.mjs", sourcemap: "inline" });
  await build.close();
  return join(folder, "bundle.mjs");
}
