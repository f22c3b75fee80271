import { execFileSync, spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { present } from "../../../src/base/assert.ts";
import { createLoop } from "../../../src/host/loop.ts";
import { openNetlink } from "../../../src/host/netlink.ts";
import type { SpawnOptions } from "../../../src/host/system.ts";
import {
  enterNetworkNamespace,
  groupsOfUser,
  lockFileMappings,
  onSignals,
  SIGNAL_JSON,
  SIGNAL_STATS_CLEAR,
  setAffinity,
  setNice,
  setRealtimeLimit,
  setRealtimePriority,
  spawnProcess,
  userByName,
} from "../../../src/host/system.ts";
import { waitFor } from "../../support/wait.ts";
import { enterNewNamespace } from "./namespace.ts";

const loop = createLoop();
const directory = mkdtempSync(join(tmpdir(), "buoy-process-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const ADDON = new URL("../../../build/buoy.node", import.meta.url).pathname;
const [SIGHUP, SIGINT, SIGUSR1, SIGUSR2, SIGPIPE, SIGTERM] = [1, 2, 10, 12, 13, 15];

async function outputOf(script: string, options: Partial<SpawnOptions> = {}): Promise<string> {
  const file = join(directory, "output");
  const fd = openSync(file, "w");
  await new Promise((resolve) => {
    const argv = ["sh", "-c", script];
    spawnProcess(loop, { path: "/bin/sh", argv, stdio: [null, fd, null], ...options }, resolve);
  });
  closeSync(fd);
  return readFileSync(file, "utf8").trim();
}

/** One field of /proc/self/task/N/stat for every thread, counted from 1 as proc(5) does. */
function threadField(field: number): number[] {
  return readdirSync("/proc/self/task").map((thread) => {
    const stat = readFileSync(`/proc/self/task/${thread}/stat`, "utf8");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[field - 3]);
  });
}

describe("signals", () => {
  let registration: { close(): void } | undefined;
  afterEach(() => {
    registration?.close();
    registration = undefined;
  });

  it("are caught by number: real-time ones, and SIGUSR1 without opening Node's inspector", async () => {
    const numbers = [SIGHUP, SIGINT, SIGUSR1, SIGUSR2, SIGTERM, SIGNAL_JSON, SIGNAL_STATS_CLEAR];
    const seen: number[] = [];
    registration = onSignals(loop, numbers, (signal) => seen.push(signal));
    for (const number of numbers) process.kill(process.pid, number);
    process.kill(process.pid, SIGPIPE);
    await waitFor("all signals", () => seen.length >= numbers.length, { within: 5000 });
    expect(seen.sort((a, b) => a - b)).toEqual(numbers.sort((a, b) => a - b));
    const sockets = readdirSync("/proc/self/fd").flatMap((fd) => {
      try {
        return [readlinkSync(`/proc/self/fd/${fd}`)];
      } catch (error) {
        // The descriptor of the listing itself is gone by now.
        expect(error).toMatchObject({ code: "ENOENT" });
        return [];
      }
    });
    const listening = readFileSync("/proc/self/net/tcp", "utf8")
      .split("\n")
      .filter((line) => line.includes(" 0A "))
      .map((line) => `socket:[${line.trim().split(/\s+/)[9]}]`);
    expect(sockets.filter((socket) => listening.includes(socket))).toEqual([]);
  });

  it("have one owner in a process", () => {
    registration = onSignals(loop, [SIGUSR2], () => undefined);
    expect(() => onSignals(loop, [SIGUSR2], () => undefined)).toThrow("EBUSY");
    expect(() => onSignals(loop, [999], () => undefined)).toThrow("EINVAL");
  });

  it("come even if whoever started us had them blocked", () => {
    const code = `
      const native = require(${JSON.stringify(ADDON)});
      const fd = native.signalsOpen([12]);
      process.kill(process.pid, 12);
      process.stdout.write(String(native.signalsRead(fd)));
    `;
    const command = ["--block-signal=USR2", process.execPath, "-e", code];
    expect(execFileSync("env", command, { encoding: "utf8" })).toBe("12");
  });

  it("come again and again, and to the next owner", async () => {
    for (let round = 0; round < 3; round++) {
      let seen = 0;
      const owner = onSignals(loop, [SIGUSR2], () => seen++);
      for (let i = 1; i <= 3; i++) {
        process.kill(process.pid, SIGUSR2);
        await waitFor("the signal", () => seen === i, { within: 5000, every: 1 });
      }
      owner.close();
    }
  });
});

describe("spawnProcess as root", () => {
  it("takes a user's identity, with its groups or none", async () => {
    const nobody = present(userByName("nobody"), "nobody");
    const identity = { uid: nobody.uid, gid: nobody.gid };
    expect(await outputOf("id -u; id -g; id -G", identity)).toBe(
      `${nobody.uid}\n${nobody.gid}\n${nobody.gid}`,
    );
    const groups = [...groupsOfUser("nobody", nobody.gid), 4];
    expect((await outputOf("id -G", { ...identity, groups })).split(" ").map(Number).sort()).toEqual(
      [...new Set(groups)].sort(),
    );
    expect(await outputOf("grep CapEff /proc/self/status", identity)).toMatch(/0{16}$/);
    expect(process.getuid?.()).toBe(0);
  });

  it("closes what the process itself inherited", () => {
    const code = `
      const native = require(${JSON.stringify(ADDON)});
      native.spawn({ path: "/bin/sh", argv: ["sh", "-c", "ls /proc/$$/fd"], env: [], cwd: "/", uid: -1,
        gid: -1, groups: undefined, group: 0, deathSignal: 0, umask: -1, stdio: [-1, 1, -1] });
    `;
    const extra = openSync("/dev/null", "r");
    const stdio: ["ignore", "pipe", "inherit", number] = ["ignore", "pipe", "inherit", extra];
    expect(execFileSync(process.execPath, ["-e", code], { encoding: "utf8", stdio })).toBe("0\n1\n2\n");
    closeSync(extra);
  });

  it("keeps the real-time class to itself", async () => {
    setRealtimePriority(5);
    try {
      expect(new Set(threadField(41))).toEqual(new Set([2]));
      expect(new Set(threadField(40))).toEqual(new Set([5]));
      expect(await outputOf("cut -d' ' -f40,41 /proc/self/stat")).toBe("0 0");
    } finally {
      setRealtimePriority(0);
    }
    expect(new Set(threadField(41))).toEqual(new Set([0]));
  });

  it("ends with the process that started it", async () => {
    const code = `
      const native = require(${JSON.stringify(ADDON)});
      const [pid] = native.spawn({ path: "/bin/sleep", argv: ["sleep", "1000"], env: [], cwd: "/", uid: 65534,
        gid: 65534, groups: [], group: 1, deathSignal: 9, umask: -1, stdio: [-1, -1, -1] });
      process.stdout.write(String(pid) + "\\n");
      setInterval(() => {}, 1000);
    `;
    const parent = spawn(process.execPath, ["-e", code], { stdio: ["ignore", "pipe", "inherit"] });
    const pid = Number(await new Promise<Buffer>((resolve) => parent.stdout.once("data", resolve)));
    expect(readFileSync(`/proc/${pid}/comm`, "utf8").trim()).toBe("sleep");
    parent.kill("SIGKILL");
    await waitFor("the child's end", () => hasEnded(pid), { within: 5000 });
  });
});

/** Gone, or a zombie that init has yet to collect. */
function hasEnded(pid: number): boolean {
  try {
    return /State:\s+[ZX]/.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch (error) {
    return (
      (error as NodeJS.ErrnoException).code === "ENOENT" || (error as NodeJS.ErrnoException).code === "ESRCH"
    );
  }
}

describe("attributes of all threads", () => {
  it("are set on each", () => {
    setNice(3);
    expect(new Set(threadField(19))).toEqual(new Set([3]));
    setNice(0);
    setAffinity([0]);
    for (const thread of readdirSync("/proc/self/task")) {
      expect(readFileSync(`/proc/self/task/${thread}/status`, "utf8")).toMatch(/Cpus_allowed_list:\s+0\n/);
    }
    expect(() => setAffinity([5000])).toThrow("EINVAL");
    setRealtimeLimit(5_000_000, 10_000_000);
    expect(readFileSync("/proc/self/limits", "utf8")).toMatch(/Max realtime timeout\s+5000000\s+10000000/);
  });

  it("include code kept in memory, and collection goes on working", () => {
    expect(lockFileMappings()).toBeGreaterThan(0);
    const garbage = Array.from({ length: 200_000 }, (_, i) => ({ i }));
    expect(garbage).toHaveLength(200_000);
    expect(readFileSync("/proc/self/status", "utf8")).toMatch(/VmLck:\s+[1-9]/);
  });
});

describe("enterNetworkNamespace", () => {
  it("moves the thread, and the threads made after it", async () => {
    const namespace = enterNewNamespace("setns");
    try {
      namespace.run("ip", "link", "add", "only-here", "type", "bridge");
      const netlink = openNetlink(loop, () => undefined);
      await waitFor("the dump", () => netlink.synchronised, { within: 5000 });
      const index = present(netlink.linkByName("only-here"), "link").index;
      const added = new Promise((resolve) => {
        netlink.addAddress({ index, address: "10.1.1.1", prefixLength: 24 }, resolve);
      });
      expect(await added).toBeUndefined();
      expect(namespace.run("ip", "address", "show", "dev", "only-here")).toContain("10.1.1.1/24");
      netlink.close();
    } finally {
      namespace.remove();
    }
    expect(() => enterNetworkNamespace("/run/netns/no-such")).toThrow("ENOENT");
  });
});
