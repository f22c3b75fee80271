/**
 * Started outside, run in a network namespace: by `-s`, and by `net_namespace` in the file. keepalived is the oracle: each
 * test does the same with both programs.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { instanceConfig } from "../interop/pair.ts";
import { type Host, Lan } from "../support/lan.ts";
import { waitFor } from "../support/wait.ts";

const OURS = fileURLToPath(new URL("../../bin/keepalived", import.meta.url));
const PROGRAMS = [
  ["keepalived", "keepalived"],
  ["buoy", OURS],
] as const;

class Outsider {
  readonly child: ChildProcess;
  output = "";

  constructor(program: string, words: readonly string[]) {
    this.child = spawn(program, ["-n", "-l", "-D", ...words], { stdio: ["ignore", "ignore", "pipe"] });
    this.child.stderr?.on("data", (chunk: Buffer) => {
      this.output += chunk.toString();
    });
  }

  async end(): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const ended = new Promise((resolve) => this.child.once("exit", resolve));
      this.child.kill("SIGTERM");
      await ended;
    }
    return this.child.exitCode;
  }
}

/** The network namespaces of a process and of its children. */
function namespacesOf(pid: number): string[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ");
  return [`${pid}`, ...children].map((process) => readlinkSync(`/proc/${process}/ns/net`));
}

async function withHost(run: (host: Host) => Promise<void>): Promise<void> {
  const lan = new Lan();
  const host = lan.addHost("one", { ipv4: "10.9.0.1/24" });
  try {
    await run(host);
  } finally {
    rmSync(`/run/keepalived/${host.namespace}`, { recursive: true, force: true });
    for (const name of readdirSync("/run").filter((entry) => entry.startsWith(`buoy-${host.namespace}`)))
      rmSync(`/run/${name}`, { recursive: true });
    lan.destroy();
  }
}

function configOf(host: Host, head = ""): string {
  const notify = host.writeFile(
    "notify.sh",
    `#!/bin/sh\nreadlink /proc/self/ns/net >${host.path("seen")}\n`,
    0o755,
  );
  return head + instanceConfig("v2", { priority: 255, extra: `notify_master "${notify}"` });
}

/** Starts, looks, stops. `pidFile` is where the parent's is expected. */
async function liveInside(
  host: Host,
  program: string,
  words: readonly string[],
  pidFile: string,
): Promise<void> {
  const inside = host.run("readlink", "/proc/self/ns/net").trim();
  const daemon = new Outsider(program, words);
  try {
    await waitFor("the address in the namespace", () => host.holds("10.9.0.100"), {
      within: 15_000,
      detail: () => daemon.output,
    });
    const seen = (): string =>
      existsSync(host.path("seen")) ? readFileSync(host.path("seen"), "utf8").trim() : "";
    await waitFor("the notify script", () => seen() !== "", { within: 5_000 });
    expect(seen(), "scripts run inside").toBe(inside);
    expect(readFileSync(pidFile, "utf8").trim()).toBe(`${daemon.child.pid}`);
    const all = namespacesOf(daemon.child.pid ?? 0);
    expect(all.length, "the process and its children").toBeGreaterThan(1);
    expect(new Set(all)).toEqual(new Set([inside]));
  } finally {
    expect(await daemon.end(), daemon.output).toBe(0);
  }
  expect(host.holds("10.9.0.100")).toBe(false);
  expect(existsSync(pidFile)).toBe(false);
}

for (const [name, program] of PROGRAMS) {
  test(`${name} -s NAME`, () =>
    withHost(async (host) => {
      const file = host.writeFile("k.conf", configOf(host));
      const folder = `/run/keepalived/${host.namespace}`;
      await liveInside(host, program, ["-f", file, "-s", host.namespace], `${folder}/keepalived.pid`);
    }));

  test(`${name} with net_namespace and instance in the file`, () =>
    withHost(async (host) => {
      const head = `net_namespace ${host.namespace}\ninstance blue\n`;
      const file = host.writeFile("k.conf", configOf(host, head));
      const folder = `/run/keepalived/${host.namespace}`;
      await liveInside(host, program, ["-f", file], `${folder}/keepalived_blue.pid`);
    }));

  test(`${name} -s comes before net_namespace`, () =>
    withHost(async (host) => {
      const file = host.writeFile("k.conf", configOf(host, "net_namespace nowhere\n"));
      const folder = `/run/keepalived/${host.namespace}`;
      await liveInside(host, program, ["-f", file, "-s", host.namespace], `${folder}/keepalived.pid`);
    }));
}

test("in the background it answers from the namespace, and a reload does not leave it", () =>
  withHost(async (host) => {
    const head = `net_namespace ${host.namespace}\n`;
    const file = host.writeFile("k.conf", configOf(host, head));
    const { status, stderr } = spawnSync(OURS, ["-f", file, "-G"], { encoding: "utf8", timeout: 20_000 });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const pid = Number(readFileSync(`/run/keepalived/${host.namespace}/keepalived.pid`, "utf8"));
    try {
      const buoy = fileURLToPath(new URL("../../bin/buoy", import.meta.url));
      const runtimeDir = `/run/buoy-${host.namespace}`;
      const ask = (...words: string[]) =>
        spawnSync(buoy, [...words, "--runtime-dir", runtimeDir], { encoding: "utf8" });
      expect(ask("status").stdout).toContain("VI_1");
      host.writeFile("k.conf", configOf(host, "net_namespace elsewhere\n"));
      expect(ask("reload").stderr).toContain("does not run in network namespace elsewhere");
      expect(new Set(namespacesOf(pid))).toEqual(new Set([host.run("readlink", "/proc/self/ns/net").trim()]));
    } finally {
      process.kill(pid, "SIGTERM");
      await waitFor("the end", () => !existsSync(`/proc/${pid}`), { within: 10_000 });
    }
  }));

test("a namespace that is not there is refused by start and check", () =>
  withHost(async (host) => {
    const file = host.writeFile("k.conf", configOf(host, "net_namespace nowhere\n"));
    const run = (...words: string[]) =>
      spawnSync(OURS, ["-n", "-l", ...words], { encoding: "utf8", timeout: 10_000 });
    expect(run("-f", file)).toMatchObject({ status: 1 });
    expect(run("-f", file).stderr).toContain("there is no network namespace nowhere");
    expect(run("-f", file, "-s", "../net").stderr).toContain("no name of a network namespace");
    expect(run("-f", file, "-t").stderr).toContain("there is no network namespace nowhere");
    host.writeFile("k.conf", `net_namespace ${host.namespace}\n${instanceConfig("v2", { priority: 100 })}`);
    expect(run("-f", file, "-t"), "the interfaces of the namespace are looked at").toMatchObject({
      status: 0,
    });
  }));
