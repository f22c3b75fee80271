import { describe, expect, it } from "vitest";
import {
  advertFrom,
  Driver,
  instanceModel,
  interfaceAddress,
  OWN_ADDRESS,
  OWN_MAC,
  PEER,
} from "../../test/support/vrrp-driver.ts";
import { BROADCAST_MAC } from "../base/mac.ts";
import { millis, seconds } from "../base/time.ts";
import type { VrrpInput } from "./input.ts";

const VIP = "10.9.0.100";
const RIVAL_MAC = "02:00:00:00:00:66";
const model = instanceModel({ announceOnly: false });

function master(): Driver {
  const driver = Driver.start(model);
  driver.run(seconds(20));
  expect(driver.state).toBe("MASTER");
  return driver;
}

function sight(changes: object): VrrpInput {
  return {
    kind: "NeighbourSeen",
    interface: "eth0",
    operation: "ask",
    sender: VIP,
    target: VIP,
    mac: RIVAL_MAC,
    to: BROADCAST_MAC,
    ...changes,
  };
}

const lesser = advertFrom(model, { priority: 50 });

describe("another owner", () => {
  it("is told of at once; when it has been silent for 100 ms, we announce and ask again", () => {
    const driver = master();
    driver.feed(sight({}));
    expect(driver.eventsOf("AddressConflict")).toMatchObject([{ mac: RIVAL_MAC, suspect: "host" }]);
    driver.run(millis(99));
    expect(driver.frames).toEqual([]);
    driver.feed(sight({}));
    driver.run(millis(99));
    expect(driver.frames).toEqual([]);
    driver.run(millis(1));
    expect(driver.frames.length).toBeGreaterThan(0);
    expect(driver.eventsOf("AddressesReclaimed")).toMatchObject([
      { rival: `${RIVAL_MAC}, which claimed ${VIP}` },
    ]);
  });

  it("that comes back again and again is waited for ever longer", () => {
    const driver = master();
    const waits: number[] = [];
    for (let bout = 0; bout < 9; bout++) {
      driver.feed(sight({}));
      const begun = driver.now;
      while (driver.eventsOf("AddressesReclaimed").length === 0) driver.run(millis(1));
      waits.push((driver.now - begun) / 1000);
    }
    expect(waits).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 12800, 12800]);
    driver.run(seconds(130));
    driver.feed(sight({}));
    driver.run(millis(100));
    expect(driver.eventsOf("AddressesReclaimed")).toHaveLength(1);
  });

  it.each([
    ["host", { operation: "answer", to: BROADCAST_MAC }],
    ["answers", { operation: "answer", target: OWN_ADDRESS, to: OWN_MAC }],
    ["uses", { target: "10.9.0.9" }],
    ["router", { mac: "00:00:5e:00:01:34" }],
  ] as const)("looks like one that %s", (suspect, changes) => {
    const driver = master();
    driver.feed(sight(changes));
    expect(driver.eventsOf("AddressConflict")).toMatchObject([{ suspect }]);
  });

  it("is named by its own address where we have met it", () => {
    const driver = master();
    const answer = { operation: "answer", target: OWN_ADDRESS, to: OWN_MAC };
    driver.feed(sight({ ...answer, sender: "10.9.0.21" }));
    driver.feed(sight(answer));
    expect(driver.eventsOf("AddressConflict")).toMatchObject([{ mac: RIVAL_MAC, neighbour: "10.9.0.21" }]);
  });

  it("that only answers our question is no reason to announce again", () => {
    const driver = master();
    driver.feed(sight({ operation: "answer", target: OWN_ADDRESS, to: OWN_MAC }));
    driver.run(millis(500));
    expect(driver.frames).toEqual([]);
  });

  it("is looked for once after a takeover, in our own name", () => {
    const driver = Driver.start(model);
    driver.run(3_609_375);
    driver.run(millis(999));
    expect(driver.actionsOf("AskNeighbours")).toEqual([]);
    driver.run(millis(1));
    expect(driver.actionsOf("AskNeighbours")).toHaveLength(1);
    driver.run(seconds(4));
    expect(driver.actionsOf("AskNeighbours")).toEqual([]);
  });

  it("is a router if another master's advertisements were heard", () => {
    const driver = master();
    driver.feed(lesser);
    driver.feed(sight({}));
    expect(driver.eventsOf("AddressConflict")).toMatchObject([{ suspect: "router" }]);
    driver.run(millis(100));
    expect(driver.eventsOf("AddressesReclaimed")).toHaveLength(1);
  });

  it("is there as long as its advertisements come, although we cannot heed them, and gone a while after", () => {
    const driver = master();
    const strange = advertFrom(model, { priority: 150, authType: 1 });
    for (let second = 0; second < 9; second++) {
      driver.feed(strange);
      driver.feed(sight({}));
      if (second === 0) expect(driver.eventsOf("AddressConflict")).toMatchObject([{ suspect: "router" }]);
      driver.run(seconds(1));
      expect(driver.eventsOf("AddressesReclaimed")).toEqual([]);
    }
    driver.run(seconds(3));
    expect(driver.eventsOf("AddressesReclaimed")).toHaveLength(1);
    expect(driver.frames).toHaveLength(5);
    driver.feed(advertFrom(model, { priority: 0, authType: 1 }));
    driver.feed(advertFrom(model, { authType: 1, addresses: ["10.9.0.77"] }));
    driver.run(seconds(20));
    expect(driver.eventsOf("AddressesReclaimed")).toEqual([]);
  });

  it("is no conflict in the first second of a handover, and we announce again all the same", () => {
    const driver = Driver.start(model);
    driver.feed(advertFrom(model, { priority: 50 }));
    driver.run(seconds(3.7));
    driver.feed(lesser);
    driver.feed(sight({}));
    expect(driver.state).toBe("MASTER");
    expect(driver.eventsOf("AddressConflict")).toEqual([]);
    driver.run(millis(100));
    expect(driver.frames.length).toBeGreaterThan(0);
    expect(driver.eventsOf("AddressesReclaimed")).toEqual([]);
    driver.run(seconds(1));
    driver.feed(sight({}));
    expect(driver.eventsOf("AddressConflict")).toHaveLength(1);
  });

  it("hears from us once more when we yield, so that it announces", () => {
    const driver = master();
    driver.feed(advertFrom(model, { priority: 200, source: PEER }));
    expect(driver.state).toBe("BACKUP");
    expect(driver.adverts).toEqual([100]);
    const plain = Driver.start(instanceModel({ announceOnly: true }));
    plain.run(seconds(20));
    plain.feed(advertFrom(model, { priority: 200, source: PEER }));
    expect(plain.adverts).toEqual([]);
  });

  it.each([
    ["whose interval is longer: backups of version 3 would live by ours", seconds(2), {}, []],
    ["whose interval is not longer", millis(500), {}, [100]],
    [
      "whose interval is longer, with higher_prio_send_advert",
      seconds(2),
      { higherPrioSendAdvert: true },
      [100],
    ],
    ["in strict mode", seconds(1), { strictMode: true }, []],
  ] as const)("hears our last word or not: one %s", (_, interval, changes, expected) => {
    const third = instanceModel({ announceOnly: false, version: 3, ...changes });
    const driver = Driver.start(third);
    driver.run(seconds(20));
    driver.feed(advertFrom(third, { priority: 200, interval }));
    expect(driver.state).toBe("BACKUP");
    expect(driver.adverts).toEqual(expected);
  });

  it("is none with a station of our own", () => {
    const driver = master();
    driver.feed({
      kind: "AddressAdded",
      address: interfaceAddress("10.9.0.3", { interface: "eth1" }),
      origin: "other",
    });
    driver.feed(sight({ mac: OWN_MAC }));
    expect(driver.events).toEqual([]);
  });
});
