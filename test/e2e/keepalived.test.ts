/** `bin/keepalived` as init systems start it: in the foreground for `Type=notify`, in the background for `Type=forking`. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { instanceConfig } from "../interop/pair.ts";
import { type Host, Lan } from "../support/lan.ts";
import { waitFor } from "../support/wait.ts";

const KEEPALIVED = fileURLToPath(new URL("../../bin/keepalived", import.meta.url));

async function withHost(run: (host: Host) => Promise<void>): Promise<void> {
  const lan = new Lan();
  try {
    await run(lan.addHost("one", { ipv4: "10.9.0.1/24", ipv6: "2001:db8::1/64" }));
  } finally {
    lan.destroy();
  }
}

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the program inside a host until it ends; its working directory holds the host's files, which are named `one-...`. */
function keepalived(host: Host, words: readonly string[]): Ended {
  const { status, stdout, stderr } = spawnSync(
    "ip",
    ["netns", "exec", host.namespace, KEEPALIVED, ...words],
    {
      cwd: host.lan.directory,
      encoding: "utf8",
      timeout: 20_000,
    },
  );
  return { status, stdout, stderr };
}

function isAlive(pid: number): boolean {
  return existsSync(`/proc/${pid}`) && !readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
}

test("without -n it returns when the daemon is ready, with pid files, relative paths and /, and TERM ends it", async () => {
  await withHost(async (host) => {
    host.writeFile("k.conf", instanceConfig("v2", { priority: 255 }));
    const words = [
      "-D",
      "-f",
      "one-k.conf",
      "-pone-parent.pid",
      "--vrrp_pid=one-vrrp.pid",
      "--log-facility",
      "local1",
      "-G",
    ];
    const { status, stdout, stderr } = keepalived(host, words);
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "", stderr: "" });
    const pid = Number(readFileSync(host.path("parent.pid"), "utf8"));
    const child = Number(readFileSync(host.path("vrrp.pid"), "utf8"));
    expect(isAlive(pid)).toBe(true);
    expect(isAlive(child)).toBe(true);
    expect(spawnSync("readlink", [`/proc/${pid}/cwd`], { encoding: "utf8" }).stdout).toBe("/\n");
    await waitFor("the address", () => host.holds("10.9.0.100"), { within: 5_000 });

    const second = keepalived(host, words);
    expect(second.status).not.toBe(0);
    expect(second.stderr).toMatch(/already running/);
    expect(isAlive(pid)).toBe(true);

    process.kill(pid, "SIGTERM");
    await waitFor("the end", () => !isAlive(pid) && !isAlive(child), { within: 10_000 });
    expect(host.holds("10.9.0.100")).toBe(false);
    expect(existsSync(host.path("parent.pid"))).toBe(false);
    expect(existsSync(host.path("vrrp.pid"))).toBe(false);
  });
});

test("without -n a refused configuration is told by the first process, with the daemon's exit code", async () => {
  await withHost(async (host) => {
    host.writeFile("bad.conf", instanceConfig("v2", { priority: 100 }).replace("interface eth0", ""));
    const { status, stderr } = keepalived(host, [
      "-f",
      "one-bad.conf",
      "-p",
      "one-p.pid",
      "-r",
      "one-v.pid",
      "-G",
    ]);
    expect(status, stderr).toBe(2);
    expect(stderr).toContain("interface");
    expect(existsSync(host.path("p.pid"))).toBe(false);
  });
});

test("Debian's command line stays in the foreground and logs keepalived's sentences", async () => {
  await withHost(async (host) => {
    const file = host.writeFile("k.conf", instanceConfig("v2", { priority: 255 }));
    const pids = ["-p", host.path("p.pid"), "-r", host.path("v.pid")];
    const daemon = host.spawn([process.execPath, KEEPALIVED, "--dont-fork", "-l", "-D", "-f", file, ...pids]);
    let output = "";
    daemon.stderr?.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
    await waitFor("MASTER", () => output.includes("(VI_1) Entering MASTER STATE"), {
      within: 10_000,
      detail: () => output,
    });
    expect(readFileSync(host.path("p.pid"), "utf8").trim()).toBe(`${daemon.pid}`);
    const ended = new Promise((resolve) => daemon.once("exit", resolve));
    daemon.kill("SIGINT");
    expect(await ended).toBe(0);
  });
});

test("answers that need no daemon", async () => {
  await withHost(async (host) => {
    expect(keepalived(host, ["--signum=STATS_CLEAR"])).toMatchObject({ status: 0, stdout: "63\n" });
    expect(keepalived(host, ["--signum=X"])).toMatchObject({ status: 1, stderr: "Unknown sigfunc X\n" });
    expect(keepalived(host, ["-v"])).toMatchObject({ status: 0, stdout: "" });
    expect(keepalived(host, ["-h"]).stderr).toContain("--use-file=FILE");
    expect(keepalived(host, ["-Z"])).toMatchObject({ status: 1, stderr: "Unknown option -Z\n" });
    host.writeFile("good.conf", instanceConfig("v2", { priority: 100 }));
    expect(keepalived(host, ["-t", "-f", "one-good.conf"])).toMatchObject({ status: 0, stderr: "" });
    host.writeFile("bad.conf", instanceConfig("v2", { priority: 100 }).replace("eth0", "eth9"));
    expect(keepalived(host, ["-tone-log.txt", "-f", "one-bad.conf"])).toMatchObject({ stderr: "" });
    expect(readFileSync(host.path("log.txt"), "utf8")).toContain("eth9");
  });
});
