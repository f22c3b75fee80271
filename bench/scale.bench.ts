/**
 * What many virtual routers cost: processor time of a daemon with 1,000 instances as master and as backup, and advertisements
 * every 10 ms, which buoy and keepalived send at the same time, on twin LANs.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "vitest";
import { Pair } from "../test/interop/pair.ts";
import { Director, type DirectorKind } from "../test/support/director.ts";
import { type Host, Lan } from "../test/support/lan.ts";
import { A_SEGMENT, addSegments, manyInstances } from "../test/support/many.ts";
import { pause, waitFor } from "../test/support/wait.ts";
import { median, percentile, table, writeSection } from "./results.ts";

const KINDS: readonly DirectorKind[] = ["buoy", "keepalived"];
const scale = Number(process.env.BUOY_BENCH_SCALE ?? "1");
const INSTANCES = 1_000;
const WATCHED_SECONDS = Math.ceil(20 * scale);
const ROUNDS = Math.ceil(5 * scale);
const TICKS_PER_SECOND = 100;

test("1,000 instances", async () => {
  const samples = new Map<string, number[]>();
  for (let round = 0; round < ROUNDS; round++) {
    // One pair after the other: together they would measure how two processors are shared out. Both backups have a keepalived
    // for their master: what a backup costs depends on how its master spreads the advertisements over the second.
    const ours = await load("buoy", "keepalived");
    const theirs = await load("keepalived", "keepalived");
    const backup = await load("keepalived", "buoy");
    for (const [key, value] of [
      ["buoy master", ours.master],
      ["keepalived master", theirs.master],
      ["keepalived backup", theirs.backup],
      ["buoy backup", backup.backup],
    ] as const)
      samples.set(key, [...(samples.get(key) ?? []), value]);
  }
  const figure = (key: string): string => median(samples.get(key) ?? []).toFixed(1);
  const ratio = (role: string): string =>
    median(
      (samples.get(`buoy ${role}`) ?? []).map(
        (own, round) => own / (samples.get(`keepalived ${role}`)?.[round] ?? 0),
      ),
    ).toFixed(2);
  const rows = ["master", "backup"].map((role) => [
    role,
    figure(`buoy ${role}`),
    figure(`keepalived ${role}`),
    ratio(role),
  ]);
  report(
    "instances",
    "1,000 instances: processor time",
    `Per cent of one core, all processes of the daemon, ${INSTANCES} instances at 1 s over four segments, a backup's master is a keepalived; median of ${ROUNDS} rounds of ${WATCHED_SECONDS} s.`,
    table(["role", "buoy", "keepalived", "ratio"], rows),
  );
});

/** Processor time of both as per cent of one core, once all has settled. */
async function load(master: DirectorKind, backup: DirectorKind): Promise<{ master: number; backup: number }> {
  const lan = new Lan();
  try {
    const hosts = ["one", "two"].map((name): Host => lan.addHost(name));
    addSegments(lan, hosts, Math.ceil(INSTANCES / A_SEGMENT));
    const one = new Director(master, hosts[0] as Host);
    const two = new Director(backup, hosts[1] as Host);
    one.start(manyInstances({ count: INSTANCES, priority: 200 }));
    await waitFor("the master", () => heldBy(one) === INSTANCES, { within: 60_000, every: 500 });
    two.start(manyInstances({ count: INSTANCES, priority: 100 }));
    await pause(8_000);
    await waitFor("the backup to hold nothing", () => heldBy(two) === 0, {
      within: 30_000,
      every: 500,
      detail: () => `${backup} holds ${heldBy(two)} beside ${master}`,
    });
    const before = [ticksOf(one), ticksOf(two)] as const;
    await pause(WATCHED_SECONDS * 1_000);
    const [first, second] = [ticksOf(one) - before[0], ticksOf(two) - before[1]];
    const share = (ticks: number): number => (ticks / TICKS_PER_SECOND / WATCHED_SECONDS) * 100;
    return { master: share(first), backup: share(second) };
  } finally {
    lan.destroy();
  }
}

function heldBy(director: Director): number {
  return director.host.run("ip", "-o", "-4", "addr").split(" 10.30.").length - 1;
}

/** Clock ticks of all processes in the daemon's namespace, itself and its children. */
function ticksOf(director: Director): number {
  let ticks = 0;
  const pids = execFileSync("ip", ["netns", "pids", director.host.namespace], { encoding: "utf8" });
  for (const pid of pids.split("\n").filter(Boolean)) {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks;
}

test("advertisements every 10 ms", async () => {
  const rows = await Promise.all(KINDS.map((kind) => every10ms(kind)));
  report(
    "10ms",
    "Advertisements every 10 ms",
    `A master for ${WATCHED_SECONDS} s: milliseconds between two advertisements, kernel time stamps on a third host.`,
    table(["master", "advertisements", "mean", "median", "p99", "max"], rows),
  );
});

async function every10ms(kind: DirectorKind): Promise<string[]> {
  const pair = await Pair.create("v3-ipv4", [kind, kind]);
  try {
    const { one, wire } = pair;
    one.start(
      "vrrp_instance VI_1 {\n interface eth0\n virtual_router_id 51\n version 3\n priority 200\n advert_int 0.01\n virtual_ipaddress {\n 10.9.0.100/24\n }\n}\n",
    );
    await waitFor("the master", () => one.host.holds(pair.address), { within: 10_000 });
    await pause(6_000);
    const from = wire.advertisementsFrom("10.9.0.1").length;
    await pause(WATCHED_SECONDS * 1_000);
    const times = wire
      .advertisementsFrom("10.9.0.1")
      .slice(from)
      .map(({ at }) => at * 1_000);
    const gaps = times.slice(1).map((at, index) => at - (times[index] ?? at));
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    const figures = [mean, median(gaps), percentile(gaps, 0.99), Math.max(...gaps)];
    return [kind, String(times.length), ...figures.map((value) => value.toFixed(2))];
  } finally {
    await pair.destroy();
  }
}

function report(name: string, title: string, note: string, text: string): void {
  process.stdout.write(`${title}\n${text}\n`);
  writeSection(name, title, `${note}\n\n${text}`);
}
