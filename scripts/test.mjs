// `npm test`: everything this machine can run, one step after the other, with a count at the end.
// `--long` adds the long suites; `--only=NAME[,NAME]` runs some steps (lint, unit, interop, e2e, differential, vm, lab, newer-node).
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { PROGRAMS as MACHINE_PROGRAMS, noMachine, prepareImage } from "../test/vm/image.mjs";
import { installNewerNode } from "./newer-node.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const words = process.argv.slice(2);
const long = words.includes("--long");
const only = words
  .find((word) => word.startsWith("--only="))
  ?.slice("--only=".length)
  .split(",");
const isRoot = process.getuid() === 0;

const totals = { passed: 0, failed: 0, skipped: [] };
const failures = [];

/** Debian package for each program that the tests in namespaces call. */
const NEEDED = {
  ip: "iproute2",
  keepalived: "keepalived",
  tcpdump: "tcpdump",
  nft: "nftables",
  nginx: "nginx-light",
  bird: "bird2",
  dnsmasq: "dnsmasq-base",
  openssl: "openssl",
  ping: "iputils-ping",
  ps: "procps",
  python3: "python3",
};

function run(command, args, options = {}) {
  const environment = { ...process.env, ...(long ? { BUOY_LONG: "1" } : {}), ...options.env };
  const { status, signal, error } = spawnSync(command, args, {
    cwd: root,
    stdio: "inherit",
    ...options,
    env: environment,
  });
  if (error) console.error(`${command}: ${error.message}`);
  if (signal) console.error(`${command} was ended by ${signal}`);
  return error ? 127 : (status ?? 128);
}

function wanted(name) {
  return only === undefined || only.includes(name);
}

function heading(text) {
  console.log(`\n=== ${text}`);
}

function skip(what, why) {
  totals.skipped.push(`${what}: ${why}`);
  console.log(`skipped: ${what}: ${why}`);
}

/** A step that is one test: it passes or fails as a whole. */
function single(name, status) {
  if (status === 0) totals.passed += 1;
  else {
    totals.failed += 1;
    failures.push(`${name} (exit status ${status})`);
  }
}

/** A line for each test that failed, with the first line of its reason: what is read first may be the only thing that is kept. */
function failuresOf(step, file) {
  const firstLine = (text) => (text ?? "").split("\n")[0].slice(0, 300);
  const failed = file.assertionResults.filter((test) => test.status === "failed");
  const lines = failed.map((test) => `${test.fullName}: ${firstLine(test.failureMessages[0])}`);
  if (lines.length === 0) lines.push(firstLine(file.message));
  return lines.map((line) => `${step}: ${file.name.replace(root, "")}: ${line}`);
}

/** A vitest run; its JSON report holds the real counts. */
function vitest(name, args, node = process.execPath) {
  const report = join(root, "build", `test-${name}.json`);
  rmSync(report, { force: true });
  const cli = join(root, "node_modules", "vitest", "vitest.mjs");
  const status = run(node, [
    cli,
    "run",
    ...args,
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${report}`,
  ]);
  if (!existsSync(report)) return single(name, status === 0 ? 1 : status);
  const result = JSON.parse(readFileSync(report, "utf8"));
  totals.passed += result.numPassedTests;
  totals.failed += result.numFailedTests;
  for (const file of result.testResults) {
    const left = file.assertionResults.filter(
      (test) => test.status === "pending" || test.status === "skipped",
    );
    const titles = new Set(left.map((test) => test.ancestorTitles.join(" ") || test.title));
    const why = long ? "what it needs is not here" : "it needs --long, or something that is not here";
    if (left.length > 0)
      skip(`${left.length} tests of ${file.name.replace(root, "")} (${[...titles].join(", ")})`, why);
    // A file that cannot even be loaded has no test that fails.
    const broken =
      file.status === "failed" && file.assertionResults.every((test) => test.status !== "failed");
    if (broken) totals.failed += 1;
    if (file.status === "failed") failures.push(...failuresOf(name, file));
  }
  if (status !== 0 && failures.length === 0) single(name, status);
}

function hasProgram(program) {
  return spawnSync("sh", ["-c", `command -v ${program}`], { stdio: "ignore" }).status === 0;
}

/** Installs the packages of programs that are missing with apt, as root on Debian only; no daemon is started by it, and none is stopped. */
function installPackages(needed) {
  const missing = Object.entries(needed).filter(([program]) => !hasProgram(program));
  if (missing.length === 0) return;
  const packages = missing.map(([, name]) => name);
  if (!isRoot || !hasProgram("apt-get")) {
    skip(`installing ${packages.join(" ")}`, isRoot ? "there is no apt-get" : "only root may");
    return;
  }
  heading(`installing ${packages.join(" ")}`);
  const policy = "/usr/sbin/policy-rc.d";
  // Debian's packages start their daemons unless this program answers 101.
  const ours = !existsSync(policy);
  if (ours) writeFileSync(policy, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  try {
    const env = { DEBIAN_FRONTEND: "noninteractive" };
    const install = ["install", "-y", "-qq", "--no-install-recommends", ...packages];
    if (run("apt-get", install, { env }) !== 0) {
      run("apt-get", ["update", "-qq"], { env });
      run("apt-get", install, { env });
    }
  } finally {
    if (ours) rmSync(policy);
  }
}

/** Undefined if the tests in namespaces can run; else why not. */
function noNamespaces() {
  if (!isRoot) return "network namespaces of several users need root";
  const missing = Object.keys(NEEDED).filter((program) => !hasProgram(program));
  if (missing.length > 0)
    return `${missing.join(", ")} missing (Debian: ${missing.map((name) => NEEDED[name]).join(" ")})`;
  if (spawnSync("unshare", ["-n", "true"]).status !== 0) return "this machine refuses network namespaces";
  return undefined;
}

/** The tests in a virtual machine with Debian's kernel. */
function machineStep() {
  heading("a machine with a kernel of its own");
  const image = noMachine() ?? prepareImage();
  const why = typeof image === "string" ? image : image.error;
  if (why === undefined) vitest("vm", ["--config", "vitest.vm.config.ts"]);
  else skip("the vm tests", why);
}

function lab(name, [program, ...args]) {
  const ground = preflight(process.getuid());
  if (ground.ok) single(name, run(program, args));
  else skip(name, ground.reason);
}

function newerNodeStep() {
  const node = installNewerNode(root);
  if (node === undefined) return skip("a newer Node", "its package could not be installed (see above)");
  console.log(`with ${spawnSync(node, ["--version"], { encoding: "utf8" }).stdout.trim()}`);
  vitest(
    "newer-node",
    ["src/base", "src/wire", "src/host", "src/supervise", "src/processes", "src/observe", "src/cli"],
    node,
  );
  lab("the lab with a newer Node", [node, "bin/buoy", "lab", "--no-nginx"]);
}

const started = Date.now();
mkdirSync(join(root, "build"), { recursive: true });
heading("build");
const built =
  run(process.execPath, ["scripts/build-native.mjs"]) || run(process.execPath, ["scripts/build.mjs"]);
if (built !== 0) {
  console.log("\n0 passed, 1 failed (the build)");
  process.exit(1);
}
const { preflight } = await import("../dist/lab/preflight.js");
const inNamespaces = ["interop", "e2e", "differential", "vm"].some(wanted);
const inMachine = wanted("vm") && process.arch === "x64";
installPackages({ ...(inNamespaces ? NEEDED : {}), ...(inMachine ? MACHINE_PROGRAMS : {}) });
if (wanted("lint")) {
  heading("lint and types");
  const bin = (name) => join(root, "node_modules", ".bin", name);
  single("biome", run(bin("biome"), ["check", "."]));
  single("tsc", run(bin("tsc"), ["-p", "tsconfig.json", "--noEmit"]));
}
if (wanted("unit")) {
  heading("unit tests and simulator");
  vitest("unit", []);
}
const obstacle = noNamespaces();
const STEPS = {
  interop: "interop with keepalived",
  e2e: "whole daemons",
  differential: "keepalived and buoy in twin worlds",
};
for (const name of Object.keys(STEPS).filter(wanted)) {
  heading(STEPS[name]);
  if (obstacle === undefined) vitest(name, ["--config", `vitest.${name}.config.ts`]);
  else skip(`the ${name} tests`, obstacle);
}
if (wanted("vm")) machineStep();
if (wanted("lab")) {
  heading("the lab");
  lab("the lab", [process.execPath, "bin/buoy", "lab"]);
}
if (wanted("newer-node")) {
  heading("a newer Node");
  newerNodeStep();
}

heading(`${Math.round((Date.now() - started) / 1000)} s`);
for (const text of totals.skipped) console.log(`skipped: ${text}`);
for (const text of failures) console.log(`failed: ${text}`);
console.log(`${totals.passed} passed, ${totals.failed} failed`);
process.exit(totals.failed === 0 ? 0 : 1);
