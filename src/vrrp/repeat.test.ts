/** An advertisement heard again is dealt with in short: nothing may come of it but what comes of it at length. */
import { describe, expect, it } from "vitest";
import {
  advertFrom,
  Driver,
  groupModel,
  instanceModel,
  interfaceAddress,
  link,
  OWN_ADDRESS,
  PEER,
  virtualAddress,
  vrrpModel,
} from "../../test/support/vrrp-driver.ts";
import { millis, seconds } from "../base/time.ts";
import type { VrrpInstanceModel } from "../model/model.ts";
import { restoreVrrpEngine } from "./engine.ts";
import type { PacketReceived, VrrpInput } from "./input.ts";
import type { Order } from "./order.ts";
import type { VrrpSnapshot } from "./snapshot.ts";

const MODEL = instanceModel({ version: 3, priority: 100 });

const FREEZE: Order = {
  id: 1,
  kind: "freeze",
  subject: "VI_1",
  since: 0,
  until: undefined,
  force: false,
  by: "alice",
  why: undefined,
};

/** A backup that has heard the same advertisement several times. */
function backup(model: VrrpInstanceModel, packet: PacketReceived): Driver {
  const driver = Driver.start(model);
  for (let round = 0; round < 3; round++) {
    driver.run(seconds(1));
    driver.feed(packet);
  }
  expect(driver.state).toBe("BACKUP");
  return driver;
}

/** One that has the same memory, and remembers no advertisement. */
function forgetful(driver: Driver): Driver {
  const other = new Driver();
  other.now = driver.now;
  const text = JSON.stringify(driver.engine.snapshot(driver.now));
  other.engine = restoreVrrpEngine(JSON.parse(text) as VrrpSnapshot, driver.now);
  return other;
}

/** Feeds both, and expects the same of both. */
function expectSame(driver: Driver, inputs: readonly VrrpInput[]): void {
  for (const input of inputs) {
    const other = forgetful(driver);
    driver.run(millis(700));
    other.run(millis(700));
    expect(JSON.stringify(driver.feed(input))).toBe(JSON.stringify(other.feed(input)));
    const state = (one: Driver): unknown => [one.engine.snapshot(one.now), one.engine.nextDeadline()];
    expect(JSON.parse(JSON.stringify(state(driver)))).toEqual(JSON.parse(JSON.stringify(state(other))));
  }
}

/** The bytes with one of them changed. */
function altered(packet: PacketReceived, index: number): PacketReceived {
  const payload = packet.payload.slice();
  payload[index] = (payload[index] ?? 0) ^ 1;
  return { ...packet, payload };
}

describe("an advertisement heard again", () => {
  const packet = advertFrom(MODEL, { priority: 200 });

  it("moves the timer and is counted", () => {
    const driver = backup(MODEL, packet);
    driver.run(seconds(3));
    expect(driver.feed(packet)).toEqual([]);
    const { lastHeard, masterDownInterval, statistics } = driver.instance();
    expect(lastHeard).toBe(driver.now);
    expect(driver.engine.nextDeadline()).toBe(driver.now + masterDownInterval);
    expect(statistics.advertisementsReceived).toBe(4);
    driver.run(masterDownInterval);
    expect(driver.state).toBe("MASTER");
  });

  it("comes to what it comes to at length, time and again", () => {
    expectSame(backup(MODEL, packet), [packet, packet, packet]);
  });

  it.each<[string, PacketReceived]>([
    ["another hop limit", { ...packet, hopLimit: 254 }],
    ["another destination", { ...packet, destination: "10.9.0.1" }],
    ["another source", { ...packet, source: "10.9.0.9" }],
    ["a source that is ours", { ...packet, source: OWN_ADDRESS }],
    ["a checksum that the kernel has verified", { ...packet, checksumVerified: true }],
    ["an Authentication Header", { ...packet, ipHeader: new Uint8Array(20) }],
    ["a byte more", { ...packet, payload: Uint8Array.of(...packet.payload, 0) }],
    ["a byte less", { ...packet, payload: packet.payload.slice(0, -1) }],
    ...Array.from(packet.payload, (_, index): [string, PacketReceived] => [
      `another byte ${index}`,
      altered(packet, index),
    ]),
    ["another priority", advertFrom(MODEL, { priority: 201 })],
    ["a lower priority", advertFrom(MODEL, { priority: 50 })],
    ["priority 0", advertFrom(MODEL, { priority: 0 })],
  ])("is judged anew with %s, and so is the next", (_, other) => {
    expectSame(backup(MODEL, packet), [other, packet, other, other, packet, packet]);
  });

  it("is judged anew with an Authentication Header, though the rest of it names the virtual router", () => {
    const addresses = Array.from({ length: 8 }, (_, n) =>
      virtualAddress(`10.${MODEL.virtualRouterId}.0.${n + 1}`),
    );
    const long = instanceModel({ version: 3, virtualAddresses: addresses });
    const plain = advertFrom(long, { priority: 200 });
    expectSame(backup(long, plain), [{ ...plain, ipHeader: new Uint8Array(20) }, plain]);
  });

  it.each<[string, readonly VrrpInput[]]>([
    [
      "our source became its own",
      [
        { kind: "AddressAdded", address: interfaceAddress(PEER), origin: "other" },
        { kind: "AddressRemoved", address: interfaceAddress(OWN_ADDRESS), origin: "other" },
      ],
    ],
    [
      "our addresses went",
      [{ kind: "AddressRemoved", address: interfaceAddress(OWN_ADDRESS), origin: "other" }],
    ],
    ["a deadline passed", [{ kind: "ClockReached" }]],
    ["the counters began anew", [{ kind: "ClearStatistics" }]],
    ["our priority rose above its own", [{ kind: "LinkChanged", link: link({ index: 3, name: "eth1" }) }]],
  ])("is judged anew after %s", (_, changes) => {
    const track = { name: "eth1", weight: 120, reverse: false };
    const model = instanceModel({ version: 3, priority: 100, trackInterfaces: [track] });
    expectSame(backup(model, packet), [...changes, packet, packet]);
  });

  it("of a lower priority is no longer obeyed when an operator's freeze ends", () => {
    const driver = Driver.start(MODEL);
    driver.feed({ kind: "OrdersChanged", orders: [FREEZE] });
    const lower = advertFrom(MODEL, { priority: 50 });
    for (let round = 0; round < 3; round++) {
      driver.run(seconds(1));
      driver.feed(lower);
    }
    expect(driver.state).toBe("BACKUP");
    expectSame(driver, [lower, { kind: "OrdersChanged", orders: [] }, lower, lower]);
    driver.run(seconds(4));
    expect(driver.state).toBe("MASTER");
  });

  it.each<[string, Partial<VrrpInstanceModel>]>([
    ["a lower priority", { priority: 50 }],
    ["the priority of an owner", { priority: 255 }],
    ["another version", { version: 2 }],
    ["another group", { multicastGroup: "224.0.0.99" }],
    ["another address", { virtualAddresses: [virtualAddress("10.9.0.200")] }],
    ["more patience", { downTimerAdverts: 5 }],
  ])("is judged anew after a reload with %s", (_, changes) => {
    const driver = backup(MODEL, packet);
    const model = instanceModel({ version: 3, priority: 100, ...changes });
    expectSame(driver, [{ kind: "ConfigChanged", model: vrrpModel([model]) }, packet, packet]);
  });

  it("of a list that differs from ours is counted as an error each time", () => {
    const other = instanceModel({ version: 3, virtualAddresses: [virtualAddress("10.9.0.200")] });
    const driver = backup(MODEL, advertFrom(other, { priority: 200 }));
    expect(driver.instance().statistics.addressListErrors).toBe(3);
  });

  it("is judged anew when the kernel no longer vouches for its checksum", () => {
    const broken = altered(packet, 6);
    const vouched = { ...broken, checksumVerified: true };
    const driver = backup(MODEL, vouched);
    expectSame(driver, [broken, vouched, vouched]);
    driver.feed(broken);
    expect(driver.instance().statistics.dropped.checksum).toBe(2);
  });
});

describe("an advertisement heard again by a member of a sync group", () => {
  const first = advertFrom(MODEL, { priority: 200 });
  const other = instanceModel({ version: 3, name: "VI_2", virtualRouterId: 52, priority: 100 });
  const second = advertFrom(other, { priority: 200 });
  const grouped = vrrpModel([MODEL, other], { syncGroups: [groupModel(["VI_1", "VI_2"])] });

  it("takes back the wish to be master that the group was waiting with", () => {
    const driver = Driver.start(grouped);
    for (let round = 0; round < 3; round++) {
      driver.run(seconds(1));
      driver.feed(first);
      driver.feed(second);
    }
    // The first one's master is silent for longer than Master_Down_Interval, then speaks; the second one's only then falls silent.
    for (let round = 0; round < 4; round++) {
      driver.run(seconds(1));
      driver.feed(second);
    }
    for (let round = 0; round < 5; round++) {
      driver.feed(first);
      driver.run(seconds(1));
    }
    const told = driver.allActions.flatMap((one) => (one.kind === "Emit" ? [one.event] : []));
    expect(told).toContainEqual(expect.objectContaining({ kind: "AwaitsGroup", instance: "VI_1" }));
    expect(told).not.toContainEqual(expect.objectContaining({ kind: "StateChanged", to: "MASTER" }));
  });

  it("is obeyed by all of a group that a reload has made of a backup and a master", () => {
    const driver = Driver.start(vrrpModel([MODEL, other]));
    for (let round = 0; round < 5; round++) {
      driver.run(seconds(1));
      driver.feed(first);
    }
    expect(driver.instance("VI_2").state).toBe("MASTER");
    driver.feed({ kind: "ConfigChanged", model: grouped });
    driver.feed(first);
    expect(driver.instance("VI_2").state).toBe("BACKUP");
  });
});
