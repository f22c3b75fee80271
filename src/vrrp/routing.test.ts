import { describe, expect, it } from "vitest";
import { routeModel, ruleModel } from "../../sim/routing.ts";
import {
  advertFrom,
  Driver,
  instanceModel,
  interfaceAddress,
  link,
  virtualAddress,
  vrrpModel,
} from "../../test/support/vrrp-driver.ts";
import { seconds } from "../base/time.ts";
import type { VrrpInstanceModel } from "../model/model.ts";

const DOWN_100 = 3_609_375;
const ROUTE = routeModel("10.1.0.0/16", { gateway: "10.9.0.9" });
const OTHER = routeModel("10.2.0.0/16", { interface: "eth1" });
const RULE = ruleModel(100);
const MODEL = instanceModel({
  excludedAddresses: [virtualAddress("10.9.0.101")],
  routing: [ROUTE, RULE],
});

function started(model: VrrpInstanceModel, answer?: Driver["answer"]): Driver {
  const driver = Driver.start(model);
  if (answer !== undefined) driver.answer = answer;
  driver.feed({ kind: "LinkChanged", link: link({ name: "eth1", index: 3 }) });
  return driver;
}

function master(model = MODEL, answer?: Driver["answer"]): Driver {
  const driver = started(model, answer);
  driver.run(DOWN_100 + 10);
  return driver;
}

/** What was asked of the kernel, one word for each item. */
function asked(driver: Driver): string[] {
  return driver.actions.flatMap((action) => {
    if ("items" in action) return action.items.map(({ key }) => `${action.kind} ${key}`);
    return "addresses" in action ? action.addresses.map(({ address }) => `${action.kind} ${address}`) : [];
  });
}

const states = (driver: Driver): string[] => driver.instance().routing.map(({ state }) => state);

describe("routes and rules of an instance", () => {
  it("come after the addresses, and go before them", () => {
    const driver = master();
    expect(driver.state).toBe("MASTER");
    expect(asked(driver)).toEqual([
      "AddAddresses 10.9.0.100",
      "AddAddresses 10.9.0.101",
      "AddRouting route 10.1.0.0/16",
      "AddRouting rule 100",
    ]);
    expect(states(driver)).toEqual(["present", "present"]);
    driver.feed(advertFrom(MODEL));
    expect(driver.state).toBe("BACKUP");
    expect(asked(driver)).toEqual([
      "RemoveRouting rule 100",
      "RemoveRouting route 10.1.0.0/16",
      "RemoveAddresses 10.9.0.101",
      "RemoveAddresses 10.9.0.100",
    ]);
    expect(states(driver)).toEqual(["absent", "absent"]);
  });

  it("left by an earlier life are removed at the start", () => {
    const driver = Driver.start(MODEL);
    expect(asked(driver)).toEqual(["RemoveRouting rule 100", "RemoveRouting route 10.1.0.0/16"]);
  });

  it("that the kernel refuses make a master degraded, and are asked for again", () => {
    let errno = "ENETUNREACH";
    const driver = master(MODEL, (subject, kind) =>
      kind === "AddRouting" && subject === ROUTE.key ? errno : "done",
    );
    expect(driver.state).toBe("MASTER");
    expect(driver.instance()).toMatchObject({ degraded: true });
    expect(driver.instance().routing[0]).toMatchObject({ state: "failed" });
    errno = "done";
    driver.run(seconds(1));
    expect(driver.eventsOf("RoutingAdded")).toMatchObject([{ item: ROUTE.key }]);
    expect(driver.instance().degraded).toBe(false);
  });

  it("deleted by others are put back, and in a fight later and later", () => {
    const driver = master();
    driver.feed({ kind: "RoutingRemoved", item: RULE.key });
    expect(asked(driver)).toEqual(["AddRouting rule 100"]);
    expect(driver.eventsOf("RoutingDeletedByOther")).toMatchObject([{ reaction: "put back" }]);
    let fights = 0;
    for (; fights < 20 && states(driver)[1] !== "failed"; fights++) {
      driver.feed({ kind: "RoutingRemoved", item: RULE.key });
    }
    expect(fights).toBeLessThan(20);
    expect(driver.state).toBe("MASTER");
    driver.run(seconds(2));
    expect(states(driver)).toEqual(["present", "present"]);
  });

  it("that prefer an address as their source are put back along with it", () => {
    const sourced = routeModel("10.5.0.0/16", { interface: "eth0", preferredSource: "10.9.0.100" });
    const driver = master(instanceModel({ routing: [sourced, ROUTE] }));
    const address = interfaceAddress("10.9.0.100", { prefixLength: 32 });
    driver.feed({ kind: "AddressRemoved", address, origin: "other" });
    expect(asked(driver)).toEqual(["AddAddresses 10.9.0.100", `AddRouting ${sourced.key}`]);
  });

  it("of no_track are left to their fate", () => {
    const driver = master(instanceModel({ routing: [routeModel("10.1.0.0/16", {}, true)] }));
    driver.feed({ kind: "RoutingRemoved", item: ROUTE.key });
    expect(asked(driver)).toEqual([]);
    expect(states(driver)).toEqual(["absent"]);
  });

  it("need the interfaces of routes, unless no_track", () => {
    const down = { kind: "LinkChanged", link: link({ name: "eth1", index: 3, running: false }) } as const;
    const tracked = master(instanceModel({ routing: [OTHER] }));
    tracked.feed(down);
    expect(tracked.state).toBe("FAULT");
    const free = master(instanceModel({ routing: [{ ...OTHER, noTrack: true }] }));
    free.feed(down);
    expect(free.state).toBe("MASTER");
    free.feed({ kind: "LinkChanged", link: link({ name: "eth1", index: 3 }) });
    expect(asked(free)).toEqual([`AddRouting ${OTHER.key}`]);
  });

  it("change with a reload only where they differ", () => {
    const driver = master();
    driver.feed({ kind: "ConfigChanged", model: vrrpModel([{ ...MODEL, routing: [OTHER, RULE] }]) });
    expect(asked(driver)).toEqual([`RemoveRouting ${ROUTE.key}`, `AddRouting ${OTHER.key}`]);
    expect(driver.instance().routing.map(({ item }) => item)).toEqual([OTHER.key, RULE.key]);
    driver.feed({ kind: "ConfigChanged", model: vrrpModel([{ ...MODEL, routing: [OTHER, RULE] }]) });
    expect(driver.actions).toEqual([]);
  });
});

describe("static entries", () => {
  const ADDRESS = virtualAddress("10.9.0.7");
  const STATICS = { addresses: [ADDRESS], routing: [ROUTE] };
  const GROUPED = instanceModel({ trackStatics: [ROUTE.key] });

  it("are there whoever is master, and go with the daemon even where it keeps its addresses", () => {
    const driver = Driver.start(vrrpModel([instanceModel()], { statics: STATICS }));
    expect(asked(driver)).toEqual(["AddAddresses 10.9.0.7", `AddRouting ${ROUTE.key}`]);
    driver.run(seconds(5));
    driver.feed({ kind: "StopRequested", release: false, by: "test" });
    expect(asked(driver)).toEqual([`RemoveRouting ${ROUTE.key}`, "RemoveAddresses 10.9.0.7"]);
    expect(driver.kinds).toContain("Stopped");
  });

  it("change with a reload only where they differ", () => {
    const driver = Driver.start(vrrpModel([], { statics: STATICS }));
    const statics = { ...STATICS, routing: [OTHER] };
    driver.feed({ kind: "ConfigChanged", model: vrrpModel([], { statics }) });
    expect(asked(driver)).toEqual([`RemoveRouting ${ROUTE.key}`, `AddRouting ${OTHER.key}`]);
  });

  it("deleted by others are put back", () => {
    const driver = Driver.start(vrrpModel([], { statics: STATICS }));
    driver.feed({ kind: "RoutingRemoved", item: ROUTE.key });
    expect(asked(driver)).toEqual([`AddRouting ${ROUTE.key}`]);
    expect(driver.eventsOf("RoutingDeletedByOther")).toMatchObject([{ instance: "static entries" }]);
  });

  it("that cannot be there are the FAULT of the instances in their track_group", () => {
    const driver = Driver.start(vrrpModel([GROUPED, instanceModel({ name: "VI_2", virtualRouterId: 52 })]));
    let errno = "EINVAL";
    driver.answer = (subject) => (subject === ROUTE.key ? errno : "done");
    const model = vrrpModel([GROUPED, instanceModel({ name: "VI_2", virtualRouterId: 52 })], {
      statics: STATICS,
    });
    driver.feed({ kind: "ConfigChanged", model });
    expect(driver.instance("VI_1").state).toBe("FAULT");
    expect(driver.instance("VI_1").cause).toMatchObject([{ kind: "static-entry", item: ROUTE.key }]);
    expect(driver.instance("VI_2").state).not.toBe("FAULT");
    errno = "done";
    driver.run(seconds(2));
    expect(driver.instance("VI_1").state).toBe("BACKUP");
  });

  it("fail a track_group with their interface", () => {
    const model = instanceModel({ trackStatics: [OTHER.key] });
    const driver = Driver.start(vrrpModel([model], { statics: { addresses: [], routing: [OTHER] } }));
    expect(driver.state).toBe("FAULT");
    driver.feed({ kind: "LinkChanged", link: link({ name: "eth1", index: 3 }) });
    expect(driver.state).toBe("BACKUP");
  });
});
