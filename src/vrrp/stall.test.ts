import { describe, expect, it } from "vitest";
import {
  advertFrom,
  Driver,
  instanceModel,
  interfaceAddress,
  link,
  virtualAddress,
  vrrpModel,
} from "../../test/support/vrrp-driver.ts";
import { millis, seconds } from "../base/time.ts";

const MODEL = instanceModel({ priority: 200 });
/** Master_Down_Interval of priority 200 at one second: three intervals and 56/256 s. */
const SKEW = 218_750;
const MASTER_DOWN = seconds(3) + SKEW;
const HELD = interfaceAddress("10.9.0.100", { prefixLength: 32 });

function master(changes: Partial<typeof MODEL> = {}): Driver {
  const driver = Driver.start({ ...MODEL, ...changes });
  driver.run(seconds(60));
  expect(driver.state).toBe("MASTER");
  return driver;
}

/** Sleeps for this long past the next advertisement's time, then wakes by the clock. */
function oversleep(driver: Driver, late: number): void {
  const due = driver.engine.nextDeadline() ?? 0;
  driver.sleep(due - driver.now + late);
}

describe("a master that slept", () => {
  it("speaks at once while no backup can have taken over", () => {
    const driver = master();
    oversleep(driver, seconds(2) + SKEW);
    driver.feed({ kind: "ClockReached" });
    expect(driver.eventsOf("Stalled")).toMatchObject([{ reaction: "advertises at once" }]);
    expect(driver.adverts).toEqual([200]);
  });

  it("listens for one interval and the skew after that, then speaks and announces", () => {
    const driver = master();
    oversleep(driver, seconds(2) + SKEW + 1);
    driver.feed({ kind: "ClockReached" });
    expect(driver.eventsOf("Stalled")).toMatchObject([{ reaction: "listens first" }]);
    expect(driver.adverts).toEqual([]);
    driver.run(seconds(1) + SKEW - 1);
    expect(driver.adverts).toEqual([]);
    expect(driver.frames).toEqual([]);
    driver.run(1);
    expect(driver.adverts).toEqual([200]);
    expect(driver.frames).toHaveLength(5);
    expect(driver.state).toBe("MASTER");
    driver.run(seconds(1));
    expect(driver.adverts).toEqual([200]);
    expect(driver.frames).toEqual([]);
  });

  it("notices it whatever wakes it, once, and yields to the master it hears", () => {
    const driver = master();
    oversleep(driver, seconds(5));
    driver.feed({ kind: "AddressRemoved", address: SOMETHING, origin: "other" });
    expect(driver.eventsOf("Stalled")).toHaveLength(1);
    driver.feed({ kind: "ClockReached" });
    expect(driver.eventsOf("Stalled")).toEqual([]);
    driver.feed(advertFrom(MODEL, { priority: 210 }));
    expect(driver.state).toBe("BACKUP");
    expect(driver.adverts).toEqual([]);
  });

  it("listens even if a reload wakes it, and then announces what that brought too", () => {
    const driver = master();
    oversleep(driver, seconds(5));
    const virtualAddresses = [...MODEL.virtualAddresses, virtualAddress("10.9.0.222")];
    driver.feed({
      kind: "ConfigChanged",
      model: vrrpModel([{ ...MODEL, name: "VI_renamed", virtualAddresses }]),
    });
    expect(driver.eventsOf("Stalled")).toMatchObject([{ reaction: "listens first" }]);
    expect([driver.adverts, driver.frames]).toEqual([[], []]);
    driver.run(seconds(1) + SKEW - 1);
    expect([driver.adverts, driver.frames]).toEqual([[], []]);
    driver.run(1);
    expect(driver.adverts).toEqual([200]);
    expect(driver.frames).toHaveLength(10);
  });

  it("puts a deleted address back while it listens, and says of no address that it is here", () => {
    const driver = master();
    oversleep(driver, seconds(5));
    driver.feed({ kind: "ClockReached" });
    driver.feed({ kind: "AddressRemoved", address: HELD, origin: "other" });
    expect(driver.actionsOf("AddAddresses")).toHaveLength(1);
    expect([driver.adverts, driver.frames]).toEqual([[], []]);
    driver.feed({ kind: "LinkChanged", link: link({ mac: "02:00:00:00:00:77" }) });
    expect([driver.adverts, driver.frames, driver.eventsOf("MacChanged")]).toEqual([[], [], []]);
    driver.run(seconds(1) + SKEW);
    expect(driver.frames).toHaveLength(5);
  });

  it("asks no neighbour in the name of its addresses while it listens, and all of them afterwards", () => {
    const driver = Driver.start(vrrpModel([]));
    driver.feed({ kind: "GatewaysChanged", gateways: [{ interface: "eth0", address: "10.9.0.254" }] });
    driver.feed({ kind: "ConfigChanged", model: vrrpModel([{ ...MODEL, announceOnly: false }]) });
    driver.run(MASTER_DOWN);
    expect(driver.state).toBe("MASTER");
    // Long enough for another master, and too short for the questions of the takeover to be given up.
    driver.sleep(seconds(3) + millis(400));
    driver.feed({ kind: "ClockReached" });
    expect(driver.eventsOf("Stalled")).toMatchObject([{ reaction: "listens first" }]);
    expect(driver.actionsOf("AskNeighbours")).toEqual([]);
    driver.run(seconds(1) + SKEW - 1);
    expect(driver.actionsOf("AskNeighbours")).toEqual([]);
    driver.run(1);
    expect(driver.actionsOf("AskNeighbours").length).toBeGreaterThan(0);
  });

  it("answers a lower priority that took over, and announces", () => {
    const driver = master();
    oversleep(driver, seconds(5));
    driver.feed(advertFrom(MODEL, { priority: 100 }));
    expect(driver.eventsOf("Stalled")).toHaveLength(1);
    expect(driver.state).toBe("MASTER");
    expect(driver.adverts).toEqual([200]);
    expect(driver.frames.length).toBeGreaterThan(0);
  });

  it("goes on listening through a snapshot", () => {
    const driver = master();
    oversleep(driver, seconds(5));
    driver.feed({ kind: "ClockReached" });
    const text = JSON.stringify(driver.engine.snapshot(driver.now));
    expect(JSON.parse(text).instances[0].internal.phase).toMatchObject({ listening: true });
  });
});

describe("a backup that slept", () => {
  it("listens, whatever wakes it", () => {
    const driver = Driver.start(MODEL);
    driver.sleep(seconds(3) + SKEW + seconds(2));
    driver.feed({ kind: "AddressRemoved", address: SOMETHING, origin: "other" });
    expect(driver.eventsOf("Stalled")).toMatchObject([{ reaction: "listens first" }]);
    driver.feed({ kind: "ClockReached" });
    expect(driver.state).toBe("BACKUP");
    driver.run(seconds(1) + SKEW);
    expect(driver.state).toBe("MASTER");
  });
});

describe("timer_expired_backup", () => {
  const waiting = { preempt: false, timerExpiredPriority: 254 };

  it("gives up MASTER once a peer of that priority has taken over, and says nothing on the wire", () => {
    const driver = master(waiting);
    oversleep(driver, seconds(2) + millis(10));
    driver.feed({ kind: "ClockReached" });
    expect(driver.state).toBe("BACKUP");
    expect(driver.adverts).toEqual([]);
    expect(driver.eventsOf("Stalled")).toMatchObject([{ reaction: "gives up MASTER" }]);
    expect(driver.eventsOf("StateChanged")).toMatchObject([{ to: "BACKUP", cause: [{ kind: "stalled" }] }]);
  });

  it("stays MASTER where the peer still waits", () => {
    const driver = master({ ...waiting, timerExpiredPriority: 1 });
    oversleep(driver, seconds(2) + millis(10));
    driver.feed({ kind: "ClockReached" });
    expect(driver.state).toBe("MASTER");
  });
});

const SOMETHING = {
  interface: "eth9",
  address: "10.77.0.1",
  prefixLength: 24,
  family: "ipv4",
  scope: 0,
  secondary: false,
  tentative: false,
  dadFailed: false,
} as const;
