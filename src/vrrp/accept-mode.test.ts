import { describe, expect, it } from "vitest";
import { Driver, instanceModel, virtualAddress, vrrpModel } from "../../test/support/vrrp-driver.ts";
import { seconds } from "../base/time.ts";
import type { VrrpAction } from "./action.ts";
import { restoreVrrpEngine } from "./engine.ts";

const MODEL = instanceModel({
  noAccept: true,
  virtualAddresses: [virtualAddress("10.9.0.100")],
  excludedAddresses: [virtualAddress("2001:db8::100")],
});

/** The addresses of every request to drop packets. */
function drops(driver: Driver): string[][] {
  return driver
    .actionsOf("DropPackets")
    .map(({ addresses }) => addresses.map(({ address }) => address).sort());
}

function order(actions: readonly VrrpAction[]): string[] {
  return actions.map(({ kind }) => kind).filter((kind) => kind !== "Emit" && kind !== "SendFrames");
}

function master(): Driver {
  const driver = Driver.start(MODEL);
  driver.run(seconds(4));
  return driver;
}

describe("no_accept", () => {
  it("drops after the advertisement and before the addresses, on becoming MASTER", () => {
    const driver = master();
    expect(order(driver.actions).slice(0, 3)).toEqual(["SendAdvertisement", "DropPackets", "AddAddresses"]);
    expect(drops(driver)).toEqual([["10.9.0.100", "2001:db8::100"]]);
    expect(driver.eventsOf("AcceptRulesChanged")).toMatchObject([{ drops: true }]);
  });

  it("accepts again after the addresses have been removed", () => {
    const driver = master();
    driver.feed({ kind: "StopRequested", release: true, by: "test" });
    const kinds = order(driver.actions);
    expect(kinds.indexOf("DropPackets")).toBeGreaterThan(kinds.indexOf("RemoveAddresses"));
    expect(drops(driver)).toEqual([[]]);
    expect(kinds.at(-1)).toBe("Stopped");
  });

  it("is nothing to an instance that accepts", () => {
    const driver = Driver.start(instanceModel());
    driver.run(seconds(4));
    driver.feed({ kind: "StopRequested", release: true, by: "test" });
    expect(drops(driver)).toEqual([]);
    expect(driver.kinds).toContain("Stopped");
  });

  it("leaves the rules with the addresses where a stop is to leave them", () => {
    const driver = master();
    driver.feed({ kind: "StopRequested", release: false, by: "test" });
    expect(drops(driver)).toEqual([]);
    expect(driver.kinds).toContain("Stopped");
  });

  it("tells a refusal, stays MASTER, and asks again", () => {
    const driver = Driver.start(MODEL);
    driver.dropAnswer = "EPERM";
    driver.run(seconds(4));
    expect(driver.state).toBe("MASTER");
    expect(driver.eventsOf("AcceptRulesFailed")).toMatchObject([{ drops: true, error: { errno: "EPERM" } }]);
    driver.dropAnswer = "done";
    driver.run(seconds(1));
    expect(drops(driver)).toHaveLength(1);
    driver.run(seconds(60));
    expect(drops(driver)).toEqual([]);
  });

  it("asks again where no answer comes, and knows a stale one", () => {
    const driver = Driver.start(MODEL);
    driver.dropAnswer = "lost";
    driver.run(seconds(3.7));
    const [first] = driver.actionsOf("DropPackets");
    driver.run(seconds(3.1));
    const [second] = driver.actionsOf("DropPackets");
    expect(second?.id).toBeGreaterThan(first?.id ?? 0);
    driver.feed({ kind: "DroppingDone", id: first?.id ?? 0, epoch: first?.epoch ?? 0 });
    expect(driver.eventsOf("AcceptRulesChanged")).toEqual([]);
    driver.feed({ kind: "DroppingDone", id: second?.id ?? 0, epoch: second?.epoch ?? 0 });
    expect(driver.eventsOf("AcceptRulesChanged")).toHaveLength(1);
  });

  it("follows a reload: new addresses, fewer, none of it, and not at all without a change", () => {
    const driver = master();
    const reload = (changes: Parameters<typeof instanceModel>[0]): string[][] => {
      driver.feed({ kind: "ConfigChanged", model: vrrpModel([{ ...MODEL, ...changes }]) });
      return drops(driver);
    };
    expect(reload({})).toEqual([]);
    expect(reload({ smtpAlert: true })).toEqual([]);
    expect(reload({ excludedAddresses: [] })).toEqual([["10.9.0.100"]]);
    const more = [virtualAddress("10.9.0.100"), virtualAddress("10.9.0.101")];
    expect(reload({ virtualAddresses: more })).toEqual([["10.9.0.100", "10.9.0.101", "2001:db8::100"]]);
    expect(reload({ noAccept: false })).toEqual([[]]);
    expect(reload({ noAccept: true })).toEqual([["10.9.0.100", "2001:db8::100"]]);
  });

  it("is asked for again by a life that goes on from a snapshot", () => {
    const driver = master();
    const snapshot = driver.engine.snapshot(driver.now);
    const later = driver.now + 1000;
    const engine = restoreVrrpEngine(JSON.parse(JSON.stringify(snapshot)), later);
    const kinds = order(engine.handle(later, { kind: "ClockReached" }));
    expect(kinds).toEqual(["SendAdvertisement", "DropPackets", "AddAddresses"]);
  });

  it("is let go of by a life that comes too late", () => {
    const driver = master();
    const snapshot = driver.engine.snapshot(driver.now);
    const later = driver.now + seconds(3);
    const engine = restoreVrrpEngine(JSON.parse(JSON.stringify(snapshot)), later);
    const actions = engine.handle(later, { kind: "ClockReached" });
    expect(order(actions)).toEqual(["RemoveAddresses", "DropPackets"]);
    expect(actions).toContainEqual(expect.objectContaining({ kind: "DropPackets", addresses: [] }));
  });
});
