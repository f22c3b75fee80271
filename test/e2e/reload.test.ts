/** A reload that changes nothing touches nothing, and a plan says beforehand what one that does will do. */
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { instanceConfig, type Pair, withPair } from "../interop/pair.ts";
import { watchStalls } from "../support/stall-watch.ts";
import { pause, waitFor } from "../support/wait.ts";
import { BUOY, buoy, journalOf, wallClock } from "./daemon.ts";

const INTERVAL = 0.01;
/** Reloads of the equivalent file. */
const RELOADS = 10;
/** The commands that reload share the processors with the daemon. */
const REALTIME = "global_defs {\n vrrp_rt_priority 50\n}\n";

const stalls = watchStalls("real-time");

interface Status {
  readonly kernelRequests: number;
  readonly vrrp: { readonly instances: readonly { readonly statistics: Record<string, number> }[] };
}

function statusOf(pair: Pair): Status {
  return JSON.parse(buoy(pair.one, "status", "--json")) as Status;
}

/** `buoy reload`, while the witness is read. */
async function reload({ one }: Pair): Promise<string> {
  const child = one.host.spawn([process.execPath, BUOY, "reload", "--runtime-dir", one.runtimeDir]);
  let text = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    text += chunk.toString();
  });
  await once(child, "close");
  return text;
}

/** The same configuration in other words: comments, order, another name for the instance's defaults. */
function equivalent(config: string): string {
  return config
    .replace("router_id test", "# the same router\n  router_id test")
    .replace("state BACKUP\n", "")
    .replace("priority 150", "priority 150\n  state BACKUP");
}

test("reloads of an equivalent file at 10 ms: no kernel request, no script, no missed advertisement", async () => {
  await withPair("v3-ipv4", ["buoy", "buoy"], async (pair) => {
    const { one, two, wire } = pair;
    const script = one.host.writeFile("notify.sh", "#!/bin/sh\n", 0o755);
    const extra = `notify ${script}`;
    const good = REALTIME + instanceConfig("v3-ipv4", { priority: 150, interval: INTERVAL, extra });
    one.start(good);
    two.start(REALTIME + instanceConfig("v3-ipv4", { priority: 100, interval: INTERVAL }));
    await pair.waitForMaster(one);
    // The second burst of announcements and the first script are over by then.
    await pause(6_000);
    const before = statusOf(pair);
    const scripts = () => journalOf(one).filter((entry) => entry.event.event.kind === "ScriptEnded").length;
    const ran = scripts();
    const monitor = one.host.spawn(["ip", "monitor", "link", "address", "route", "rule"]);
    let told = "";
    monitor.stdout?.on("data", (chunk: Buffer) => {
      told += chunk.toString();
    });
    await pause(300);
    const began = wallClock() / 1000;
    for (let count = 0; count < RELOADS; count++) {
      writeFileSync(one.host.path("buoy.conf"), count % 2 === 0 ? equivalent(good) : good);
      expect(await reload(pair)).toContain("nothing changed");
    }
    const ended = wallClock() / 1000;
    const after = statusOf(pair);
    await waitFor("the witness", () => (wire.advertisements.at(-1)?.at ?? 0) > ended + 0.3, {
      within: 20_000,
    });
    monitor.kill("SIGKILL");
    expect(after.kernelRequests).toBe(before.kernelRequests);
    expect(told).toBe("");
    expect(scripts()).toBe(ran);
    const times = wire
      .advertisementsFrom("10.9.0.1")
      .map((seen) => seen.at)
      .filter((at) => at > began && at < ended);
    const due = (ended - began) / INTERVAL;
    console.log(
      `${RELOADS} reloads in ${(ended - began).toFixed(2)} s: ${times.length} of ${due.toFixed(0)} advertisements`,
    );
    // None is missing: the grid of deadlines has one for each interval, give or take the two ends, and those that the machine
    // had no time for.
    const withheld = (await stalls.lost(began, ended)) / INTERVAL;
    // A stall costs the one at its edge, too.
    expect(times.length).toBeGreaterThanOrEqual(Math.floor(due - 1.05 * withheld) - 2);
    expect(two.host.holds(pair.address)).toBe(false);
  });
});

test("buoy plan says what buoy reload then does", async () => {
  await withPair("v3-ipv4", ["buoy", "buoy"], async (pair) => {
    const { one } = pair;
    const interval = 0.1;
    const good = instanceConfig("v3-ipv4", { priority: 150, interval });
    one.start(good);
    await waitFor("mastery", () => one.host.holds(pair.address), { within: 10_000 });
    expect(buoy(one, "plan")).toContain("no virtual address moves");

    const next = good.replace("10.9.0.100/24", "10.9.0.101/24").replace("priority 150", "priority 140");
    const file = one.host.writeFile("next.conf", next);
    const plan = buoy(one, "plan", file);
    expect(plan).toContain("priority: 150 -> 140");
    expect(plan).toContain("releases 10.9.0.100/24 dev eth0");
    expect(plan).toContain("virtual addresses move: VI_1");
    await pause(200);
    expect(one.host.holds("10.9.0.100")).toBe(true);

    const bad = one.host.writeFile("bad.conf", good.replace("virtual_router_id 51", "virtual_router_id 0"));
    expect(() => buoy(one, "plan", bad)).toThrow(/virtual_router_id/);

    writeFileSync(one.host.path("buoy.conf"), next);
    const done = buoy(one, "reload");
    for (const line of plan.trimEnd().split("\n")) expect(done).toContain(line);
    await waitFor("the new address", () => one.host.holds("10.9.0.101"), { within: 2_000 });
    expect(one.host.holds("10.9.0.100")).toBe(false);
    expect(journalOf(one).map((entry) => entry.event.event.kind)).toContain("ReloadPlanned");
  });
});
