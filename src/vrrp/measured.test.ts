import { describe, expect, it } from "vitest";
import { Driver, instanceModel, link, vrrpModel } from "../../test/support/vrrp-driver.ts";
import { seconds } from "../base/time.ts";
import type { VrrpModel } from "../model/model.ts";
import { restoreVrrpEngine } from "./engine.ts";
import type { VrrpInput } from "./input.ts";
import { fileContribution, isFileFaulty } from "./measured.ts";

describe("what a file adds", () => {
  it.each([
    // weight, reverse, value, contribution, FAULT
    [1, false, 0, 0, false],
    [1, false, 7, 7, false],
    [1, false, -7, -7, false],
    [1, true, 7, -7, false],
    [-1, true, 7, 7, false],
    [10, false, 7, 70, false],
    [10, false, 100, 253, false],
    [254, false, 1, 253, false],
    [10, false, -25, -250, false],
    [10, false, -26, -254, true],
    [-254, false, 1, -254, true],
    [254, true, 1, -254, true],
    [1, false, -253, -253, false],
    [1, false, -254, -254, true],
    [1, false, 2_147_483_647, 253, false],
    [1, false, -2_147_483_648, -254, true],
    [0, false, 0, 0, false],
    [0, false, 1, 0, true],
    [0, false, -1, 0, true],
    [0, true, 0, 0, true],
    [0, true, 1, 0, false],
  ])("weight %i, reverse %s, number %i: %i, FAULT %s", (weight, reverse, value, adds, fault) => {
    const tracked = { name: "f", weight, reverse };
    expect(fileContribution(tracked, value)).toBe(adds);
    expect(isFileFaulty(tracked, value)).toBe(fault);
  });
});

function withFile(weight: number, reverse = false): VrrpModel {
  return vrrpModel([instanceModel({ trackFiles: [{ name: "load", weight, reverse }] })], {
    trackFiles: ["load"],
  });
}

function withProcess(weight: number, quorum = 1, quorumMax?: number, reverse = false): VrrpModel {
  return vrrpModel([instanceModel({ trackProcesses: [{ name: "web", weight, reverse }] })], {
    trackProcesses: [{ name: "web", quorum, quorumMax }],
  });
}

const holds = (value: number): VrrpInput => ({
  kind: "TrackerMeasured",
  tracker: "file",
  name: "load",
  value,
});
const runs = (value: number): VrrpInput => ({
  kind: "TrackerMeasured",
  tracker: "process",
  name: "web",
  value,
});

describe("a tracked file", () => {
  it("moves the priority, and the cause says by what", () => {
    const driver = Driver.start(withFile(10));
    driver.feed(holds(-3));
    expect(driver.instance().effectivePriority).toBe(70);
    expect(driver.eventsOf("PriorityChanged")[0]?.cause[0]).toMatchObject({
      kind: "file",
      name: "load",
      value: -3,
      adds: -30,
    });
    driver.feed(holds(3));
    expect(driver.instance().effectivePriority).toBe(130);
  });

  it("is FAULT at -254, and the priority does not move on the way there", () => {
    const driver = Driver.start(withFile(10));
    driver.feed(holds(-1));
    driver.run(seconds(4));
    driver.feed(holds(-40));
    expect(driver.state).toBe("FAULT");
    expect(driver.instance().effectivePriority).toBe(90);
    expect(driver.eventsOf("PriorityChanged")).toEqual([]);
    expect(driver.adverts).toEqual([0]);
    driver.feed(holds(-25));
    expect(driver.state).toBe("BACKUP");
    expect(driver.instance().effectivePriority).toBe(1);
  });

  it("keeps an instance waiting until its number is known, where it decides about FAULT", () => {
    const driver = Driver.start(withFile(0));
    expect(driver.state).toBe("INIT");
    driver.feed(holds(0));
    expect(driver.state).toBe("BACKUP");
    driver.feed(holds(2));
    expect(driver.state).toBe("FAULT");
    expect(driver.instance().faults).toEqual(["file load"]);
  });

  it("says nothing where the number stays", () => {
    const driver = Driver.start(withFile(10));
    driver.feed(holds(1));
    driver.feed(holds(1));
    expect(driver.actions).toEqual([]);
  });
});

describe("a tracked process", () => {
  it.each([
    // weight, reverse, quorum, most, count, priority, state
    [0, false, 1, undefined, 1, 100, "BACKUP"],
    [0, false, 1, undefined, 0, 100, "FAULT"],
    [0, false, 2, 3, 1, 100, "FAULT"],
    [0, false, 2, 3, 2, 100, "BACKUP"],
    [0, false, 2, 3, 3, 100, "BACKUP"],
    [0, false, 2, 3, 4, 100, "FAULT"],
    [0, false, 0, 0, 0, 100, "BACKUP"],
    [0, false, 0, 0, 1, 100, "FAULT"],
    [0, true, 1, undefined, 1, 100, "FAULT"],
    [0, true, 1, undefined, 0, 100, "BACKUP"],
    [30, false, 1, undefined, 1, 130, "BACKUP"],
    [30, false, 1, undefined, 0, 100, "BACKUP"],
    [-30, false, 1, undefined, 1, 100, "BACKUP"],
    [-30, false, 1, undefined, 0, 70, "BACKUP"],
    [30, true, 1, undefined, 1, 70, "BACKUP"],
    [30, true, 1, undefined, 0, 100, "BACKUP"],
    [-30, true, 1, undefined, 1, 100, "BACKUP"],
    [-30, true, 1, undefined, 0, 130, "BACKUP"],
    [254, false, 1, undefined, 1, 254, "BACKUP"],
  ] as const)(
    "of weight %i, reverse %s, quorum %i..%s, count %i: priority %i, %s",
    (weight, reverse, quorum, most, count, priority, state) => {
      const driver = Driver.start(withProcess(weight, quorum, most, reverse));
      driver.feed(runs(count));
      expect(driver.instance().effectivePriority).toBe(priority);
      expect(driver.state).toBe(state);
    },
  );

  it("names count and quorum in the cause", () => {
    const driver = Driver.start(withProcess(0, 2));
    driver.feed(runs(2));
    driver.feed(runs(1));
    expect(driver.eventsOf("StateChanged").at(-1)?.cause[0]).toMatchObject({
      kind: "process",
      name: "web",
      count: 1,
      quorum: 2,
      up: false,
    });
  });
});

describe("measured trackers", () => {
  it("are known at once where they come with the configuration", () => {
    const driver = Driver.start(withFile(0));
    const measured = [{ tracker: "file", name: "load", value: 1 }] as const;
    driver.feed({ kind: "ConfigChanged", model: withFile(0), measured });
    expect(driver.state).toBe("FAULT");
  });

  it("are kept over a reload and a restart, and forgotten once nobody follows them", () => {
    const driver = Driver.start(withFile(10));
    driver.feed(holds(-3));
    driver.feed({ kind: "ConfigChanged", model: withFile(5) });
    expect(driver.instance().effectivePriority).toBe(85);
    const snapshot = driver.engine.snapshot(driver.now);
    const twin = restoreVrrpEngine(JSON.parse(JSON.stringify(snapshot)), driver.now);
    expect(twin.snapshot(driver.now)).toEqual(snapshot);
    driver.feed({ kind: "ConfigChanged", model: vrrpModel([instanceModel()]) });
    expect(driver.engine.snapshot(driver.now).measured).toEqual([]);
  });

  it("that took an instance to FAULT leave its priority alone over a restart, too", () => {
    const driver = Driver.start(withFile(10));
    driver.feed(holds(-1));
    driver.feed(holds(-40));
    const twin = restoreVrrpEngine(driver.engine.snapshot(driver.now), driver.now);
    twin.handle(driver.now, { kind: "LinkChanged", link: link({ running: false }) });
    expect(twin.snapshot(driver.now).instances[0]?.effectivePriority).toBe(90);
  });

  it("of a process keep their quorum over a restart", () => {
    const driver = Driver.start(withProcess(0));
    driver.feed(runs(1));
    const twin = restoreVrrpEngine(driver.engine.snapshot(driver.now), driver.now);
    twin.handle(driver.now, runs(0));
    expect(twin.snapshot(driver.now).instances[0]?.state).toBe("FAULT");
  });
});
