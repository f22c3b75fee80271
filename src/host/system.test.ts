import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { createLoop } from "./loop.ts";
import { native, SystemError } from "./native.ts";
import type { SpawnExit, SpawnedProcess, SpawnOptions } from "./system.ts";
import {
  groupByName,
  groupsOfUser,
  openDatagramSender,
  spawnProcess,
  tryLock,
  userByName,
} from "./system.ts";

const loop = createLoop();
const directory = mkdtempSync(join(tmpdir(), "buoy-system-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function run(
  script: string,
  options: Partial<SpawnOptions> = {},
  started?: (child: SpawnedProcess) => void,
): Promise<SpawnExit> {
  return new Promise((resolve) => {
    const child = spawnProcess(loop, { path: "/bin/sh", argv: ["sh", "-c", script], ...options }, resolve);
    started?.(child);
  });
}

/** What the script writes to standard output. */
async function outputOf(script: string, options: Partial<SpawnOptions> = {}): Promise<string> {
  const file = join(directory, "output");
  const fd = openSync(file, "w");
  try {
    await run(script, { stdio: [null, fd, null], ...options });
  } finally {
    closeSync(fd);
  }
  return readFileSync(file, "utf8").trim();
}

function failureOf(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error instanceof SystemError ? error.osError : error;
  }
  return undefined;
}

describe("spawnProcess", () => {
  it("tells exit status and signal", async () => {
    expect(await run("exit 7")).toEqual({ kind: "exited", code: 7 });
    expect(await run("kill -9 $$")).toEqual({ kind: "killed", signal: 9 });
  });

  it("reaps many that end at once", async () => {
    const exits = await Promise.all(Array.from({ length: 40 }, (_, code) => run(`exit ${code}`)));
    expect(exits).toEqual(exits.map((_, code) => ({ kind: "exited", code })));
  });

  it("says which step failed", () => {
    const start = (options: Partial<SpawnOptions>): unknown =>
      failureOf(() =>
        spawnProcess(loop, { path: "/bin/sh", argv: ["sh"], ...options }, () => expect.unreachable()),
      );
    expect(start({ path: "/nonexistent" })).toEqual({
      call: "execve",
      errno: "ENOENT",
      subject: "/nonexistent",
    });
    expect(start({ path: "/etc/passwd" })).toMatchObject({ call: "execve", errno: "EACCES" });
    expect(start({ cwd: "/nonexistent" })).toMatchObject({ call: "chdir", errno: "ENOENT" });
  });

  it("passes arguments, environment, folder and umask, and nothing of ours", async () => {
    expect(await outputOf("echo $A-$HOME; pwd; umask", { env: { A: "b" }, cwd: "/usr", umask: 0o27 })).toBe(
      "b-\n/usr\n0027",
    );
  });

  it("hands over the named descriptors only", async () => {
    const extra = openSync("/dev/null", "r");
    try {
      expect(await outputOf("ls /proc/$$/fd")).toBe("0\n1\n2");
    } finally {
      closeSync(extra);
    }
  });

  it("can exchange descriptors that overlap their places", async () => {
    const [first, second] = [join(directory, "first"), join(directory, "second")];
    const [one, two] = [openSync(first, "w"), openSync(second, "w")];
    await run("echo error >&2; echo output", { stdio: [null, two, one] });
    closeSync(one);
    closeSync(two);
    expect([readFileSync(first, "utf8"), readFileSync(second, "utf8")]).toEqual(["error\n", "output\n"]);
  });

  it("ignores and blocks no signal", async () => {
    const status = await outputOf("grep -E 'Sig(Blk|Ign)' /proc/self/status");
    const masks = status.split("\n").map((line) => Number.parseInt(line.split(":")[1] ?? "", 16));
    expect(masks).toEqual([0, 0]);
  });

  it("kills the whole process group", async () => {
    let child: SpawnedProcess | undefined;
    const ended = run("sleep 100 & wait", {}, (started) => {
      child = started;
    });
    expect(child?.kill(15)).toBe(true);
    expect(await ended).toEqual({ kind: "killed", signal: 15 });
    expect(child?.kill(15)).toBe(false);
  });

  it("makes a process group or a session where asked", async () => {
    const fields = async (isolation: SpawnOptions["isolation"]): Promise<string[]> =>
      (await outputOf("cut -d' ' -f1,5,6 /proc/$$/stat", { ...(isolation && { isolation }) })).split(" ");
    const [pid, group, session] = await fields("session");
    expect([group, session]).toEqual([pid, pid]);
    const [ownPid, ownGroup, oldSession] = await fields("process-group");
    expect(ownGroup).toBe(ownPid);
    expect(oldSession).not.toBe(ownPid);
    const [plainPid, plainGroup] = await fields("none");
    expect(plainGroup).not.toBe(plainPid);
  });
});

describe("locks", () => {
  it("exclude another open file, and end with the descriptor", () => {
    const file = join(directory, "lock");
    const [one, two] = [openSync(file, "w"), openSync(file, "w")];
    expect(tryLock(one)).toBe(true);
    expect(tryLock(two)).toBe(false);
    closeSync(one);
    expect(tryLock(two)).toBe(true);
    closeSync(two);
    expect(() => tryLock(two)).toThrow(SystemError);
  });
});

describe("identities", () => {
  it("are found by name", () => {
    expect(userByName("root")).toEqual({
      name: "root",
      uid: 0,
      gid: 0,
      home: "/root",
      shell: expect.any(String),
    });
    expect(userByName("no-such-user")).toBeUndefined();
    expect(groupByName("root")).toBe(0);
    expect(groupByName("no-such-group")).toBeUndefined();
    expect(groupsOfUser("root", 0)).toContain(0);
  });
});

describe("datagram senders", () => {
  it.each(["file", "abstract"])("reach a socket: %s", (kind) => {
    const path = kind === "file" ? join(directory, "socket") : `@buoy-system-test-${process.pid}`;
    const receiver = native.socket(1, 2, 0);
    expect(native.bindUnix(receiver, path.replace("@", "\0"))).toBe(0);
    const sender = openDatagramSender(path);
    expect(sender.send(Uint8Array.of(1, 2, 3))).toBe(true);
    const buffer = new Uint8Array(8);
    expect(native.receive(receiver, buffer)).toBe(3);
    native.close(receiver);
    expect(sender.send(Uint8Array.of(1))).toBe(false);
    sender.close();
  });

  it("do not block on a full receiver", () => {
    const path = `@buoy-full-test-${process.pid}`;
    const receiver = native.socket(1, 2, 0);
    native.bindUnix(receiver, path.replace("@", "\0"));
    const sender = openDatagramSender(path);
    let sent = 0;
    while (sender.send(new Uint8Array(1000))) sent++;
    expect(sent).toBeGreaterThan(0);
    sender.close();
    native.close(receiver);
  });
});

describe("arguments of the addon", () => {
  it("of a wrong type throw, and do no harm", () => {
    const calls = native as unknown as Record<string, (...values: unknown[]) => unknown>;
    for (const [name, call] of Object.entries(calls)) {
      if (
        name.endsWith("Micros") ||
        name === "timerfdOpen" ||
        name === "epollOpen" ||
        name === "signalsClose" ||
        name === "inotifyOpen" ||
        name === "lockFileMappings"
      ) {
        continue;
      }
      expect(() => call(), name).toThrow();
      expect(() => call({}, {}, {}, {}, {}, {}), name).toThrow();
    }
  });
});
