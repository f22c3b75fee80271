import { describe, expect, it } from "vitest";
import {
  advertFrom,
  command,
  Driver,
  groupModel,
  instanceModel,
  interfaceAddress,
  link,
  notifyModel,
  virtualAddress,
  vrrpModel,
} from "../../test/support/vrrp-driver.ts";
import { seconds } from "../base/time.ts";
import type { SyncGroupModel, VrrpInstanceModel, VrrpModel } from "../model/model.ts";
import { restoreVrrpEngine } from "./engine.ts";
import type { VrrpSnapshot } from "./snapshot.ts";

const DOWN_100 = 3_609_375;
const ANY = command("/n");
const FIRST = instanceModel({ notify: notifyModel({ any: ANY }) });
const SECOND = instanceModel({
  name: "VI_2",
  virtualRouterId: 52,
  interface: "eth1",
  virtualAddresses: [virtualAddress("10.8.0.100", { interface: "eth1" })],
  notify: notifyModel({ any: ANY }),
});
const GROUP = groupModel(["VI_1", "VI_2"], { notify: notifyModel({ any: ANY }) });
const CHECK = { name: "chk", rise: 1, fall: 1, initFail: false };

function grouped(
  instances: readonly VrrpInstanceModel[] = [FIRST, SECOND],
  groups: readonly SyncGroupModel[] = [GROUP],
  changes: Partial<VrrpModel> = {},
): VrrpModel {
  return vrrpModel(instances, { syncGroups: groups, ...changes });
}

/** Two LANs and a configuration. */
function begin(model: VrrpModel = grouped(), eth1 = true): Driver {
  const driver = new Driver();
  driver.feed({ kind: "LinkChanged", link: link() });
  driver.feed({ kind: "LinkChanged", link: second(eth1) });
  driver.feed({ kind: "AddressAdded", address: interfaceAddress("10.9.0.1"), origin: "other" });
  const address = interfaceAddress("10.8.0.1", { interface: "eth1" });
  driver.feed({ kind: "AddressAdded", address, origin: "other" });
  driver.feed({ kind: "ConfigChanged", model });
  return driver;
}

function second(running: boolean): ReturnType<typeof link> {
  return link({ name: "eth1", index: 3, running });
}

function masters(model?: VrrpModel): Driver {
  const driver = begin(model);
  driver.run(DOWN_100);
  expect(states(driver)).toEqual(["MASTER", "MASTER", "MASTER"]);
  driver.run(seconds(20));
  return driver;
}

/** Of VI_1, VI_2 and the group. */
function states(driver: Driver): string[] {
  const { instances, groups } = driver.engine.snapshot(driver.now);
  return [...instances, ...groups].map(({ state }) => state);
}

/** What scripts are told, in order. */
function told(driver: Driver): string[] {
  return driver
    .actionsOf("RunNotify")
    .flatMap(({ commands }) => commands.map(({ argv }) => argv.slice(1).join(" ")));
}

/** `VRID priority` of every advertisement. */
function spoken(driver: Driver): string[] {
  return driver.headers.map(({ virtualRouterId, priority }) => `${virtualRouterId} ${priority}`);
}

function hear(driver: Driver, model: VrrpInstanceModel, priority: number): void {
  const source = model.interface === "eth0" ? "10.9.0.2" : "10.8.0.2";
  driver.feed(advertFrom(model, { priority, source }));
}

describe("a sync group", () => {
  it("begins together, and is master when the last of its members would be", () => {
    const driver = begin();
    expect(told(driver)).toEqual([
      "INSTANCE VI_1 BACKUP 100",
      "INSTANCE VI_2 BACKUP 100",
      "GROUP G1 BACKUP 0",
    ]);
    driver.run(seconds(1));
    hear(driver, SECOND, 150);
    driver.run(DOWN_100 - seconds(1));
    expect(states(driver)).toEqual(["BACKUP", "BACKUP", "BACKUP"]);
    expect(driver.eventsOf("AwaitsGroup")).toMatchObject([{ instance: "VI_1", members: ["VI_2"] }]);
    expect(driver.engine.snapshot(driver.now).groups).toMatchObject([{ willing: ["VI_1"] }]);
    driver.run(seconds(1) - 1);
    expect(driver.kinds).toEqual([]);
    driver.run(1);
    expect(states(driver)).toEqual(["MASTER", "MASTER", "MASTER"]);
    expect(spoken(driver)).toEqual(["52 100", "51 100"]);
    expect(told(driver)).toEqual([
      "INSTANCE VI_2 MASTER 100",
      "INSTANCE VI_1 MASTER 100",
      "GROUP G1 MASTER 0",
    ]);
    expect(driver.instance("VI_1").cause).toMatchObject([
      { kind: "group-agreed", group: "G1", last: "VI_2" },
      { kind: "master-down-timer", lastFrom: undefined },
    ]);
    expect(driver.instance("VI_2").cause).toMatchObject([
      { kind: "master-down-timer", lastFrom: "10.8.0.2" },
    ]);
    expect(driver.groupEvents[0]?.cause[0]).toMatchObject({ kind: "group-agreed", last: "VI_2" });
  });

  it("forgets a wish when its member obeys an advertisement, and tells of each wait once", () => {
    const driver = begin();
    const keepSecondQuiet = (): void => {
      for (let n = 0; n < 8; n++) {
        driver.run(seconds(1));
        waits.push(...driver.eventsOf("AwaitsGroup"));
        hear(driver, SECOND, 150);
      }
    };
    const waits: unknown[] = [];
    keepSecondQuiet();
    expect(waits).toHaveLength(1);
    hear(driver, FIRST, 150);
    expect(driver.engine.snapshot(driver.now).groups).toMatchObject([{ willing: [] }]);
    driver.run(DOWN_100 - 1);
    expect(states(driver)).toEqual(["BACKUP", "BACKUP", "BACKUP"]);
    driver.run(1);
    expect(states(driver)).toEqual(["MASTER", "MASTER", "MASTER"]);
  });

  it("goes to FAULT with one member; every master says so, so that the peer waits for no timer", () => {
    const driver = masters();
    driver.feed({ kind: "LinkChanged", link: second(false) });
    expect(states(driver)).toEqual(["FAULT", "FAULT", "FAULT"]);
    expect(spoken(driver)).toEqual(["52 0", "51 0"]);
    expect(driver.actionsOf("RemoveAddresses")).toHaveLength(2);
    expect(told(driver)).toEqual(["INSTANCE VI_2 FAULT 100", "INSTANCE VI_1 FAULT 100", "GROUP G1 FAULT 0"]);
    const why = { kind: "interface", name: "eth1", up: false };
    expect(driver.instance("VI_2").cause).toMatchObject([why]);
    expect(driver.instance("VI_1").cause).toMatchObject([
      { kind: "group", group: "G1", member: "VI_2" },
      why,
    ]);
    expect(driver.groupEvents).toMatchObject([
      { group: "G1", from: "MASTER", to: "FAULT", cause: [{ kind: "group", member: "VI_2" }, why] },
    ]);
    expect(driver.instance("VI_1").faults).toEqual([]);
  });

  it("leaves FAULT when all members are sound, and not before", () => {
    const driver = masters();
    driver.feed({ kind: "LinkChanged", link: second(false) });
    driver.feed({ kind: "LinkChanged", link: second(true) });
    expect(told(driver)).toEqual([
      "INSTANCE VI_2 BACKUP 100",
      "INSTANCE VI_1 BACKUP 100",
      "GROUP G1 BACKUP 0",
    ]);
    expect(driver.instance("VI_1").cause).toMatchObject([
      { kind: "group", member: "VI_2" },
      { kind: "interface", name: "eth1", up: true },
    ]);
    driver.feed({ kind: "LinkChanged", link: second(false) });
    driver.feed({ kind: "LinkChanged", link: link({ running: false }) });
    expect(driver.kinds).toEqual([]);
    driver.feed({ kind: "LinkChanged", link: second(true) });
    expect(states(driver)).toEqual(["FAULT", "FAULT", "FAULT"]);
    driver.feed({ kind: "LinkChanged", link: link() });
    expect(states(driver)).toEqual(["BACKUP", "BACKUP", "BACKUP"]);
    expect(told(driver)).toEqual([
      "INSTANCE VI_1 BACKUP 100",
      "INSTANCE VI_2 BACKUP 100",
      "GROUP G1 BACKUP 0",
    ]);
    driver.run(DOWN_100);
    expect(states(driver)).toEqual(["MASTER", "MASTER", "MASTER"]);
  });

  it("yields together, without priority 0", () => {
    const driver = masters();
    hear(driver, FIRST, 150);
    expect(states(driver)).toEqual(["BACKUP", "BACKUP", "BACKUP"]);
    expect(spoken(driver)).toEqual([]);
    expect(told(driver)).toEqual([
      "INSTANCE VI_1 BACKUP 100",
      "INSTANCE VI_2 BACKUP 100",
      "GROUP G1 BACKUP 0",
    ]);
    expect(driver.instance("VI_2").cause).toMatchObject([
      { kind: "group", member: "VI_1" },
      { kind: "advertisement", priority: 150 },
    ]);
  });

  it("announces all members' addresses after a lower priority, and again after the delay", () => {
    const driver = masters();
    hear(driver, FIRST, 50);
    const lanes = (): string[] =>
      driver.actionsOf("SendFrames").map(({ interface: name, frames }) => `${name} ${frames.length}`);
    expect(lanes()).toEqual(["eth0 5", "eth1 5"]);
    driver.run(seconds(5));
    expect(lanes()).toEqual(["eth0 5", "eth1 5"]);
  });

  it("begins in FAULT where one member cannot begin", () => {
    const driver = begin(grouped(), false);
    expect(states(driver)).toEqual(["FAULT", "FAULT", "FAULT"]);
    expect(told(driver)).toEqual(["INSTANCE VI_2 FAULT 100", "INSTANCE VI_1 FAULT 100", "GROUP G1 FAULT 0"]);
  });

  it("waits in silence for a script of one member, and fails with it", () => {
    const tracking = { ...SECOND, trackScripts: [{ name: "chk", weight: 0, reverse: false }] };
    const driver = begin(grouped([FIRST, tracking], [GROUP], { trackScripts: [CHECK] }));
    expect(states(driver)).toEqual(["INIT", "INIT", "INIT"]);
    expect(told(driver)).toEqual([]);
    const result = { exitCode: 0, signal: undefined, timedOut: false, duration: 5 };
    driver.feed({ kind: "ScriptFinished", script: "chk", ok: true, ...result });
    expect(told(driver)).toEqual([
      "INSTANCE VI_2 BACKUP 100",
      "INSTANCE VI_1 BACKUP 100",
      "GROUP G1 BACKUP 0",
    ]);
    driver.feed({ kind: "ScriptFinished", script: "chk", ok: false, ...result, exitCode: 1 });
    expect(states(driver)).toEqual(["FAULT", "FAULT", "FAULT"]);
  });

  it("holds off together where addresses cannot be added, and comes back after the wait", () => {
    const driver = begin();
    driver.answer = (address, kind) =>
      address === "10.8.0.100" && kind === "AddAddresses" ? "EPERM" : "done";
    driver.run(DOWN_100);
    expect(states(driver)).toEqual(["FAULT", "FAULT", "FAULT"]);
    expect(spoken(driver).slice(-2)).toEqual(["52 0", "51 0"]);
    driver.answer = () => "done";
    driver.run(seconds(1));
    expect(states(driver)).toEqual(["BACKUP", "BACKUP", "BACKUP"]);
    driver.run(DOWN_100);
    expect(states(driver)).toEqual(["MASTER", "MASTER", "MASTER"]);
  });

  it("of address owners needs no election, one with a single owner does", () => {
    const owners = [
      { ...FIRST, priority: 255 },
      { ...SECOND, priority: 255 },
    ];
    expect(states(begin(grouped(owners)))).toEqual(["MASTER", "MASTER", "MASTER"]);
    const mixed = begin(grouped([{ ...FIRST, priority: 255 }, SECOND]));
    expect(states(mixed)).toEqual(["BACKUP", "BACKUP", "BACKUP"]);
    mixed.run(DOWN_100);
    expect(states(mixed)).toEqual(["MASTER", "MASTER", "MASTER"]);
  });

  it("stops: each member for itself, the group last", () => {
    const driver = masters();
    driver.feed({ kind: "StopRequested", release: true, by: "SIGTERM" });
    expect(spoken(driver)).toEqual(["51 0", "52 0"]);
    expect(told(driver)).toEqual(["INSTANCE VI_1 STOP 100", "INSTANCE VI_2 STOP 100", "GROUP G1 STOP 0"]);
    expect(driver.groupEvents).toMatchObject([{ to: "STOP", cause: [{ kind: "stop-requested" }] }]);
    expect(driver.kinds.at(-1)).toBe("Stopped");
  });

  it("mails of itself, once for each state", () => {
    const driver = begin(grouped([FIRST, SECOND], [{ ...GROUP, smtpAlert: true }]));
    expect(driver.actionsOf("SendMail")).toMatchObject([
      { subject: "VRRP Group G1 - Entering BACKUP state" },
    ]);
  });
});

describe("a reload around sync groups", () => {
  const reload = (driver: Driver, model: VrrpModel): void => {
    driver.feed({ kind: "ConfigChanged", model });
  };

  it("of the same does nothing, in any state", () => {
    const driver = masters();
    reload(driver, grouped());
    expect(driver.actions).toEqual([]);
    driver.feed({ kind: "LinkChanged", link: second(false) });
    reload(driver, grouped());
    expect(driver.actions).toEqual([]);
  });

  it("makes a group of masters, and of a group single masters, without a flap", () => {
    const alone = begin(vrrpModel([FIRST, SECOND]));
    alone.run(DOWN_100);
    alone.run(seconds(10));
    reload(alone, grouped());
    expect(told(alone)).toEqual(["GROUP G1 MASTER 0"]);
    expect(alone.eventsOf("StateChanged")).toEqual([]);
    reload(alone, vrrpModel([FIRST, SECOND]));
    expect(alone.actions).toEqual([]);
  });

  it("adds a member to a master group: it joins when it may be master, and the master stays one", () => {
    const driver = begin(vrrpModel([FIRST]));
    driver.run(DOWN_100);
    driver.run(seconds(10));
    reload(driver, grouped());
    expect(states(driver)).toEqual(["MASTER", "BACKUP", "INIT"]);
    driver.run(DOWN_100);
    expect(states(driver)).toEqual(["MASTER", "MASTER", "MASTER"]);
    expect(told(driver)).toEqual(["INSTANCE VI_2 MASTER 100", "GROUP G1 MASTER 0"]);
  });

  it("adds a member that must obey another master: then all obey", () => {
    const driver = begin(vrrpModel([FIRST]));
    driver.run(DOWN_100);
    driver.run(seconds(10));
    reload(driver, grouped());
    hear(driver, SECOND, 150);
    expect(states(driver)).toEqual(["BACKUP", "BACKUP", "BACKUP"]);
    expect(driver.instance("VI_1").cause).toMatchObject([
      { kind: "group", member: "VI_2" },
      { kind: "advertisement", from: "10.8.0.2" },
    ]);
  });

  it("adds a member with a fault: all go to FAULT; taking it out again lets the rest begin", () => {
    const driver = begin(vrrpModel([FIRST]), false);
    driver.run(DOWN_100);
    reload(driver, grouped());
    expect(states(driver)).toEqual(["FAULT", "FAULT", "FAULT"]);
    reload(driver, vrrpModel([FIRST]));
    expect(driver.state).toBe("BACKUP");
  });

  it("frees a member that only followed", () => {
    const driver = masters();
    driver.feed({ kind: "LinkChanged", link: second(false) });
    reload(driver, vrrpModel([FIRST, SECOND]));
    expect(states(driver)).toEqual(["BACKUP", "FAULT"]);
  });

  it("says of one that is freed into a group of its own that the members are others, not that it follows itself", () => {
    const driver = masters();
    driver.feed({ kind: "LinkChanged", link: second(false) });
    reload(driver, grouped([FIRST, SECOND], [groupModel(["VI_1"], { name: "G2" })]));
    const [change] = driver
      .eventsOf("StateChanged")
      .filter(({ to }) => to === "BACKUP")
      .slice(-1);
    expect(change?.instance).toBe("VI_1");
    expect(change?.cause.map(({ kind }) => kind)).toEqual(["configured"]);
  });

  it("takes a member out that the others waited for", () => {
    const driver = begin();
    for (let n = 0; n < 6; n++) {
      driver.run(seconds(1));
      hear(driver, SECOND, 150);
    }
    reload(driver, grouped([FIRST, SECOND], [groupModel(["VI_1"])]));
    expect(driver.instance("VI_1").state).toBe("MASTER");
    expect(driver.instance("VI_2").state).toBe("BACKUP");
  });

  it("takes a member out of the configuration: it leaves, the others stay", () => {
    const driver = masters();
    reload(driver, grouped([FIRST], [groupModel(["VI_1"], { notify: GROUP.notify })]));
    expect(spoken(driver)).toEqual(["52 0"]);
    expect(states(driver)).toEqual(["MASTER", "MASTER"]);
  });
});

describe("a restored sync group", () => {
  function revive(driver: Driver, after: number): void {
    const snapshot = JSON.parse(JSON.stringify(driver.engine.snapshot(driver.now))) as VrrpSnapshot;
    driver.now += after;
    driver.engine = restoreVrrpEngine(snapshot, driver.now);
  }

  it("goes on with a wish of one member", () => {
    const driver = begin();
    driver.run(seconds(1));
    hear(driver, SECOND, 150);
    driver.run(DOWN_100 - seconds(1));
    revive(driver, 0);
    driver.run(seconds(1));
    expect(states(driver)).toEqual(["MASTER", "MASTER", "MASTER"]);
  });

  it("goes on as master after a short absence, and as backup if one member was away for too long", () => {
    const slow = { ...FIRST, advertisementInterval: seconds(5) };
    const driver = begin(grouped([slow, SECOND]));
    driver.run(seconds(16));
    expect(states(driver)).toEqual(["MASTER", "MASTER", "MASTER"]);
    revive(driver, seconds(1));
    driver.feed({ kind: "ClockReached" });
    expect(states(driver)).toEqual(["MASTER", "MASTER", "MASTER"]);
    expect(spoken(driver)).toEqual(["51 100", "52 100"]);
    // Longer than half of VI_2's Master_Down_Interval, and not of VI_1's.
    revive(driver, seconds(3));
    driver.feed({ kind: "ClockReached" });
    expect(states(driver)).toEqual(["BACKUP", "BACKUP", "BACKUP"]);
    expect(spoken(driver)).toEqual([]);
  });
});
