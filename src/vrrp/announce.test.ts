import { describe, expect, it } from "vitest";
import {
  advertFrom,
  Driver,
  instanceModel,
  interfaceAddress,
  link,
  OWN_MAC,
  virtualAddress,
  vrrpModel,
} from "../../test/support/vrrp-driver.ts";
import { toHex } from "../base/bytes.ts";
import { millis, seconds } from "../base/time.ts";
import { encodeGratuitousArp } from "../wire/arp.ts";
import { encodeUnsolicitedNeighbourAdvertisement } from "../wire/ndisc.ts";

const DOWN_100 = 3_609_375;
const GARP = instanceModel().garp;
const arp = (address: string): string => toHex(encodeGratuitousArp(address, OWN_MAC));

function many(count: number): ReturnType<typeof virtualAddress>[] {
  return Array.from({ length: count }, (_, index) =>
    virtualAddress(`10.8.${Math.floor(index / 250)}.${(index % 250) + 1}`),
  );
}

describe("the announcements of a new master", () => {
  it("go round by round over all addresses, the second burst after garp_master_delay", () => {
    const model = instanceModel({
      virtualAddresses: [virtualAddress("10.9.0.100"), virtualAddress("10.9.0.101")],
      excludedAddresses: [virtualAddress("10.9.0.102")],
      garp: { ...GARP, masterRepeat: 2 },
    });
    const driver = Driver.start(model);
    driver.run(DOWN_100);
    const round = ["10.9.0.100", "10.9.0.101", "10.9.0.102"].map(arp);
    expect(driver.frames.map(toHex)).toEqual([...round, ...round]);
    expect(driver.eventsOf("FirstAnnouncement")).toMatchObject([{ afterDeadline: 0 }]);
    driver.run(seconds(5) - 1);
    expect(driver.frames).toEqual([]);
    driver.run(1);
    expect(driver.frames.map(toHex)).toEqual([...round, ...round]);
    driver.run(seconds(100));
    expect(driver.frames).toEqual([]);
    expect(driver.instance().statistics.announcementsSent).toBe(12);
  });

  it("are neighbour advertisements for IPv6 addresses", () => {
    const model = instanceModel({
      family: "ipv6",
      version: 3,
      virtualAddresses: [virtualAddress("fe80::51")],
      garp: { ...GARP, masterRepeat: 1 },
    });
    const driver = Driver.start(model);
    driver.run(DOWN_100);
    expect(driver.frames.map(toHex)).toEqual([
      toHex(encodeUnsolicitedNeighbourAdvertisement("fe80::51", OWN_MAC)),
    ]);
  });

  it("are repeated every garp_master_refresh", () => {
    const garp = { ...GARP, masterDelay: 0, masterRefresh: seconds(60), masterRefreshRepeat: 2 };
    const driver = Driver.start(instanceModel({ garp }));
    driver.run(DOWN_100);
    driver.run(seconds(60) - 1);
    expect(driver.frames).toEqual([]);
    driver.run(1);
    expect(driver.frames).toHaveLength(2);
    driver.run(seconds(60));
    expect(driver.frames).toHaveLength(2);
  });

  it("end with being master", () => {
    const model = instanceModel({ garp: { ...GARP, garpInterval: millis(100) } });
    const driver = Driver.start(model);
    driver.run(DOWN_100);
    expect(driver.frames).toHaveLength(1);
    driver.feed(advertFrom(model));
    driver.run(seconds(2));
    expect(driver.frames).toEqual([]);
  });

  it("have the MAC the link has by then, and none without one", () => {
    const driver = Driver.start(instanceModel());
    driver.run(DOWN_100);
    driver.feed({ kind: "LinkChanged", link: link({ mac: "02:00:00:00:00:09" }) });
    driver.run(seconds(5));
    expect(new Set(driver.frames.map(toHex))).toEqual(
      new Set([toHex(encodeGratuitousArp("10.9.0.100", "02:00:00:00:00:09"))]),
    );
    driver.feed({ kind: "LinkChanged", link: link({ mac: undefined }) });
    driver.feed(advertFrom(instanceModel(), { priority: 1 }));
    expect(driver.frames).toEqual([]);
  });
});

describe("spacing", () => {
  it("keeps garp_interval between frames of one interface, also of several instances", () => {
    const garp = { ...GARP, masterRepeat: 2, masterDelay: 0, garpInterval: millis(10) };
    const other = { name: "VI_2", virtualRouterId: 52, virtualAddresses: [virtualAddress("10.9.0.200")] };
    const driver = Driver.start(vrrpModel([instanceModel({ garp }), instanceModel({ ...other, garp })]));
    driver.run(DOWN_100);
    const seen = driver.frames.map(toHex);
    for (let i = 1; i < 4; i++) {
      driver.run(millis(10) - 1);
      expect(driver.frames).toEqual([]);
      driver.run(1);
      expect(driver.frames).toHaveLength(1);
      seen.push(...driver.frames.map(toHex));
    }
    expect(seen.filter((frame) => frame === arp("10.9.0.100"))).toHaveLength(2);
    expect(seen.filter((frame) => frame === arp("10.9.0.200"))).toHaveLength(2);
    driver.run(millis(100));
    expect(driver.frames).toEqual([]);
  });

  it("of the two kinds is apart: neither waits for the other", () => {
    const garp = {
      ...GARP,
      masterRepeat: 2,
      masterDelay: 0,
      garpInterval: millis(100),
      gnaInterval: millis(1),
    };
    const driver = Driver.start(instanceModel({ garp, excludedAddresses: [virtualAddress("2001:db8::1")] }));
    driver.run(DOWN_100);
    expect(driver.frames).toHaveLength(2);
    driver.run(millis(1));
    expect(driver.frames.map((frame) => frame.length)).toEqual([86]);
    driver.run(millis(99));
    expect(driver.frames.map((frame) => frame.length)).toEqual([42]);
  });
});

describe("a thousand addresses", () => {
  const model = instanceModel({
    version: 3,
    advertisementInterval: millis(10),
    virtualAddresses: [],
    excludedAddresses: many(1000),
  });

  it("are announced in bounded batches while advertisements keep their time", () => {
    const driver = Driver.start(model);
    driver.run(36_093);
    const sent = new Map<string, number>();
    const adverts: number[] = [];
    const begin = driver.now;
    for (let batch = 0; batch < 1000 && driver.now < begin + millis(200); batch++) {
      const due = driver.engine.nextDeadline() ?? 0;
      driver.run(Math.max(0, due - driver.now));
      expect(driver.frames.length).toBeLessThanOrEqual(64);
      for (const frame of driver.frames) sent.set(toHex(frame), (sent.get(toHex(frame)) ?? 0) + 1);
      for (const _ of driver.adverts) adverts.push(driver.now - begin);
    }
    expect(sent.size).toBe(1000);
    expect(adverts.slice(0, 15)).toEqual(Array.from({ length: 15 }, (_, index) => millis(10) * (index + 1)));
  });

  it("do not keep another instance on the same interface from its first announcement", () => {
    const small = instanceModel({
      name: "VI_2",
      virtualRouterId: 52,
      virtualAddresses: [virtualAddress("10.9.0.200")],
    });
    const big = instanceModel({ excludedAddresses: many(1000), virtualAddresses: [] });
    const driver = Driver.start(vrrpModel([big, small]));
    driver.run(DOWN_100);
    expect(driver.frames.length).toBeLessThanOrEqual(64);
    expect(driver.frames.map(toHex)).toContain(arp("10.9.0.200"));
  });
});

describe("an interface that gets another MAC", () => {
  const other = "02:00:00:00:00:77";
  const model = instanceModel({
    virtualAddresses: [virtualAddress("10.9.0.100"), virtualAddress("10.9.1.100", { interface: "eth1" })],
  });

  it("has what a master holds on it announced again, with the new one", () => {
    const driver = Driver.start(model);
    driver.feed({ kind: "LinkChanged", link: link({ name: "eth1", index: 3 }) });
    driver.run(seconds(10));
    driver.feed({ kind: "LinkChanged", link: link({ mtu: 9000 }) });
    expect(driver.actions).toEqual([]);
    driver.feed({ kind: "LinkChanged", link: link({ mac: other }) });
    const frame = toHex(encodeGratuitousArp("10.9.0.100", other));
    expect(driver.frames.map(toHex)).toEqual(Array(5).fill(frame));
    expect(driver.eventsOf("MacChanged")).toMatchObject([{ interface: "eth0", mac: other }]);
  });

  it("means nothing to a backup", () => {
    const driver = Driver.start(model);
    driver.feed({ kind: "LinkChanged", link: link({ mac: other }) });
    expect(driver.actions).toEqual([]);
  });
});

describe("a garp_group", () => {
  const elsewhere = virtualAddress("10.8.0.100", { interface: "eth1" });
  const model = instanceModel({
    virtualAddresses: [virtualAddress("10.9.0.100"), elsewhere],
    garp: { ...GARP, masterRepeat: 2 },
  });
  const begin = (interfaces: readonly string[]): Driver => {
    const driver = new Driver();
    for (const name of ["eth0", "eth1"]) driver.feed({ kind: "LinkChanged", link: link({ name }) });
    driver.feed({ kind: "AddressAdded", address: interfaceAddress("10.9.0.1"), origin: "other" });
    const garpGroups = [{ interfaces, garpInterval: millis(10), gnaInterval: 0 }];
    driver.feed({ kind: "ConfigChanged", model: vrrpModel([model], { garpGroups }) });
    return driver;
  };
  const sent = (driver: Driver): string[] =>
    driver.actionsOf("SendFrames").map(({ interface: name, frames }) => `${name} ${frames.length}`);

  it("spaces the announcements of all its interfaces together", () => {
    const driver = begin(["eth0", "eth1"]);
    driver.run(DOWN_100);
    expect(sent(driver)).toEqual(["eth0 1"]);
    for (const next of ["eth1 1", "eth0 1", "eth1 1"]) {
      driver.run(millis(10) - 1);
      expect(sent(driver)).toEqual([]);
      driver.run(1);
      expect(sent(driver)).toEqual([next]);
    }
  });

  it("leaves other interfaces alone", () => {
    const driver = begin(["eth1"]);
    driver.run(DOWN_100);
    expect(sent(driver)).toEqual(["eth0 2", "eth1 1"]);
  });
});
