/**
 * How late a backup takes over: the first advertisement beyond Master_Down_Interval, and from it to the first gratuitous ARP.
 * A keepalived master loses its cable again and again; the backup is buoy on one LAN and keepalived on its twin, both at the same
 * time. Time stamps are the kernel's on a third host, by tcpdump.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { expect, test } from "vitest";
import { instanceConfig, masterDownInterval, Pair } from "../test/interop/pair.ts";
import type { DirectorKind } from "../test/support/director.ts";
import { pause, waitFor } from "../test/support/wait.ts";
import { median, percentile, table, writeSection } from "./results.ts";

interface Sample {
  /** Milliseconds beyond Master_Down_Interval. */
  readonly lateness: number;
  /** Milliseconds from that advertisement to the first gratuitous ARP. */
  readonly announced: number;
}

const BACKUP_PRIORITY = 100;
const scale = Number(process.env.BUOY_BENCH_SCALE ?? "1");

const CASES = [
  { interval: 1, rounds: Math.ceil(12 * scale), busy: false },
  { interval: 0.1, rounds: Math.ceil(60 * scale), busy: false },
  { interval: 0.1, rounds: Math.ceil(100 * scale), busy: true },
];

test("failover", async () => {
  const rows: string[][] = [];
  for (const { interval, rounds, busy } of CASES) {
    const hogs = busy ? [hog(), hog()] : [];
    try {
      const [buoy, keepalived] = await Promise.all([
        measure("buoy", interval, rounds),
        measure("keepalived", interval, rounds),
      ]);
      rows.push(row(interval, busy, "buoy", buoy), row(interval, busy, "keepalived", keepalived));
    } finally {
      for (const process of hogs) process.kill("SIGKILL");
    }
  }
  const head = [
    "advert_int",
    "cores",
    "backup",
    "rounds",
    "lateness median",
    "p99",
    "max",
    "advert to GARP median",
    "p99",
  ];
  const text = table(head, rows);
  process.stdout.write(`${text}\n`);
  writeSection(
    "failover",
    "Takeover: lateness and announcement",
    `Milliseconds beyond Master_Down_Interval, and from the first advertisement to the first gratuitous ARP.\n\n${text}`,
  );
  expect(rows.length).toBe(CASES.length * 2);
});

function row(interval: number, busy: boolean, kind: string, samples: readonly Sample[]): string[] {
  const late = samples.map((sample) => sample.lateness);
  const announced = samples.map((sample) => sample.announced);
  const figures = [
    median(late),
    percentile(late, 0.99),
    Math.max(...late),
    median(announced),
    percentile(announced, 0.99),
  ];
  return [
    `${interval} s`,
    busy ? "busy" : "idle",
    kind,
    String(samples.length),
    ...figures.map((value) => value.toFixed(2)),
  ];
}

function hog(): ChildProcess {
  return spawn("sh", ["-c", "while :; do :; done"], { stdio: "ignore" });
}

async function measure(kind: DirectorKind, interval: number, rounds: number): Promise<Sample[]> {
  const pair = await Pair.create("v3-ipv4", ["keepalived", kind]);
  const { one, two, wire, lan } = pair;
  const samples: Sample[] = [];
  try {
    one.start(instanceConfig("v3-ipv4", { priority: 200, interval }));
    two.start(instanceConfig("v3-ipv4", { priority: BACKUP_PRIORITY, interval }));
    await pair.waitForMaster(one);
    const mac = two.host.mac();
    for (let round = 0; round < rounds; round++) {
      await pause(interval * 1_000 * 2 + 137);
      const before = wire.advertisementsFrom("10.9.0.2").length;
      lan.setCable(one.host, false);
      const taken = await waitFor("the takeover", () => wire.advertisementsFrom("10.9.0.2").at(before), {
        within: interval * 6_000 + 2_000,
        detail: () => pair.story(),
      });
      const announced = await waitFor(
        "the announcement",
        () =>
          wire.announcements.find(
            (seen) => seen.mac === mac && seen.address === pair.address && seen.at >= taken.at,
          ),
        { within: 2_000 },
      );
      const last = wire.advertisementsFrom("10.9.0.1").findLast((seen) => seen.at < taken.at);
      samples.push({
        lateness:
          (taken.at - (last?.at ?? 0) - masterDownInterval("v3-ipv4", BACKUP_PRIORITY, interval)) * 1_000,
        announced: (announced.at - taken.at) * 1_000,
      });
      lan.setCable(one.host, true);
      await pair.waitForMaster(one, interval * 10_000 + 5_000);
    }
    return samples;
  } finally {
    await pair.destroy();
  }
}
