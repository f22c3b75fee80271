#!/usr/bin/env node
/**
 * Compiles native/*.c to build/buoy.node with the system's C compiler. No generator and no download: N-API's headers
 * come from the package node-api-headers, and of libuv a few functions are declared in native/uv-abi.h.
 * `--force` compiles even if nothing has changed; $CC and $CFLAGS are respected.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const sources = join(root, "native");
const target = join(root, "build", "buoy.node");
const compiler = process.env.CC ?? "cc";

function headersDirectory() {
  return createRequire(import.meta.url)("node-api-headers").include_dir;
}

function isCurrent(inputs) {
  if (!existsSync(target)) return false;
  const built = statSync(target).mtimeMs;
  return inputs.every((file) => statSync(file).mtimeMs <= built);
}

function explainMissingCompiler() {
  process.stderr.write(
    [
      `buoy needs a C compiler to build its native addon, and "${compiler}" was not found.`,
      "Install one and run npm install again:",
      "  Debian, Ubuntu:  apt-get install -y gcc libc6-dev linux-libc-dev",
      "  Fedora, RHEL:    dnf install -y gcc glibc-devel kernel-headers",
      "  Alpine:          apk add gcc musl-dev linux-headers",
      "Another compiler can be named in the environment variable CC.",
      "",
    ].join("\n"),
  );
}

function compile(files) {
  const [command, ...words] = compiler.split(" ");
  const output = `${target}.${process.pid}.tmp`;
  const flags = [
    ...[
      "-std=c11",
      "-O2",
      "-g1",
      "-fPIC",
      "-shared",
      "-pthread",
      "-fvisibility=hidden",
      "-fno-strict-aliasing",
    ],
    ...["-U_FORTIFY_SOURCE", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror=implicit"],
    ...(process.env.CFLAGS ?? "").split(" ").filter((flag) => flag !== ""),
    ...["-isystem", headersDirectory()],
  ];
  mkdirSync(dirname(target), { recursive: true });
  const run = spawnSync(command, [...words, ...flags, ...files, "-o", output], { stdio: "inherit" });
  if (run.error?.code === "ENOENT") {
    explainMissingCompiler();
    return false;
  }
  if (run.status !== 0) {
    rmSync(output, { force: true });
    process.stderr.write(
      `buoy's native addon did not compile. If a header is missing: apt-get install -y libc6-dev linux-libc-dev\n`,
    );
    return false;
  }
  renameSync(output, target);
  return true;
}

const inputs = readdirSync(sources).map((name) => join(sources, name));
const files = inputs.filter((name) => name.endsWith(".c")).sort();
const self = fileURLToPath(import.meta.url);
if (process.platform !== "linux") {
  process.stderr.write("buoy runs on Linux only; the native addon is not built.\n");
  process.exit(1);
}
if (process.argv.includes("--force") || !isCurrent([...inputs, self])) {
  process.exitCode = compile(files) ? 0 : 1;
}
