/**
 * Who wins, beside a real keepalived: nopreempt leaves the lower one master, preempt_delay waits, equal priorities are decided
 * by the higher address, a v3 backup takes over the master's interval.
 */
import { expect, test } from "vitest";
import { compareIp } from "../../src/base/ip.ts";
import { watchStalls } from "../support/stall-watch.ts";
import { pause, waitFor } from "../support/wait.ts";
import {
  COMBINATIONS,
  FLAVOURS,
  type Flavour,
  instanceConfig,
  masterDownInterval,
  type Pair,
  withPair,
} from "./pair.ts";

const TOLERANCE = 0.05;

const stalls = watchStalls();

function forEachPair(what: string, flavours: readonly Flavour[], body: (pair: Pair) => Promise<void>): void {
  for (const flavour of flavours) {
    for (const kinds of COMBINATIONS) {
      test.concurrent(`${what}, ${flavour}: ${kinds[0]} and ${kinds[1]}`, () =>
        withPair(flavour, kinds, body));
    }
  }
}

forEachPair("nopreempt leaves the lower priority master", FLAVOURS, async (pair) => {
  const { one, two, wire, flavour } = pair;
  two.start(instanceConfig(flavour, { priority: 100 }));
  await pair.waitForMaster(two);
  one.start(instanceConfig(flavour, { priority: 150, extra: "nopreempt" }));
  await pause(masterDownInterval(flavour, 150) * 1_000 + 2_500);
  expect(two.host.holds(pair.address)).toBe(true);
  expect(one.host.holds(pair.address)).toBe(false);
  expect(wire.advertisementsFrom(pair.sourceOf(one))).toEqual([]);
});

forEachPair("preempt_delay waits, then takes over", ["v2"], async (pair) => {
  const { one, two, wire, flavour } = pair;
  two.start(instanceConfig(flavour, { priority: 100 }));
  await pair.waitForMaster(two);
  const startedAt = Date.now() / 1_000;
  one.start(instanceConfig(flavour, { priority: 150, extra: "preempt_delay 3" }));
  // The delay counts from the first lower advertisement heard; what is left of the running timer comes on top.
  const first = await waitFor("the preemption", () => wire.advertisementsFrom(pair.sourceOf(one)).at(0), {
    within: 12_000,
  });
  expect(first.at - startedAt, "not before the delay is over").toBeGreaterThan(3);
  const took = first.at - startedAt - (await stalls.lost(startedAt, first.at));
  expect(took, "start, first advertisement, delay, rest of the timer").toBeLessThan(
    3 + 2 + masterDownInterval(flavour, 150),
  );
  await pair.waitForMaster(one);
});

forEachPair("equal priorities are decided by the address", FLAVOURS, async (pair) => {
  const { one, two, flavour, lan } = pair;
  one.start(instanceConfig(flavour, { priority: 100 }));
  await pair.waitForMaster(one);
  two.start(instanceConfig(flavour, { priority: 100 }));
  await pause(4_500);
  // A backup of equal priority keeps quiet, even if its address is higher.
  expect(one.host.holds(pair.address)).toBe(true);
  expect(two.host.holds(pair.address)).toBe(false);
  // Both become master while they are parted; when they meet, the higher address stays.
  lan.setCable(two.host, false);
  lan.switch("ip", "link", "set", two.host.port, "nomaster");
  lan.setCable(two.host, true);
  await waitFor("two masters apart", () => one.host.holds(pair.address) && two.host.holds(pair.address), {
    within: 6_000,
  });
  lan.switch("ip", "link", "set", two.host.port, "master", "br0");
  const higher = compareIp(pair.sourceOf(one), pair.sourceOf(two)) > 0 ? one : two;
  await pair.waitForMaster(higher, 4_000);
});

forEachPair("a v3 backup adopts the master's interval", ["v3-ipv4"], async (pair) => {
  const { one, two, wire, flavour, lan } = pair;
  one.start(instanceConfig(flavour, { priority: 150, interval: 0.2 }));
  await pair.waitForMaster(one);
  two.start(instanceConfig(flavour, { priority: 100, interval: 1 }));
  await pause(5_000);
  expect(wire.advertisementsFrom(pair.sourceOf(two)), "no second master").toEqual([]);
  lan.setCable(one.host, false);
  const taken = await waitFor("the takeover", () => wire.advertisementsFrom(pair.sourceOf(two)).at(0), {
    within: 5_000,
  });
  const last = wire.advertisementsFrom(pair.sourceOf(one)).at(-1)?.at ?? 0;
  const took = taken.at - last;
  const limit = masterDownInterval(flavour, 100, 0.2);
  expect(took).toBeGreaterThan(limit - TOLERANCE);
  expect(took - (await stalls.lost(last, taken.at))).toBeLessThan(limit + TOLERANCE);
});
