import { describe, expect, it } from "vitest";
import {
  advertFrom,
  Driver,
  instanceModel,
  interfaceAddress,
  PEER,
  virtualAddress,
} from "../../test/support/vrrp-driver.ts";
import { seconds } from "../base/time.ts";

const DOWN_100 = 3_609_375;
const TWO = instanceModel({ virtualAddresses: [virtualAddress("10.9.0.100"), virtualAddress("10.9.0.101")] });
const HELD = interfaceAddress("10.9.0.100", { prefixLength: 32 });

function master(model = instanceModel(), answer?: Driver["answer"]): Driver {
  const driver = Driver.start(model);
  if (answer !== undefined) driver.answer = answer;
  driver.run(DOWN_100);
  return driver;
}

const states = (driver: Driver): string[] => driver.instance().addresses.map(({ state }) => state);

describe("when no address can be added", () => {
  it("resigns, is in FAULT, and competes again after a while that doubles", () => {
    const driver = master(TWO, (_, kind) => (kind === "AddAddresses" ? "EPERM" : "EADDRNOTAVAIL"));
    expect(driver.state).toBe("FAULT");
    expect(driver.adverts).toEqual([100, 0]);
    expect(driver.instance().cause).toMatchObject([{ kind: "action-failed", error: { errno: "EPERM" } }]);
    expect(driver.eventsOf("AddressFailed")).toHaveLength(2);
    for (const wait of [1, 2, 4]) {
      driver.run(seconds(wait) - 1);
      expect(driver.state).toBe("FAULT");
      driver.run(1);
      expect(driver.state).toBe("BACKUP");
      expect(driver.instance().cause).toMatchObject([{ kind: "retry", waited: seconds(wait) }]);
      driver.run(DOWN_100);
      expect(driver.state).toBe("FAULT");
    }
    driver.answer = () => "done";
    driver.run(seconds(8) + DOWN_100);
    expect(driver.state).toBe("MASTER");
    expect(states(driver)).toEqual(["present", "present"]);
  });
});

describe("when some addresses cannot be added", () => {
  it("stays master, degraded, asks again ever more rarely, and announces an address once it is there", () => {
    const driver = master(TWO, (address) => (address === "10.9.0.101" ? "ENOBUFS" : "done"));
    expect(driver.state).toBe("MASTER");
    expect(driver.instance()).toMatchObject({ degraded: true });
    expect(states(driver)).toEqual(["present", "failed"]);
    expect(driver.instance().addresses[1]?.error).toContain("ENOBUFS");
    for (const wait of [1, 2]) {
      driver.run(seconds(wait) - 1);
      expect(driver.actionsOf("AddAddresses")).toEqual([]);
      driver.run(1);
      expect(driver.actionsOf("AddAddresses").flatMap(({ addresses }) => addresses)).toEqual([
        TWO.virtualAddresses[1],
      ]);
      expect(driver.frames).toEqual([]);
    }
    driver.run(seconds(3));
    expect(driver.frames).toHaveLength(5);
    driver.answer = () => "done";
    driver.run(seconds(1));
    expect(driver.frames).toHaveLength(5);
    expect(driver.instance()).toMatchObject({ degraded: false });
    expect(driver.eventsOf("AddressAdded")).toMatchObject([{ address: "10.9.0.101" }]);
  });
});

describe("answers", () => {
  it("of an older epoch are stale", () => {
    const model = instanceModel();
    const driver = master(model, () => "lost");
    const [added] = driver.actionsOf("AddAddresses");
    driver.feed(advertFrom(model));
    const [removed] = driver.actionsOf("RemoveAddresses");
    if (added === undefined || removed === undefined) throw new Error("no request");
    expect(removed.epoch).toBeGreaterThan(added.epoch);
    const stale = { id: added.id, epoch: added.epoch, item: "10.9.0.100/32@eth0" };
    driver.feed({ kind: "ActionDone", ...stale });
    expect(states(driver)).toEqual(["removing"]);
    driver.feed({ kind: "ActionFailed", ...stale, error: { call: "x", errno: "EPERM", subject: "y" } });
    expect(states(driver)).toEqual(["removing"]);
    driver.feed({ kind: "ActionDone", id: removed.id, epoch: removed.epoch, item: "10.9.0.100/32@eth0" });
    expect(states(driver)).toEqual(["absent"]);
  });

  it("that never come are asked for again", () => {
    const driver = master(instanceModel(), () => "lost");
    expect(driver.state).toBe("MASTER");
    driver.run(seconds(3) - 1);
    expect(driver.actionsOf("AddAddresses")).toEqual([]);
    driver.run(1);
    expect(driver.actionsOf("AddAddresses")).toHaveLength(1);
    driver.answer = () => "done";
    driver.run(seconds(3));
    expect(states(driver)).toEqual(["present"]);
    driver.run(seconds(30));
    expect(driver.actionsOf("AddAddresses")).toEqual([]);
  });

  it("that refuse a removal are not the end of it", () => {
    const model = instanceModel();
    const driver = master(model);
    driver.answer = () => "EBUSY";
    driver.feed(advertFrom(model));
    expect(states(driver)).toEqual(["removing"]);
    driver.answer = () => "done";
    driver.run(seconds(1));
    expect(driver.actionsOf("RemoveAddresses")).toHaveLength(1);
    expect(states(driver)).toEqual(["absent"]);
  });

  it("that find nothing to remove are as good as done", () => {
    const model = instanceModel();
    const driver = master(model);
    driver.answer = () => "EADDRNOTAVAIL";
    driver.feed(advertFrom(model));
    expect(states(driver)).toEqual(["absent"]);
    expect(driver.eventsOf("AddressFailed")).toEqual([]);
  });
});

describe("an address deleted by somebody else", () => {
  it("is put back and announced at once", () => {
    const driver = master();
    driver.run(seconds(10));
    driver.feed({ kind: "AddressRemoved", address: HELD, origin: "other" });
    expect(driver.state).toBe("MASTER");
    expect(driver.actionsOf("AddAddresses")).toHaveLength(1);
    expect(driver.frames).toHaveLength(5);
    expect(driver.eventsOf("AddressDeletedByOther")).toMatchObject([
      { address: "10.9.0.100", reaction: "put back" },
    ]);
  });

  it("or by the kernel along with another address of ours is put back, as often as that happens", () => {
    const driver = master();
    for (let i = 0; i < 5; i++) {
      driver.run(seconds(1));
      driver.feed({ kind: "AddressRemoved", address: HELD, origin: "along" });
      expect(driver.state).toBe("MASTER");
      expect(driver.actionsOf("AddAddresses")).toHaveLength(1);
      expect(driver.eventsOf("AddressDeletedByOther")).toEqual([]);
      expect(driver.eventsOf("AddressWentAlong")).toMatchObject([{ address: "10.9.0.100" }]);
    }
  });

  it("again and again makes the instance resign, and come back later", () => {
    const driver = master();
    for (let i = 0; i < 2; i++) {
      driver.run(seconds(4));
      driver.feed({ kind: "AddressRemoved", address: HELD, origin: "other" });
      expect(driver.state).toBe("MASTER");
    }
    driver.run(seconds(1));
    driver.feed({ kind: "AddressRemoved", address: HELD, origin: "other" });
    expect(driver.state).toBe("FAULT");
    expect(driver.adverts).toEqual([0]);
    expect(driver.instance().cause).toMatchObject([{ kind: "address-removed", address: "10.9.0.100" }]);
    driver.run(seconds(1));
    expect(driver.state).toBe("BACKUP");
  });

  it("now and then does not", () => {
    const driver = master();
    for (let i = 0; i < 6; i++) {
      driver.run(seconds(5));
      driver.feed({ kind: "AddressRemoved", address: HELD, origin: "other" });
    }
    expect(driver.state).toBe("MASTER");
  });

  it("along with many others is one deletion of each", () => {
    const addresses = Array.from({ length: 80 }, (_, index) => virtualAddress(`10.9.1.${index}`));
    const driver = master(instanceModel({ virtualAddresses: addresses }));
    for (const { address } of addresses) {
      const removed = interfaceAddress(address, { prefixLength: 32 });
      driver.feed({ kind: "AddressRemoved", address: removed, origin: "other" });
    }
    expect(driver.state).toBe("MASTER");
    expect(new Set(states(driver))).toEqual(new Set(["present"]));
  });

  it("is left alone with no_track, and means nothing for a backup or with another prefix", () => {
    const driver = master(
      instanceModel({ virtualAddresses: [virtualAddress("10.9.0.100", { noTrack: true })] }),
    );
    driver.feed({ kind: "AddressRemoved", address: { ...HELD, prefixLength: 24 }, origin: "other" });
    expect(driver.actions).toEqual([]);
    driver.feed({ kind: "AddressRemoved", address: HELD, origin: "other" });
    expect(driver.kinds).toEqual(["Emit"]);
    expect(states(driver)).toEqual(["absent"]);
    const backup = Driver.start(instanceModel());
    expect(backup.feed({ kind: "AddressRemoved", address: HELD, origin: "other" })).toEqual([]);
  });

  it("is no matter if we did it ourselves", () => {
    const driver = master();
    expect(driver.feed({ kind: "AddressRemoved", address: HELD, origin: "self" })).toEqual([]);
  });
});

describe("a claim of one of our addresses", () => {
  const claim = {
    kind: "NeighbourSeen",
    interface: "eth0",
    operation: "ask",
    sender: "10.9.0.100",
    target: "10.9.0.100",
    mac: "02:00:00:00:00:66",
    to: "ff:ff:ff:ff:ff:ff",
  } as const;

  it("is a conflict while we are master, told every ten seconds at most", () => {
    const driver = master();
    driver.feed(claim);
    expect(driver.eventsOf("AddressConflict")).toMatchObject([{ address: "10.9.0.100", mac: claim.mac }]);
    driver.run(seconds(9));
    expect(driver.feed(claim)).toEqual([]);
    driver.run(seconds(1));
    expect(driver.feed(claim)).toHaveLength(1);
    expect(driver.state).toBe("MASTER");
  });

  it("is none from our own MAC, for another address, on another interface, or for a backup", () => {
    const driver = master();
    expect(driver.feed({ ...claim, mac: "be:78:e4:5f:7a:b3" })).toEqual([]);
    expect(driver.feed({ ...claim, sender: PEER })).toEqual([]);
    expect(driver.feed({ ...claim, interface: "eth1" })).toEqual([]);
    expect(Driver.start(instanceModel()).feed(claim)).toEqual([]);
  });
});
