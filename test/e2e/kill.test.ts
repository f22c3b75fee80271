/**
 * SIGKILL to each process of the master, at 1 s (version 2) and at 100 ms (version 3): afterwards there is exactly one
 * master, at no time do both hold the address, nothing is left behind, and the client's outage is within the protocol's bound.
 */
import { describe, expect, test } from "vitest";
import type { Flavour } from "../interop/pair.ts";
import { instanceConfig, masterDownInterval, type Pair, withPair } from "../interop/pair.ts";
import { watchStalls } from "../support/stall-watch.ts";
import { pause, waitFor } from "../support/wait.ts";
import type { Role } from "./daemon.ts";
import {
  Client,
  HoldingLog,
  longestOverlap,
  murder,
  OVERLAP,
  processesOf,
  processOf,
  runtimeFiles,
  wallClock,
} from "./daemon.ts";

interface Speed {
  readonly flavour: Flavour;
  /** Advertisement interval in seconds. */
  readonly interval: number;
}

const SPEEDS: readonly Speed[] = [
  { flavour: "v2", interval: 1 },
  { flavour: "v3-ipv4", interval: 0.1 },
];
const ROLES: readonly Role[] = ["vrrp", "steward", "supervisor"];
const PRIORITY = 150;
const BACKUP_PRIORITY = 100;
/** For a machine whose time is stolen: processes are started and killed while others build. */
const SLACK = 500;

const stalls = watchStalls();

for (const { flavour, interval } of SPEEDS) {
  describe(`${flavour} at ${interval} s`, () => {
    for (const role of ROLES) {
      test(`kill -9 of the ${role} process of the master`, () =>
        withPair(flavour, ["buoy", "buoy"], (pair) => killed(pair, role, interval)));
    }
  });
}

async function killed(pair: Pair, role: Role, interval: number): Promise<void> {
  const { flavour, one, two, address } = pair;
  one.start(instanceConfig(flavour, { priority: PRIORITY, interval }));
  two.start(instanceConfig(flavour, { priority: BACKUP_PRIORITY, interval }));
  await pair.waitForMaster(one);
  await waitFor("both to run all processes", () => processOf(two, "steward") && processOf(two, "vrrp"), {
    within: 5_000,
  });
  const masterDown = masterDownInterval(flavour, BACKUP_PRIORITY, interval) * 1000;
  const logs = [new HoldingLog(one.host, address), new HoldingLog(two.host, address)] as const;

  const client = new Client(pair.lan.addHost("client", { ipv4: "10.9.0.4/24" }), address, 10);
  await client.settle();
  await pause(3 * interval * 1000);

  const before = processOf(one, role);
  const at = wallClock();
  const dead = murder(one, role);
  expect(dead).toBe(before);
  await pause(2 * masterDown + 2_000);

  const outage = client.outage(at);
  const overlap = await longestOverlap(logs, at, stalls);
  const holders = [one, two].filter((director) => director.host.holds(address));
  const who = holders.map((director) => director.host.name).join(", ");
  console.log(
    `${flavour} ${interval} s, ${role} killed: client outage ${outage.toFixed(0)} ms ` +
      `(Master_Down_Interval ${masterDown.toFixed(0)} ms), both held it for ${overlap.toFixed(0)} ms, now ${who}`,
  );
  client.stop();
  for (const log of logs) log.stop();
  expect(holders.length, `holders: ${who}`).toBe(1);
  expect(overlap).toBeLessThan(OVERLAP);
  if (role === "steward") expect(outage).toBeLessThan(interval * 1000 + SLACK);
  else expect(outage).toBeLessThan(masterDown + SLACK);
  nothingLeft(pair, role);
  if (role === "supervisor") expect(holders[0]).toBe(two);
  if (role === "steward") expect(holders[0]).toBe(one);
}

function nothingLeft(pair: Pair, role: Role): void {
  const { one } = pair;
  const alive = processesOf(one.runtimeDir);
  if (role === "supervisor") {
    expect(alive, "processes of a dead daemon").toEqual([]);
    expect(runtimeFiles(one)).not.toContain("control.sock");
    expect(one.host.holds(pair.address)).toBe(false);
    return;
  }
  expect(alive.length, "supervisor, vrrp and steward").toBe(3);
  expect(processOf(one, role)).toBeDefined();
}

/** Two deaths with anything from nothing to the whole of Master_Down_Interval between them. Long: set BUOY_LONG=1. */
describe.runIf(process.env.BUOY_LONG === "1")("two deaths in a row at 100 ms", () => {
  for (const between of [0, 10, 20, 40, 60, 80, 100, 130, 160, 200, 250, 300, 360]) {
    test(`${between} ms apart`, () =>
      withPair("v3-ipv4", ["buoy", "buoy"], (pair) => diesTwice(pair, between)));
  }
});

async function diesTwice(pair: Pair, between: number): Promise<void> {
  const { one, two, address } = pair;
  one.start(instanceConfig("v3-ipv4", { priority: PRIORITY, interval: 0.1 }));
  two.start(instanceConfig("v3-ipv4", { priority: BACKUP_PRIORITY, interval: 0.1 }));
  await pair.waitForMaster(one);
  await pause(400);
  const logs = [new HoldingLog(one.host, address), new HoldingLog(two.host, address)] as const;
  await pause(100);
  const at = wallClock();
  const first = murder(one, "vrrp");
  await pause(between);
  const second = await waitFor(
    "the successor",
    () => {
      const pid = processOf(one, "vrrp");
      return pid !== first && pid;
    },
    { within: 5_000, every: 1 },
  );
  process.kill(second, "SIGKILL");
  await pause(3_000);
  const overlap = await longestOverlap(logs, at, stalls);
  for (const log of logs) log.stop();
  console.log(`second death ${between} ms after the first: both held it for ${overlap.toFixed(0)} ms`);
  expect(overlap).toBeLessThan(OVERLAP);
  expect([one, two].filter((director) => director.host.holds(address))).toEqual([one]);
}
