import { describe, expect, it } from "vitest";
import { Driver, instanceModel, vrrpModel } from "../../test/support/vrrp-driver.ts";
import { seconds } from "../base/time.ts";
import { restoreVrrpEngine } from "./engine.ts";
import type { VrrpInput } from "./input.ts";

function following(weight: number, reverse = false) {
  return vrrpModel([instanceModel({ priority: 100, trackBfds: [{ name: "peer", weight, reverse }] })]);
}

function bfd(up: boolean, session = "peer"): VrrpInput {
  return { kind: "BfdChanged", session, up, why: up ? "came-up" : "neighbour-silent" };
}

describe("a BFD session without weight", () => {
  it("is down until it was told of: the instance begins in FAULT", () => {
    const driver = Driver.start(following(0));
    expect(driver.state).toBe("FAULT");
    expect(driver.instance().faults).toEqual(["bfd peer"]);
    driver.feed(bfd(true));
    expect(driver.state).toBe("BACKUP");
    expect(driver.eventsOf("TrackerChanged")[0]).toMatchObject({ tracker: "peer", ok: true });
  });

  it("takes the instance to FAULT when it fails, and the cause says why", () => {
    const driver = Driver.start(following(0));
    driver.feed(bfd(true));
    driver.run(seconds(4));
    expect(driver.state).toBe("MASTER");
    driver.feed(bfd(false));
    expect(driver.state).toBe("FAULT");
    expect(driver.adverts).toEqual([0]);
    expect(driver.eventsOf("StateChanged").at(-1)?.cause[0]).toMatchObject({
      kind: "bfd",
      name: "peer",
      up: false,
      why: "neighbour-silent",
    });
  });

  it("is a reason for FAULT while up where it is reversed", () => {
    const driver = Driver.start(following(0, true));
    expect(driver.state).toBe("BACKUP");
    driver.feed(bfd(true));
    expect(driver.state).toBe("FAULT");
  });
});

describe("a BFD session with weight", () => {
  it.each([
    [30, false, 100, 130],
    [-30, false, 70, 100],
    [30, true, 100, 70],
    [-30, true, 130, 100],
    [253, false, 100, 254],
    [-253, false, 1, 100],
  ])("of weight %i, reverse %s: priority %i while down, %i while up", (weight, reverse, down, up) => {
    const driver = Driver.start(following(weight, reverse));
    expect(driver.instance().effectivePriority).toBe(down);
    driver.feed(bfd(true));
    expect(driver.instance().effectivePriority).toBe(up);
    driver.feed(bfd(false));
    expect(driver.instance().effectivePriority).toBe(down);
  });

  it("is told of once, and to those who follow it only", () => {
    const driver = Driver.start(following(-30));
    driver.feed(bfd(true, "other"));
    expect(driver.actions).toEqual([]);
    driver.feed(bfd(true));
    driver.feed(bfd(true));
    expect(driver.actions).toEqual([]);
    expect(driver.instance().effectivePriority).toBe(100);
  });

  it("is remembered over a reload and a restart", () => {
    const driver = Driver.start(following(0));
    driver.feed(bfd(true));
    driver.feed({ kind: "ConfigChanged", model: following(-20) });
    expect(driver.instance().effectivePriority).toBe(100);
    const snapshot = driver.engine.snapshot(driver.now);
    const twin = restoreVrrpEngine(JSON.parse(JSON.stringify(snapshot)), driver.now);
    expect(twin.snapshot(driver.now)).toEqual(snapshot);
    twin.handle(driver.now, bfd(false));
    expect(twin.snapshot(driver.now).instances[0]?.effectivePriority).toBe(80);
  });
});
