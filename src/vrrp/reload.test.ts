import { describe, expect, it } from "vitest";
import {
  advertFrom,
  command,
  Driver,
  instanceModel,
  interfaceAddress,
  notifyModel,
  virtualAddress,
  vrrpModel,
} from "../../test/support/vrrp-driver.ts";
import { copyPlain } from "../base/plain.ts";
import { seconds } from "../base/time.ts";
import type { VrrpInstanceModel } from "../model/model.ts";

const DOWN_100 = 3_609_375;
const MODEL = instanceModel();
const SECOND = instanceModel({
  name: "VI_2",
  virtualRouterId: 52,
  virtualAddresses: [virtualAddress("10.9.0.200")],
});

function masters(...models: VrrpInstanceModel[]): Driver {
  const driver = Driver.start(vrrpModel(models));
  driver.run(DOWN_100);
  driver.run(seconds(10));
  return driver;
}

function reload(driver: Driver, ...models: VrrpInstanceModel[]): void {
  driver.feed({ kind: "ConfigChanged", model: vrrpModel(models) });
}

describe("a reload", () => {
  it("of the same configuration does nothing at all, and no advertisement is late", () => {
    const driver = masters(MODEL, SECOND);
    const deadline = driver.engine.nextDeadline();
    reload(driver, copyPlain(SECOND), copyPlain(MODEL));
    expect(driver.actions).toEqual([]);
    expect(driver.engine.nextDeadline()).toBe(deadline);
    driver.run(seconds(1));
    expect(driver.adverts).toEqual([100, 100]);
  });

  it("touches only what changed in the list of addresses, and announces what is new", () => {
    const keep = virtualAddress("10.9.0.100");
    const drop = virtualAddress("10.9.0.101");
    const add = virtualAddress("10.9.0.102");
    const driver = masters(instanceModel({ virtualAddresses: [keep, drop] }), SECOND);
    reload(driver, instanceModel({ virtualAddresses: [keep, add] }), SECOND);
    expect(driver.state).toBe("MASTER");
    expect(driver.adverts).toEqual([100]);
    const changes = [...driver.actionsOf("RemoveAddresses"), ...driver.actionsOf("AddAddresses")];
    expect(changes.map(({ kind, addresses }) => [kind, addresses])).toEqual([
      ["RemoveAddresses", [drop]],
      ["AddAddresses", [add]],
    ]);
    expect(driver.kinds.indexOf("RemoveAddresses")).toBeLessThan(driver.kinds.indexOf("AddAddresses"));
    expect(driver.frames).toHaveLength(5);
    expect(driver.instance().addresses.map(({ address }) => address)).toEqual(["10.9.0.100", "10.9.0.102"]);
    expect(driver.eventsOf("StateChanged")).toEqual([]);
    driver.run(seconds(5));
    expect(driver.frames).toHaveLength(10);
  });

  it("adds again an address whose attributes changed", () => {
    const driver = masters(MODEL);
    const labelled = virtualAddress("10.9.0.100", { label: "eth0:1" });
    reload(driver, instanceModel({ virtualAddresses: [labelled] }));
    expect(driver.actionsOf("AddAddresses").map(({ addresses }) => addresses)).toEqual([[labelled]]);
    expect(driver.actionsOf("RemoveAddresses")).toEqual([]);
  });

  it("takes over priority and interval: a master says so at once, a backup waits no longer than they ask", () => {
    const driver = masters(MODEL);
    reload(driver, instanceModel({ priority: 50, advertisementInterval: seconds(2) }));
    expect(driver.headers).toMatchObject([{ priority: 50, advertisementInterval: seconds(2) }]);
    expect(driver.eventsOf("PriorityChanged")).toMatchObject([{ from: 100, to: 50 }]);
    driver.run(seconds(8));
    expect(driver.adverts).toEqual([50, 50, 50, 50]);

    const slow = instanceModel({ advertisementInterval: seconds(10) });
    const backup = Driver.start(slow);
    reload(backup, MODEL);
    expect(backup.engine.nextDeadline()).toBe(backup.now + DOWN_100);
  });

  it("that removes a master makes it resign, and cleans up behind it", () => {
    const driver = masters(MODEL, SECOND);
    reload(driver, SECOND);
    expect(driver.adverts).toEqual([0]);
    expect(driver.actionsOf("RemoveAddresses").map(({ instance }) => instance)).toEqual(["VI_1"]);
    expect(driver.eventsOf("StateChanged")).toMatchObject([
      { instance: "VI_1", from: "MASTER", to: "FAULT", cause: [{ kind: "removed-by-reload" }] },
    ]);
    expect(driver.engine.snapshot(driver.now).instances.map(({ name }) => name)).toEqual(["VI_2"]);
    driver.feed(advertFrom(MODEL));
    expect(driver.engine.snapshot(driver.now).dropped).toEqual({ "unknown-virtual-router": 1 });
  });

  it("goes on asking for the removal of what it dropped", () => {
    const driver = masters(MODEL, SECOND);
    driver.answer = () => "lost";
    reload(driver, SECOND);
    driver.answer = () => "done";
    driver.run(seconds(3));
    expect(driver.actionsOf("RemoveAddresses").map(({ instance }) => instance)).toEqual(["VI_1"]);
    driver.run(seconds(30));
    expect(driver.actionsOf("RemoveAddresses")).toEqual([]);
  });

  it("reports FAULT for a removed instance, or DELETED where that is configured", () => {
    const any = command("/any");
    for (const [deleted, state] of [
      [undefined, "FAULT"],
      [command("/deleted"), "DELETED"],
    ] as const) {
      const driver = masters(instanceModel({ notify: notifyModel({ any, deleted }) }));
      reload(driver);
      expect(driver.actionsOf("RunNotify")).toMatchObject([{ state }]);
    }
  });

  it("starts what is new, and matches by key, not by name", () => {
    const driver = masters(MODEL);
    reload(driver, { ...MODEL, name: "RENAMED" }, SECOND);
    expect(driver.eventsOf("StateChanged")).toMatchObject([{ instance: "VI_2", to: "BACKUP" }]);
    expect(driver.instance("RENAMED").state).toBe("MASTER");
    expect(driver.instance("RENAMED").statistics.becameMaster).toBe(1);
  });

  it("moves an address from one instance to another without a gap", () => {
    const driver = masters(MODEL, SECOND);
    const both = [...SECOND.virtualAddresses, ...MODEL.virtualAddresses];
    reload(driver, { ...SECOND, virtualAddresses: both }, instanceModel({ virtualAddresses: [] }));
    const changes = driver.actions.filter(
      ({ kind }) => kind === "AddAddresses" || kind === "RemoveAddresses",
    );
    expect(changes).toMatchObject([
      { kind: "AddAddresses", instance: "VI_2", addresses: MODEL.virtualAddresses },
    ]);
  });

  it("does not ask again for a removal once the address is another instance's", () => {
    const driver = masters(MODEL, SECOND);
    driver.answer = (_, kind) => (kind === "RemoveAddresses" ? "lost" : "done");
    const both = [...SECOND.virtualAddresses, ...MODEL.virtualAddresses];
    reload(driver, { ...SECOND, virtualAddresses: both }, instanceModel({ virtualAddresses: [] }));
    driver.run(seconds(30));
    expect(driver.actionsOf("RemoveAddresses")).toEqual([]);
    expect(driver.instance().addresses).toEqual([]);
    expect(driver.instance("VI_2").addresses.map(({ state }) => state)).toEqual(["present", "present"]);
  });

  it("brings a new script that counts as successful until it has run", () => {
    const driver = masters(MODEL);
    const trackScripts = [{ name: "chk", weight: 0, reverse: false }];
    const judgement = { name: "chk", rise: 1, fall: 1, initFail: false };
    const model = vrrpModel([instanceModel({ trackScripts })], { trackScripts: [judgement] });
    driver.feed({ kind: "ConfigChanged", model });
    expect(driver.state).toBe("MASTER");
    const finished = {
      script: "chk",
      ok: false,
      exitCode: 1,
      signal: undefined,
      timedOut: false,
      duration: 1,
    };
    driver.feed({ kind: "ScriptFinished", ...finished });
    expect(driver.state).toBe("FAULT");
    driver.feed({ kind: "ConfigChanged", model: { ...model, trackScripts: [{ ...judgement, fall: 2 }] } });
    expect(driver.state).toBe("FAULT");
  });

  it("does not take an address away that somebody added while we were backup", () => {
    const driver = Driver.start(MODEL);
    driver.feed(advertFrom(MODEL));
    const foreign = interfaceAddress("10.9.0.100", { prefixLength: 32 });
    expect(driver.feed({ kind: "AddressAdded", address: foreign, origin: "other" })).toEqual([]);
  });
});
