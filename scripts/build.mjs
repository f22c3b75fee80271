// Compiles src/ into dist/. Called by `npm install` (prepare) and `npm run build`.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = join(root, "dist");

function typescriptBinary() {
  try {
    const manifest = createRequire(import.meta.url).resolve("typescript/package.json");
    const { bin } = JSON.parse(readFileSync(manifest, "utf8"));
    return join(dirname(manifest), bin.tsc);
  } catch (error) {
    if (error.code === "MODULE_NOT_FOUND") return undefined;
    throw error;
  }
}

const tsc = typescriptBinary();
if (tsc === undefined) {
  if (existsSync(join(dist, "cli", "main.js"))) {
    console.log("buoy: TypeScript is not installed; dist/ stays as it is");
    process.exit(0);
  }
  console.error("buoy: TypeScript is missing: run `npm install` without --omit=dev once, which builds dist/");
  process.exit(1);
}

const { status } = spawnSync(process.execPath, [tsc, "-p", "tsconfig.build.json"], {
  cwd: root,
  stdio: "inherit",
});
if (status !== 0) process.exit(status ?? 1);
removeStale(dist);

/** Files of dist/ whose source is gone would still be loaded by name. */
function removeStale(folder) {
  mkdirSync(folder, { recursive: true });
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) removeStale(path);
    else if (!existsSync(join(root, "src", relative(dist, path).replace(/\.js$/, ".ts")))) rmSync(path);
  }
}
