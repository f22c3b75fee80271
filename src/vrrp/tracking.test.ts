import { describe, expect, it } from "vitest";
import { advertFrom, Driver, instanceModel, link, vrrpModel } from "../../test/support/vrrp-driver.ts";
import { seconds } from "../base/time.ts";
import { contribution, effectivePriority, isFaulty, nextScriptCounter } from "./tracking.ts";

describe("nextScriptCounter", () => {
  const results = (start: number, rise: number, fall: number, outcomes: string): number[] => {
    let counter = start;
    return [...outcomes].map((outcome) => {
      counter = nextScriptCounter(counter, outcome === "+", rise, fall);
      return counter;
    });
  };

  it("needs `rise` successes in a row to recover, and jumps to the top then", () => {
    expect(results(0, 3, 2, "++-+++")).toEqual([1, 2, 0, 1, 2, 4]);
  });

  it("needs `fall` failures in a row to fail, and drops to 0 then", () => {
    expect(results(4, 2, 3, "--+---")).toEqual([3, 2, 4, 3, 2, 0]);
  });

  it("is up after one success at the start", () => {
    expect(results(2, 3, 1, "+")).toEqual([3]);
    expect(results(2, 3, 1, "-")).toEqual([0]);
  });
});

describe("contribution", () => {
  it.each([
    [10, false, true, 10],
    [10, false, false, 0],
    [-10, false, true, 0],
    [-10, false, false, -10],
    [10, true, true, -10],
    [10, true, false, 0],
    [-10, true, true, 0],
    [-10, true, false, 10],
  ])("of weight %i, reverse %s, up %s is %i", (weight, reverse, up, expected) => {
    expect(contribution(weight, reverse, up) + 0).toBe(expected);
  });
});

describe("isFaulty", () => {
  it("is a matter of trackers without weight: down, or up if reversed", () => {
    expect(isFaulty({ name: "s", weight: 0, reverse: false }, false)).toBe(true);
    expect(isFaulty({ name: "s", weight: 0, reverse: false }, true)).toBe(false);
    expect(isFaulty({ name: "s", weight: 0, reverse: true }, true)).toBe(true);
    expect(isFaulty({ name: "s", weight: 0, reverse: true }, false)).toBe(false);
    expect(isFaulty({ name: "s", weight: -5, reverse: false }, false)).toBe(false);
  });
});

describe("effectivePriority", () => {
  it("is within 1..254, and 255 for the owner", () => {
    expect(effectivePriority(100, 300)).toBe(254);
    expect(effectivePriority(100, -300)).toBe(1);
    expect(effectivePriority(100, -2)).toBe(98);
    expect(effectivePriority(255, -100)).toBe(255);
  });
});

function withScript(weight: number, changes: { initFail?: boolean; rise?: number; fall?: number } = {}) {
  const tracked = { name: "chk", weight, reverse: false };
  return vrrpModel([instanceModel({ trackScripts: [tracked] })], {
    trackScripts: [{ name: "chk", rise: 1, fall: 1, initFail: false, ...changes }],
  });
}

function result(ok: boolean) {
  return {
    kind: "ScriptFinished",
    script: "chk",
    ok,
    exitCode: ok ? 0 : 3,
    signal: undefined,
    timedOut: false,
    duration: 1000,
  } as const;
}

describe("a script without weight", () => {
  it("keeps the instance silently in INIT until its first result", () => {
    const driver = Driver.start(withScript(0));
    expect(driver.actions).toEqual([]);
    driver.run(seconds(60));
    expect(driver.actions).toEqual([]);
    expect(driver.state).toBe("INIT");
    driver.feed(result(true));
    expect(driver.state).toBe("BACKUP");
    expect(driver.eventsOf("StateChanged")[0]?.cause[0]).toMatchObject({
      kind: "script",
      name: "chk",
      ok: true,
    });
  });

  it("makes FAULT when it fails, with the exit code as cause, and BACKUP when it recovers", () => {
    const driver = Driver.start(withScript(0));
    driver.feed(result(true));
    driver.run(seconds(4));
    driver.feed(result(false));
    expect(driver.state).toBe("FAULT");
    expect(driver.adverts).toEqual([0]);
    expect(driver.eventsOf("StateChanged")[0]?.cause[0]).toMatchObject({
      kind: "script",
      ok: false,
      exitCode: 3,
    });
    expect(driver.instance().faults).toEqual(["script chk"]);
    driver.feed(result(true));
    expect(driver.state).toBe("BACKUP");
  });

  it("is FAULT from the start with init_fail, and after a first failure", () => {
    expect(Driver.start(withScript(0, { initFail: true })).state).toBe("FAULT");
    const driver = Driver.start(withScript(0));
    driver.feed(result(false));
    expect(driver.state).toBe("FAULT");
  });
});

describe("a script with weight", () => {
  it("changes the priority of the next advertisement, not the state", () => {
    const driver = Driver.start(withScript(-2));
    expect(driver.state).toBe("BACKUP");
    driver.run(seconds(4));
    driver.feed(result(false));
    expect(driver.state).toBe("MASTER");
    expect(driver.adverts).toEqual([]);
    expect(driver.eventsOf("PriorityChanged")).toMatchObject([
      { from: 100, to: 98, cause: [{ kind: "script", exitCode: 3 }] },
    ]);
    driver.run(seconds(1));
    expect(driver.adverts).toEqual([98]);
    driver.feed(result(true));
    driver.run(seconds(1));
    expect(driver.adverts).toEqual([100]);
  });

  it("is in the cause when a master yields because of it", () => {
    const driver = Driver.start(withScript(-2));
    driver.run(seconds(4));
    driver.feed(result(false));
    driver.feed(advertFrom(instanceModel(), { priority: 99 }));
    expect(driver.state).toBe("BACKUP");
    expect(driver.instance().cause).toMatchObject([
      { kind: "advertisement", priority: 99, ourPriority: 98 },
      { kind: "priority", from: 100, to: 98 },
      { kind: "script", name: "chk", ok: false, exitCode: 3 },
    ]);
  });

  it("is not in the cause of a master that yields anyway", () => {
    const driver = Driver.start(withScript(-2));
    driver.run(seconds(4));
    driver.feed(advertFrom(instanceModel(), { priority: 150 }));
    expect(driver.instance().cause.map(({ kind }) => kind)).toEqual(["advertisement"]);
  });

  it("counts for nothing before its first result", () => {
    expect(Driver.start(withScript(20)).instance().effectivePriority).toBe(100);
  });

  it("follows rise and fall", () => {
    const driver = Driver.start(withScript(20, { rise: 2, fall: 3 }));
    const priorities = [true, false, false, false, true, true].map((ok) => {
      driver.feed(result(ok));
      return driver.instance().effectivePriority;
    });
    expect(priorities).toEqual([120, 120, 120, 100, 100, 120]);
  });
});

describe("tracked interfaces", () => {
  const tracking = (weight: number, name = "eth1") =>
    instanceModel({ trackInterfaces: [{ name, weight, reverse: false }] });

  it("are FAULT while down, missing or without carrier, unless they have a weight", () => {
    const driver = Driver.start(tracking(0));
    expect(driver.state).toBe("FAULT");
    expect(driver.instance().faults).toEqual(["interface eth1 missing"]);
    driver.feed({ kind: "LinkChanged", link: link({ name: "eth1", index: 3, running: false }) });
    expect(driver.instance().faults).toEqual(["interface eth1 no carrier"]);
    driver.feed({ kind: "LinkChanged", link: link({ name: "eth1", index: 3 }) });
    expect(driver.state).toBe("BACKUP");
    driver.feed({ kind: "LinkRemoved", name: "eth1" });
    expect(driver.state).toBe("FAULT");
  });

  it("add their weight while up", () => {
    const driver = Driver.start(tracking(30));
    expect(driver.instance().effectivePriority).toBe(100);
    driver.feed({ kind: "LinkChanged", link: link({ name: "eth1", index: 3 }) });
    expect(driver.instance().effectivePriority).toBe(130);
    driver.feed({ kind: "LinkChanged", link: link({ name: "eth1", index: 3, up: false }) });
    expect(driver.instance().effectivePriority).toBe(100);
  });

  it("leave out the instance's own one", () => {
    expect(Driver.start(tracking(30, "eth0")).instance().effectivePriority).toBe(100);
  });
});
