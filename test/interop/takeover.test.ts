/**
 * For every flavour and combination: one master; takeover on a pulled cable within Master_Down_Interval + 50 ms, less what the
 * machine withheld meanwhile; preemption
 * when it is plugged in again; a hand-over by priority 0 faster than any timeout. Seen and decoded by tcpdump on a third host.
 */
import { expect, test } from "vitest";
import { watchStalls } from "../support/stall-watch.ts";
import { pause, waitFor } from "../support/wait.ts";
import {
  COMBINATIONS,
  FLAVOURS,
  instanceConfig,
  masterDownInterval,
  type Pair,
  skewTime,
  VRID,
  withPair,
} from "./pair.ts";

const MASTER_PRIORITY = 150;
const BACKUP_PRIORITY = 100;
const TOLERANCE = 0.05;

const stalls = watchStalls();

for (const flavour of FLAVOURS) {
  for (const kinds of COMBINATIONS) {
    test.concurrent(`${flavour}: ${kinds[0]} master, ${kinds[1]} backup`, () =>
      withPair(flavour, kinds, takeover));
  }
}

async function takeover(pair: Pair): Promise<void> {
  const { flavour, one, two, wire, lan } = pair;
  one.start(instanceConfig(flavour, { priority: MASTER_PRIORITY }));
  await pair.waitForMaster(one);
  two.start(instanceConfig(flavour, { priority: BACKUP_PRIORITY }));
  const sourceOne = pair.sourceOf(one);
  const sourceTwo = pair.sourceOf(two);
  const settled = wire.advertisements.length;
  await pause(3_300);
  const steady = wire.advertisements.slice(settled);
  expect(new Set(steady.map((seen) => seen.source)), "one router speaks").toEqual(new Set([sourceOne]));
  expect(steady.length).toBeGreaterThanOrEqual(2);

  // The cable of the master is pulled: its last advertisement starts the backup's timer.
  lan.setCable(one.host, false);
  const takenBy = await waitFor(
    "the backup's first advertisement",
    () => wire.advertisementsFrom(sourceTwo).at(0),
    {
      within: 6_000,
    },
  );
  const last = wire.advertisementsFrom(sourceOne).at(-1);
  const limit = masterDownInterval(flavour, BACKUP_PRIORITY);
  const took = takenBy.at - (last?.at ?? 0);
  expect(took, "not before Master_Down_Interval").toBeGreaterThan(limit - TOLERANCE);
  const stalled = await stalls.lost(takenBy.at - took, takenBy.at);
  expect(took - stalled, "takeover within Master_Down_Interval + 50 ms").toBeLessThan(limit + TOLERANCE);
  await waitFor("the backup to hold the address", () => two.host.holds(pair.address), { within: 1_000 });
  await waitFor(
    "its announcement",
    () =>
      wire.announcements.some(
        (seen) =>
          seen.address === pair.address && seen.mac === two.host.mac() && seen.at >= takenBy.at - 0.001,
      ),
    { within: 1_000 },
  );

  // Plugged in again, the higher priority preempts.
  lan.setCable(one.host, true);
  await pair.waitForMaster(one);

  // A clean stop hands over by priority 0: the backup waits its skew time only.
  await pause(1_200);
  const before = wire.advertisements.length;
  await one.stop();
  const zero = await waitFor(
    "priority 0",
    () => wire.advertisements.slice(before).find((seen) => seen.source === sourceOne && seen.priority === 0),
    { within: 2_000 },
  );
  const next = await waitFor(
    "the backup to answer it",
    () => wire.advertisementsFrom(sourceTwo).find((seen) => seen.at > zero.at),
    { within: 4_000 },
  );
  const answered = next.at - zero.at - (await stalls.lost(zero.at, next.at));
  expect(answered, "after the skew time").toBeLessThan(skewTime(flavour, BACKUP_PRIORITY) + TOLERANCE);
  await waitFor("the backup to hold the address", () => two.host.holds(pair.address), { within: 1_000 });
  expect(one.host.holds(pair.address), "a stopped master keeps nothing").toBe(false);

  for (const seen of wire.advertisements) {
    expect(seen.badChecksum, seen.text).toBe(false);
    expect(seen.ttl, seen.text).toBe(255);
    expect(seen.virtualRouterId).toBe(VRID);
    expect(seen.version).toBe(flavour.startsWith("v2") ? 2 : 3);
  }
  await two.stop();
  expect(two.host.holds(pair.address)).toBe(false);
}
