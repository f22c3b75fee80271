/**
 * buoy in few files, laid out as the project is: opening hundreds of modules takes an emulated processor several times as
 * long as all else that a start of the daemon does. What runs is what `npm run build` made.
 */
import { copyFileSync, cpSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const TARGET = join(ROOT, "build", "vm-package");
/** Programs that are started by their path. */
const PROGRAMS = ["cli/main", "cli/keepalived", "cli/genhash", "processes/main"];

/** Makes the package, and with it the program `guest`; returns that one's path. */
export async function makePackage(guest) {
  rmSync(TARGET, { recursive: true, force: true });
  mkdirSync(join(TARGET, "build"), { recursive: true });
  mkdirSync(join(TARGET, "test"), { recursive: true });
  copyFileSync(join(ROOT, "package.json"), join(TARGET, "package.json"));
  cpSync(join(ROOT, "bin"), join(TARGET, "bin"), { recursive: true });
  symlinkSync(join(ROOT, "build", "buoy.node"), join(TARGET, "build", "buoy.node"));
  symlinkSync(join(ROOT, "test", "support"), join(TARGET, "test", "support"));
  symlinkSync(join(ROOT, "examples"), join(TARGET, "examples"));
  const programs = PROGRAMS.map((name) => [name, join(ROOT, "dist", `${name}.js`)]);
  // Everything shared lies as deep as the programs do: they find their neighbours by relative paths.
  await write(Object.fromEntries(programs), join(TARGET, "dist"), {
    entryFileNames: "[name].js",
    chunkFileNames: "processes/[name]-[hash].js",
  });
  const names = { entryFileNames: "[name].mjs", sourcemap: "inline" };
  await write({ guest }, join(TARGET, "build", "guest"), names);
  return join(TARGET, "build", "guest", "guest.mjs");
}

async function write(input, dir, options) {
  const build = await rolldown({ input, platform: "node", logLevel: "warn" });
  await build.write({ dir, format: "esm", ...options });
  await build.close();
}
