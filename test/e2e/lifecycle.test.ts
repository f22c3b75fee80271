/** A daemon's life besides being killed: hanging, reload, notify order, a clean stop, a second start. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { instanceConfig, withPair } from "../interop/pair.ts";
import { Director } from "../support/director.ts";
import { watchStalls } from "../support/stall-watch.ts";
import { pause, waitFor } from "../support/wait.ts";
import {
  buoy,
  HoldingLog,
  journalOf,
  longestOverlap,
  murder,
  OVERLAP,
  processesOf,
  processOf,
  runtimeFiles,
  wallClock,
} from "./daemon.ts";

const MASTER = { priority: 150 };
const BACKUP = { priority: 100 };

const stalls = watchStalls();

function kindsIn(director: Director): readonly string[] {
  return journalOf(director).map((entry) => entry.event.event.kind);
}

test("a vrrp process that hangs is ended and its addresses are taken out before the peer takes them", async () => {
  await withPair("v2", ["buoy", "buoy"], async (pair) => {
    const { one, two, address } = pair;
    one.start(instanceConfig("v2", MASTER));
    two.start(instanceConfig("v2", BACKUP));
    await pair.waitForMaster(one);
    await pause(1_500);
    const logs = [new HoldingLog(one.host, address), new HoldingLog(two.host, address)] as const;
    const at = wallClock();
    process.kill(processOf(one, "vrrp") ?? 0, "SIGSTOP");
    await pair.waitForMaster(two, 6_000);
    // The restarted one has the higher priority and takes over again by the protocol.
    await pair.waitForMaster(one, 8_000);
    expect(kindsIn(one)).toEqual(expect.arrayContaining(["HeartbeatMissed", "ChildDied", "LedgerReleased"]));
    expect(await longestOverlap(logs, at, stalls)).toBeLessThan(OVERLAP);
    for (const log of logs) log.stop();
  });
});

test("a vrrp process that dies again and again at 100 ms leaves no address behind", async () => {
  const interval = 0.1;
  await withPair("v3-ipv4", ["buoy", "buoy"], async (pair) => {
    const { one, two, address } = pair;
    one.start(instanceConfig("v3-ipv4", { ...MASTER, interval }));
    two.start(instanceConfig("v3-ipv4", { ...BACKUP, interval }));
    await pair.waitForMaster(one);
    await pause(500);
    const logs = [new HoldingLog(one.host, address), new HoldingLog(two.host, address)] as const;
    const at = wallClock();
    // The second death falls into the restart: the third start comes a second later, too late to go on.
    murder(one, "vrrp");
    const again = await waitFor("the next vrrp process", () => processOf(one, "vrrp"), {
      within: 5_000,
      every: 1,
    });
    process.kill(again, "SIGKILL");
    await pair.waitForMaster(two, 3_000);
    await pair.waitForMaster(one, 6_000);
    expect(kindsIn(one)).toContain("LedgerReleased");
    expect(await longestOverlap(logs, at, stalls)).toBeLessThan(OVERLAP);
    for (const log of logs) log.stop();
  });
});

test("a steward that hangs holds nobody up", async () => {
  await withPair("v3-ipv4", ["buoy", "buoy"], async (pair) => {
    const { one, two, address, wire } = pair;
    one.start(instanceConfig("v3-ipv4", { ...MASTER, interval: 0.1 }));
    two.start(instanceConfig("v3-ipv4", { ...BACKUP, interval: 0.1 }));
    await pair.waitForMaster(one);
    process.kill(processOf(one, "steward") ?? 0, "SIGSTOP");
    const from = wallClock() / 1_000;
    await pause(3_000);
    const to = wallClock() / 1_000;
    const seen = wire.advertisementsFrom("10.9.0.1").filter(({ at }) => at > from && at < to);
    const due = Math.floor((to - from - (await stalls.lost(from, to))) / 0.1);
    expect(seen.length).toBeGreaterThanOrEqual(due - 2);
    expect(two.host.holds(address)).toBe(false);
    process.kill(processOf(one, "steward") ?? 0, "SIGCONT");
    expect(buoy(one, "status")).toContain("MASTER");
  });
});

test("SIGHUP with a bad file keeps everything and says why; with a good one it loses no advertisement", async () => {
  await withPair("v3-ipv4", ["buoy", "buoy"], async (pair) => {
    const { one, wire } = pair;
    const interval = 0.1;
    const good = instanceConfig("v3-ipv4", { ...MASTER, interval });
    one.start(good);
    await waitFor("mastery", () => one.host.holds(pair.address), { within: 10_000 });
    const file = one.host.path("buoy.conf");
    const began = wallClock() / 1000;

    writeFileSync(file, good.replace("virtual_router_id 51", "virtual_router_id 0"));
    one.signal("SIGHUP");
    await waitFor("the refusal", () => kindsIn(one).includes("ConfigRefused"), { within: 5_000 });
    expect(one.output).toContain("virtual_router_id");
    expect(one.host.holds(pair.address)).toBe(true);
    expect(() => buoy(one, "reload")).toThrow(/virtual_router_id/);

    writeFileSync(file, good.replace("10.9.0.100/24", "10.9.0.100/24\n 10.9.0.101/24"));
    one.signal("SIGHUP");
    await waitFor("the second address", () => one.host.holds("10.9.0.101"), { within: 5_000 });
    writeFileSync(file, good);
    buoy(one, "reload");
    await waitFor("the second address to go", () => !one.host.holds("10.9.0.101"), { within: 5_000 });
    await pause(500);

    const times = wire
      .advertisementsFrom("10.9.0.1")
      .map((seen) => seen.at)
      .filter((at) => at > began);
    const gaps = await Promise.all(
      times.slice(1).map(async (at, index) => {
        const before = times[index] ?? at;
        return at - before - (await stalls.lost(before, at));
      }),
    );
    console.log(
      `reloads at ${interval} s: largest gap between advertisements ${(Math.max(...gaps) * 1000).toFixed(1)} ms`,
    );
    expect(Math.max(...gaps)).toBeLessThan(2 * interval);
    expect(new Set(wire.advertisementsFrom("10.9.0.1").map((seen) => seen.priority))).toEqual(new Set([150]));
    expect(one.host.holds(pair.address)).toBe(true);
  });
});

test("notify scripts of a quick pair of states run in order, never at the same time", async () => {
  await withPair("v2", ["buoy", "buoy"], async (pair) => {
    const { one, two, address } = pair;
    const log = one.host.path("notify.log");
    // The slower script belongs to the earlier state: without a queue it would end last.
    const script = one.host.writeFile(
      "notify.sh",
      `#!/bin/sh\necho "begin $3" >> ${log}\n[ "$3" = MASTER ] && sleep 1\necho "end $3 $*" >> ${log}\n`,
      0o755,
    );
    const extra = `notify ${script}\n`;
    one.start(instanceConfig("v2", { ...BACKUP, extra }));
    await waitFor("mastery", () => one.host.holds(address), { within: 10_000 });
    // A better router takes over at once: MASTER and BACKUP follow each other within the script's second.
    two.start(instanceConfig("v2", { priority: 255 }));
    await waitFor(
      "the last script",
      () =>
        readLog(log)
          .split("\n")
          .filter((line) => line.startsWith("end BACKUP")).length === 2,
      {
        within: 10_000,
        detail: () => readLog(log),
      },
    );
    const lines = readLog(log).trim().split("\n");
    expect(lines.filter((_, index) => index % 2 === 0).every((line) => line.startsWith("begin"))).toBe(true);
    const states = lines.filter((line) => line.startsWith("end")).map((line) => line.split(" ")[1]);
    expect(states).toEqual(["BACKUP", "MASTER", "BACKUP"]);
    expect(lines).toContain("end MASTER INSTANCE VI_1 MASTER 100");
    expect(kindsIn(one).filter((kind) => kind === "ScriptEnded").length).toBe(3);
  });
});

function readLog(path: string): string {
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}

test("SIGTERM releases, runs the STOP script, ends with 0 and leaves a clean machine", async () => {
  await withPair("v2", ["buoy", "buoy"], async (pair) => {
    const { one, two, address, wire } = pair;
    const log = one.host.path("stop.log");
    const script = one.host.writeFile("stop.sh", `#!/bin/sh\necho "$@" >> ${log}\n`, 0o755);
    one.start(instanceConfig("v2", { ...MASTER, extra: `notify ${script}` }));
    two.start(instanceConfig("v2", BACKUP));
    await pair.waitForMaster(one);
    const began = performance.now();
    expect(await one.stop()).toBe(0);
    expect(performance.now() - began).toBeLessThan(2_000);
    expect(one.host.holds(address)).toBe(false);
    expect(readLog(log).trim().split("\n").at(-1)).toBe("INSTANCE VI_1 STOP 150");
    expect(processesOf(one.runtimeDir)).toEqual([]);
    expect(runtimeFiles(one)).toEqual(["journal.jsonl"]);
    await pair.waitForMaster(two, 2_000);
    await waitFor(
      "the advertisement of priority 0",
      () => wire.advertisementsFrom("10.9.0.1").at(-1)?.priority === 0,
      {
        within: 3_000,
      },
    );
  });
});

test("a second daemon in the same runtime directory is refused; after kill -9 the next start removes leftovers", async () => {
  await withPair("v2", ["buoy", "buoy"], async (pair) => {
    const { one, address } = pair;
    one.start(instanceConfig("v2", MASTER));
    await waitFor("mastery", () => one.host.holds(address), { within: 10_000 });
    const second = new Director("buoy", one.host);
    second.start(instanceConfig("v2", MASTER));
    expect(await ended(second)).toBe(1);
    expect(second.output).toContain("already running");
    expect(buoy(one, "status")).toContain("MASTER");

    // All processes at once: nobody is left to release.
    for (const info of processesOf(one.runtimeDir)) process.kill(info.pid, "SIGSTOP");
    for (const info of processesOf(one.runtimeDir)) process.kill(info.pid, "SIGKILL");
    await waitFor("the end of all", () => processesOf(one.runtimeDir).length === 0, { within: 3_000 });
    expect(one.host.holds(address)).toBe(true);
    const third = new Director("buoy", one.host);
    third.start(instanceConfig("v2", MASTER));
    await waitFor("the leftover to go", () => !one.host.holds(address), { within: 3_000, every: 5 });
    await waitFor("mastery", () => one.host.holds(address), { within: 10_000 });
    expect(await third.stop()).toBe(0);
  });
});

test("a refused first configuration ends the daemon with keepalived's codes and says everything", async () => {
  await withPair("v2", ["buoy", "buoy"], async (pair) => {
    const { one } = pair;
    one.start(instanceConfig("v2", MASTER).replace("interface eth0", ""));
    expect(await ended(one)).toBe(2);
    expect(one.output).toContain("interface");
    expect(processesOf(one.runtimeDir)).toEqual([]);
  });
});

/** The exit code of a daemon that is expected to end by itself. */
async function ended(director: Director): Promise<number | null> {
  const pid = director.pid ?? 0;
  await waitFor("the daemon's end", () => !existsSync(`/proc/${pid}/exe`) || !alive(pid), { within: 10_000 });
  await pause(50);
  return director.stop();
}

function alive(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8").split(" ")[2] !== "Z";
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}
