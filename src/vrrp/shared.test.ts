/** An address, route or rule that more than one instance holds. */
import { describe, expect, it } from "vitest";
import {
  advertFrom,
  Driver,
  instanceModel,
  interfaceAddress,
  virtualAddress,
  vrrpModel,
} from "../../test/support/vrrp-driver.ts";
import { seconds } from "../base/time.ts";
import type { InstanceSnapshot } from "./snapshot.ts";

const SHARED = virtualAddress("10.9.0.100");
const ONE = instanceModel({ name: "VI_1", virtualAddresses: [SHARED, virtualAddress("10.9.0.101")] });
const TWO = instanceModel({
  name: "VI_2",
  virtualRouterId: 52,
  virtualAddresses: [SHARED, virtualAddress("10.9.0.102")],
});
const BOTH = vrrpModel([ONE, TWO]);

function masters(): Driver {
  const driver = Driver.start(BOTH);
  driver.run(seconds(10));
  return driver;
}

const addresses = (instance: InstanceSnapshot): string[] =>
  instance.addresses.map(({ address, state }) => `${address} ${state}`);
const removed = (driver: Driver): string[] =>
  driver.actionsOf("RemoveAddresses").flatMap((action) => action.addresses.map(({ address }) => address));
const added = (driver: Driver): string[] =>
  driver.actionsOf("AddAddresses").flatMap((action) => action.addresses.map(({ address }) => address));

describe("an address of two masters", () => {
  it("stays when one of them yields, and goes with the second one", () => {
    const driver = masters();
    driver.feed(advertFrom(TWO));
    expect(driver.instance("VI_2").state).toBe("BACKUP");
    expect(removed(driver)).toEqual(["10.9.0.102"]);
    expect(driver.eventsOf("LeftToOther")).toMatchObject([
      { instance: "VI_2", item: "10.9.0.100", other: "VI_1" },
    ]);
    expect(addresses(driver.instance("VI_1"))).toEqual(["10.9.0.100 present", "10.9.0.101 present"]);
    expect(addresses(driver.instance("VI_2"))).toEqual(["10.9.0.100 absent", "10.9.0.102 absent"]);
    driver.feed(advertFrom(ONE));
    expect(removed(driver)).toEqual(["10.9.0.100", "10.9.0.101"]);
  });

  it("goes when both leave at once", () => {
    const driver = masters();
    driver.feed({ kind: "StopRequested", release: true, by: "SIGTERM" });
    expect(removed(driver).toSorted()).toEqual(["10.9.0.100", "10.9.0.101", "10.9.0.102"]);
    expect(driver.kinds).toContain("Stopped");
  });

  it("stays when a reload takes one of them, or the address of one, out of the configuration", () => {
    const driver = masters();
    driver.feed({
      kind: "ConfigChanged",
      model: vrrpModel([ONE, { ...TWO, virtualAddresses: [virtualAddress("10.9.0.102")] }]),
    });
    expect(removed(driver)).toEqual([]);
    driver.feed({ kind: "ConfigChanged", model: BOTH });
    driver.feed({ kind: "ConfigChanged", model: vrrpModel([ONE]) });
    expect(removed(driver)).toEqual(["10.9.0.102"]);
    expect(addresses(driver.instance("VI_1"))).toEqual(["10.9.0.100 present", "10.9.0.101 present"]);
  });

  it("is not taken from a master by an instance that begins beside it", () => {
    const driver = Driver.start(vrrpModel([ONE]));
    driver.run(seconds(10));
    const held = interfaceAddress("10.9.0.100", { prefixLength: 32 });
    driver.feed({ kind: "AddressAdded", address: held, origin: "self" });
    driver.feed({ kind: "ConfigChanged", model: BOTH });
    expect(driver.instance("VI_2").state).toBe("BACKUP");
    expect(removed(driver)).toEqual([]);
  });

  it("is put back and announced when the removal of one comes after the addition of the other", () => {
    const driver = masters();
    driver.feed(advertFrom(ONE));
    driver.run(seconds(2));
    driver.answer = (_, kind) => (kind === "RemoveAddresses" ? "lost" : "done");
    driver.feed(advertFrom(TWO));
    const [late] = driver.actionsOf("RemoveAddresses");
    if (late === undefined) throw new Error("no request");
    driver.run(seconds(2));
    expect([driver.instance("VI_1").state, driver.instance("VI_2").state]).toEqual(["MASTER", "BACKUP"]);
    driver.feed({ kind: "ActionDone", id: late.id, epoch: late.epoch, item: "10.9.0.100/32@eth0" });
    expect(added(driver)).toEqual(["10.9.0.100"]);
    expect(driver.frames).toHaveLength(5);
  });
});
