// A newer Node major from the npm registry, for tests only. The package `node` fetches its binary in an install script,
// which npm may be told to block; `node-linux-ARCH`, which that script installs, holds the binary itself.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const VERSION = "24.9.0";

/** The path of the binary under build/, installed at the first call; undefined if it cannot be had. */
export function installNewerNode(root) {
  const folder = join(root, "build", `node-${VERSION}`);
  const name = `node-linux-${process.arch}`;
  const binary = join(folder, "node_modules", name, "bin", "node");
  if (existsSync(binary)) return binary;
  mkdirSync(folder, { recursive: true });
  // A manifest of its own keeps npm from taking the project's.
  writeFileSync(join(folder, "package.json"), '{ "private": true }\n');
  const words = ["install", "--ignore-scripts", "--no-save", "--no-package-lock", `${name}@${VERSION}`];
  const { status } = spawnSync("npm", words, { cwd: folder, stdio: "inherit" });
  return status === 0 && existsSync(binary) ? binary : undefined;
}
