import { describe, expect, it } from "vitest";
import {
  advertFrom,
  Driver,
  groupModel,
  instanceModel,
  OWN_ADDRESS,
  PEER,
  vrrpModel,
} from "../../test/support/vrrp-driver.ts";
import { millis, seconds } from "../base/time.ts";
import { createVrrpEngine, restoreVrrpEngine } from "./engine.ts";
import type { Order } from "./order.ts";

const MODEL = instanceModel({ priority: 150 });

function order(changes: Partial<Order> = {}): Order {
  return {
    id: 1,
    kind: "failover",
    subject: "VI_1",
    since: 0,
    until: undefined,
    force: false,
    by: "alice",
    why: "kernel update",
    ...changes,
  };
}

function give(driver: Driver, ...orders: readonly Order[]): void {
  driver.feed({ kind: "OrdersChanged", orders });
}

function master(model = MODEL): Driver {
  const driver = Driver.start(model);
  driver.run(seconds(4));
  expect(driver.state).toBe("MASTER");
  return driver;
}

function hear(driver: Driver, priority: number): void {
  driver.feed(advertFrom(MODEL, { priority, source: PEER }));
}

function stages(driver: Driver): string[] {
  return driver.eventsOf("OrderProgress").map(({ stage }) => stage);
}

describe("a failover", () => {
  it("resigns, keeps its addresses until another speaks, and only then lets go", () => {
    const driver = master();
    give(driver, order());
    expect(driver.adverts).toEqual([0]);
    expect(driver.kinds).not.toContain("RemoveAddresses");
    driver.run(millis(600));
    expect(driver.adverts).toEqual([]);
    expect(driver.state).toBe("MASTER");
    hear(driver, 100);
    expect(driver.state).toBe("BACKUP");
    expect(driver.kinds).toContain("RemoveAddresses");
    expect(driver.adverts).toEqual([]);
    expect(stages(driver)).toEqual(["handed-over"]);
    expect(driver.eventsOf("StateChanged")[0]?.cause).toMatchObject([
      { kind: "order", order: "failover", by: "alice", why: "kernel update" },
      { kind: "advertisement", from: PEER, priority: 100 },
    ]);
  });

  it("stands aside for a lower master as long as it stands, and competes again when it ends", () => {
    const driver = master();
    give(driver, order());
    hear(driver, 100);
    for (let beat = 0; beat < 20; beat++) {
      driver.run(seconds(1));
      hear(driver, 100);
    }
    expect(driver.state).toBe("BACKUP");
    give(driver);
    expect(stages(driver)).toEqual(["ended"]);
    for (let beat = 0; beat < 3; beat++) {
      driver.run(seconds(1));
      hear(driver, 100);
    }
    driver.run(seconds(1));
    expect(driver.state).toBe("MASTER");
  });

  it("says it three times and stays master where nobody takes over", () => {
    const driver = master();
    give(driver, order());
    driver.run(seconds(10));
    expect(driver.adverts.filter((priority) => priority === 0)).toHaveLength(2);
    expect(stages(driver)).toEqual(["kept"]);
    expect(driver.state).toBe("MASTER");
    expect(driver.adverts.at(-1)).toBe(150);
    expect(driver.instance().order).toMatchObject({ state: "kept" });
  });

  it("leaves no silence long enough for a backup that missed the resignation", () => {
    const driver = master();
    driver.run(millis(990));
    const from = driver.now;
    give(driver, order());
    let last = from - millis(990);
    let longest = 0;
    while (driver.now < from + seconds(8)) {
      driver.run(millis(10));
      if (!driver.adverts.some((priority) => priority > 0)) continue;
      longest = Math.max(longest, driver.now - last);
      last = driver.now;
    }
    expect(longest).toBeLessThan(seconds(3));
  });

  it("ends for good where the new master falls silent: availability comes first", () => {
    const driver = master();
    give(driver, order());
    hear(driver, 100);
    driver.run(seconds(5));
    expect(driver.state).toBe("MASTER");
    expect(driver.instance().order).toMatchObject({ state: "over" });
    give(driver, order());
    expect(driver.adverts).toEqual([]);
  });

  it("ends by itself at its time", () => {
    const driver = master();
    give(driver, order({ until: driver.now + seconds(30) }));
    hear(driver, 100);
    for (let beat = 0; beat < 29; beat++) {
      driver.run(seconds(1));
      hear(driver, 100);
    }
    expect(driver.instance().order).toMatchObject({ state: "in-force" });
    driver.run(seconds(1));
    expect(driver.instance().order).toBeUndefined();
  });

  it("holds for the address owner, who needs no election otherwise", () => {
    const owner = instanceModel({ priority: 255 });
    const driver = Driver.start(owner);
    expect(driver.state).toBe("MASTER");
    give(driver, order());
    driver.feed(advertFrom(owner, { priority: 100, source: PEER }));
    expect(driver.state).toBe("BACKUP");
    driver.run(seconds(1));
    driver.feed(advertFrom(owner, { priority: 100, source: PEER }));
    expect(driver.state).toBe("BACKUP");
  });
});

describe("maintenance", () => {
  const everything = order({ kind: "maintenance", subject: undefined });

  it("hands over and is FAULT then, without a second resignation", () => {
    const driver = master();
    give(driver, everything);
    expect(driver.adverts).toEqual([0]);
    hear(driver, 100);
    expect(driver.state).toBe("FAULT");
    expect(driver.adverts).toEqual([]);
    expect(driver.instance().faults).toEqual(["maintenance"]);
    driver.run(seconds(60));
    expect(driver.state).toBe("FAULT");
    give(driver);
    expect(driver.state).toBe("BACKUP");
  });

  it("stays master where nobody takes over, unless it is forced", () => {
    const driver = master();
    give(driver, everything);
    driver.run(seconds(10));
    expect(driver.state).toBe("MASTER");
    give(driver, { ...everything, id: 2, force: true });
    expect(driver.state).toBe("FAULT");
    expect(driver.adverts).toEqual([0]);
  });

  it("goes out as soon as another router does speak", () => {
    const driver = master();
    give(driver, everything);
    driver.run(seconds(10));
    hear(driver, 200);
    expect(driver.state).toBe("FAULT");
  });

  it("holds for instances that a reload brings", () => {
    const driver = master();
    give(driver, everything);
    hear(driver, 100);
    const second = instanceModel({ name: "VI_2", virtualRouterId: 52, key: "eth0/52/ipv4/multicast" });
    driver.feed({ kind: "ConfigChanged", model: vrrpModel([MODEL, second]) });
    expect(driver.instance("VI_2").state).toBe("FAULT");
  });
});

describe("a freeze", () => {
  const freeze = order({ kind: "freeze", subject: undefined });
  const TRACKING = instanceModel({
    priority: 150,
    trackScripts: [{ name: "chk", weight: 0, reverse: false }],
  });
  const judged = vrrpModel([TRACKING], {
    trackScripts: [{ name: "chk", rise: 1, fall: 1, initFail: false }],
  });
  const result = (ok: boolean) =>
    ({
      kind: "ScriptFinished",
      script: "chk",
      ok,
      exitCode: ok ? 0 : 1,
      signal: undefined,
      timedOut: false,
      duration: 1,
    }) as const;

  it("keeps trackers from moving a master, until it thaws", () => {
    const driver = Driver.start(judged);
    driver.feed(result(true));
    driver.run(seconds(4));
    expect(driver.state).toBe("MASTER");
    give(driver, freeze);
    driver.feed(result(false));
    expect(driver.state).toBe("MASTER");
    give(driver);
    expect(driver.state).toBe("FAULT");
  });

  it("does not keep a master from yielding, nor a dead link from being one", () => {
    const driver = master();
    give(driver, freeze);
    hear(driver, 200);
    expect(driver.state).toBe("BACKUP");
    driver.feed({ kind: "LinkRemoved", name: "eth0" });
    expect(driver.state).toBe("FAULT");
  });

  it("keeps a backup from preempting, but not from taking over from a silent master", () => {
    const driver = Driver.start(MODEL);
    give(driver, freeze);
    for (let beat = 0; beat < 10; beat++) {
      hear(driver, 100);
      driver.run(seconds(1));
    }
    expect(driver.state).toBe("BACKUP");
    driver.run(seconds(4));
    expect(driver.state).toBe("MASTER");
  });
});

describe("orders and sync groups", () => {
  it("an order for a group or for one of its members concerns all of them", () => {
    const second = instanceModel({ name: "VI_2", virtualRouterId: 52, key: "eth0/52/ipv4/multicast" });
    const third = instanceModel({ name: "VI_3", virtualRouterId: 53, key: "eth0/53/ipv4/multicast" });
    const group = groupModel(["VI_1", "VI_2"], { name: "G1" });
    for (const subject of ["G1", "VI_2"]) {
      const driver = Driver.start(vrrpModel([MODEL, second, third], { syncGroups: [group] }));
      driver.run(seconds(4));
      give(driver, order({ subject, kind: "maintenance" }));
      const concerned = ["VI_1", "VI_2", "VI_3"].filter((name) => driver.instance(name).order !== undefined);
      expect(concerned).toEqual(["VI_1", "VI_2"]);
    }
  });
});

describe("a failover of a sync group", () => {
  const second = instanceModel({
    ...MODEL,
    name: "VI_2",
    virtualRouterId: 52,
    key: "eth0/52/ipv4/multicast",
  });

  function groupMaster(): Driver {
    const driver = Driver.start(
      vrrpModel([MODEL, second], { syncGroups: [groupModel(["VI_1", "VI_2"], { name: "G1" })] }),
    );
    driver.run(seconds(4));
    give(driver, order({ subject: "G1" }));
    expect(driver.adverts).toEqual([0, 0]);
    return driver;
  }

  const states = (driver: Driver): string[] => ["VI_1", "VI_2"].map((name) => driver.instance(name).state);

  it("lets go when somebody has taken over on the LAN of every member", () => {
    const driver = groupMaster();
    hear(driver, 100);
    expect(states(driver)).toEqual(["MASTER", "MASTER"]);
    driver.run(millis(300));
    expect(driver.adverts).toEqual([]);
    driver.feed(advertFrom(second, { priority: 100, source: "10.9.0.3" }));
    expect(states(driver)).toEqual(["BACKUP", "BACKUP"]);
    expect(driver.eventsOf("OrderProgress")).toMatchObject([
      { stage: "handed-over", to: PEER },
      { stage: "handed-over", to: "10.9.0.3" },
    ]);
  });

  it("keeps all addresses where one member has no other router", () => {
    const driver = groupMaster();
    hear(driver, 100);
    driver.run(seconds(5));
    expect(states(driver)).toEqual(["MASTER", "MASTER"]);
    expect(stages(driver)).toEqual(["kept", "kept"]);
    expect(driver.kinds).not.toContain("RemoveAddresses");
    expect(driver.adverts.at(-1)).toBe(150);
  });
});

describe("a restored engine", () => {
  it("goes on with its orders", () => {
    const driver = master();
    give(driver, order());
    hear(driver, 100);
    driver.engine = restoreVrrpEngine(driver.engine.snapshot(driver.now), driver.now);
    for (let beat = 0; beat < 5; beat++) {
      driver.run(seconds(1));
      hear(driver, 100);
    }
    expect(driver.state).toBe("BACKUP");
  });

  it("an engine that hears of an order before its configuration begins with it", () => {
    const engine = createVrrpEngine();
    engine.handle(0, { kind: "OrdersChanged", orders: [order({ kind: "maintenance", subject: undefined })] });
    const link = { index: 2, name: "eth0", up: true, running: true, mtu: 1500, mac: undefined };
    engine.handle(0, { kind: "LinkChanged", link });
    const address = {
      interface: "eth0",
      address: OWN_ADDRESS,
      prefixLength: 24,
      family: "ipv4" as const,
      scope: 0,
      secondary: false,
      tentative: false,
      dadFailed: false,
    };
    engine.handle(0, { kind: "AddressAdded", address, origin: "other" });
    engine.handle(0, { kind: "ConfigChanged", model: vrrpModel([MODEL]) });
    expect(engine.snapshot(0).instances[0]?.state).toBe("FAULT");
  });
});
