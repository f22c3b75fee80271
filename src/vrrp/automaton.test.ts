import { describe, expect, it } from "vitest";
import {
  advertFrom,
  command,
  Driver,
  instanceModel,
  interfaceAddress,
  link,
  notifyModel,
  PEER,
  virtualAddress,
  vrrpModel,
} from "../../test/support/vrrp-driver.ts";
import { seconds } from "../base/time.ts";

const DOWN_100 = 3_609_375;
const MODEL = instanceModel();

function master(model = MODEL): Driver {
  const driver = Driver.start(model);
  driver.run(DOWN_100);
  expect(driver.state).toBe("MASTER");
  return driver;
}

describe("a backup", () => {
  it("stays one as long as it hears a higher or equal priority", () => {
    const driver = Driver.start(MODEL);
    for (const priority of [150, 100, 255, 100, 101]) {
      driver.run(seconds(3.5));
      driver.feed(advertFrom(MODEL, { priority }));
    }
    expect(driver.state).toBe("BACKUP");
    driver.run(DOWN_100 - 1);
    expect(driver.state).toBe("BACKUP");
    driver.run(1);
    expect(driver.state).toBe("MASTER");
  });

  it("ignores a lower priority and lets its timer run out: no sooner, no later", () => {
    const driver = Driver.start(MODEL);
    for (let i = 0; i < 3; i++) {
      driver.run(seconds(1));
      driver.feed(advertFrom(MODEL, { priority: 99 }));
      expect(driver.state).toBe("BACKUP");
    }
    driver.run(DOWN_100 - seconds(3) - 1);
    expect(driver.state).toBe("BACKUP");
    driver.run(1);
    expect(driver.state).toBe("MASTER");
    expect(driver.instance().cause).toMatchObject([
      { kind: "master-down-timer" },
      { kind: "advertisement", priority: 99, ourPriority: 100 },
    ]);
  });

  it("obeys a lower priority with nopreempt", () => {
    const model = instanceModel({ preempt: false });
    const driver = Driver.start(model);
    for (let i = 0; i < 20; i++) {
      driver.run(seconds(1));
      driver.feed(advertFrom(model, { priority: 50 }));
    }
    expect(driver.state).toBe("BACKUP");
    driver.run(DOWN_100);
    expect(driver.state).toBe("MASTER");
  });

  it("obeys a lower priority until preempt_delay is over, then waits out its timer", () => {
    const model = instanceModel({ preemptDelay: seconds(5) });
    const driver = Driver.start(model);
    // The clock starts with the first advertisement at 1 s; the last one obeyed is that at 5 s.
    for (let i = 0; i < 8; i++) {
      driver.run(seconds(1));
      driver.feed(advertFrom(model, { priority: 99 }));
    }
    expect(driver.state).toBe("BACKUP");
    driver.run(seconds(5) + DOWN_100 - seconds(8) - 1);
    expect(driver.state).toBe("BACKUP");
    driver.run(1);
    expect(driver.state).toBe("MASTER");
    expect(driver.instance().cause).toMatchObject([
      { kind: "master-down-timer" },
      { kind: "preempt-delay-over", delay: seconds(5) },
      { kind: "advertisement", priority: 99 },
    ]);
  });

  it("starts preempt_delay anew after an equal or higher priority", () => {
    const model = instanceModel({ preemptDelay: seconds(5) });
    const driver = Driver.start(model);
    for (const priority of [99, 99, 99, 99, 100, 99, 99, 99, 99, 99]) {
      driver.run(seconds(1));
      driver.feed(advertFrom(model, { priority }));
    }
    driver.run(DOWN_100 - 1);
    expect(driver.state).toBe("BACKUP");
  });

  it("waits for the skew only when the master resigns", () => {
    const driver = Driver.start(MODEL);
    driver.feed(advertFrom(MODEL, { priority: 150 }));
    driver.feed(advertFrom(MODEL, { priority: 0 }));
    driver.run(609_374);
    expect(driver.state).toBe("BACKUP");
    driver.run(1);
    expect(driver.state).toBe("MASTER");
    expect(driver.instance().cause).toMatchObject([
      { kind: "master-down-timer", lastFrom: PEER },
      { kind: "advertisement", priority: 0, from: PEER },
    ]);
    expect(driver.instance().statistics.priorityZeroReceived).toBe(1);
  });

  it("listens for one more interval when its timer ran out while it slept", () => {
    const driver = Driver.start(MODEL);
    driver.sleep(seconds(60));
    driver.feed({ kind: "ClockReached" });
    expect(driver.state).toBe("BACKUP");
    expect(driver.eventsOf("Stalled")).toMatchObject([{ late: seconds(60) - DOWN_100 }]);
    driver.feed(advertFrom(MODEL, { priority: 150 }));
    driver.run(seconds(3));
    expect(driver.state).toBe("BACKUP");
  });

  it("takes over after that interval if nothing is heard", () => {
    const driver = Driver.start(MODEL);
    driver.sleep(seconds(60));
    driver.feed({ kind: "ClockReached" });
    driver.run(1_609_375);
    expect(driver.state).toBe("MASTER");
  });

  it("takes no timer as passed but by the clock: what was said before is heard first", () => {
    const driver = Driver.start(MODEL);
    driver.sleep(seconds(4));
    driver.feed(advertFrom(MODEL, { priority: 150 }));
    driver.feed({ kind: "ClockReached" });
    expect(driver.state).toBe("BACKUP");
  });
});

describe("a master", () => {
  it("answers a resignation and a lower priority at once", () => {
    const driver = master();
    driver.sleep(300_000);
    driver.feed(advertFrom(MODEL, { priority: 0 }));
    expect(driver.adverts).toEqual([100]);
    driver.feed(advertFrom(MODEL, { priority: 99 }));
    expect(driver.adverts).toEqual([100]);
    expect(driver.state).toBe("MASTER");
    driver.run(seconds(1) - 1);
    expect(driver.adverts).toEqual([]);
    driver.run(1);
    expect(driver.adverts).toEqual([100]);
  });

  it("says nothing to a lower priority with lower_prio_no_advert", () => {
    const model = instanceModel({ lowerPrioNoAdvert: true });
    const driver = master(model);
    driver.feed(advertFrom(model, { priority: 99 }));
    expect(driver.adverts).toEqual([]);
  });

  it("announces its addresses again after a lower priority, twice, and tells a script", () => {
    const script = command("/etc/rx");
    const model = instanceModel({
      notify: notifyModel({ masterRxLowerPri: script, any: command("/etc/any") }),
    });
    const driver = master(model);
    driver.run(seconds(10));
    driver.feed(advertFrom(model, { priority: 99 }));
    expect(driver.frames).toHaveLength(5);
    expect(driver.eventsOf("LowerPriorityAdvert")).toMatchObject([{ source: PEER, priority: 99 }]);
    expect(driver.actionsOf("RunNotify")).toMatchObject([
      { state: "MASTER_RX_LOWER_PRI", commands: [script] },
    ]);
    driver.run(seconds(5) - 1);
    expect(driver.frames).toHaveLength(0);
    driver.run(1);
    expect(driver.frames).toHaveLength(5);
    driver.run(seconds(60));
    expect(driver.frames).toHaveLength(0);
  });

  it("decides a tie by the address", () => {
    const driver = master();
    driver.feed(advertFrom(MODEL, { priority: 100, source: "10.9.0.0" }));
    expect(driver.state).toBe("MASTER");
    expect(driver.adverts).toEqual([100]);
    driver.feed(advertFrom(MODEL, { priority: 100, source: "10.9.0.2" }));
    expect(driver.state).toBe("BACKUP");
    expect(driver.adverts).toEqual([]);
    expect(driver.instance().cause).toMatchObject([
      { kind: "advertisement", from: "10.9.0.2", priority: 100, ourPriority: 100, ourAddress: "10.9.0.1" },
    ]);
  });

  it("sends one last advertisement before it yields with higher_prio_send_advert", () => {
    const model = instanceModel({ higherPrioSendAdvert: true });
    const driver = master(model);
    driver.feed(advertFrom(model, { priority: 200 }));
    expect(driver.adverts).toEqual([100]);
    expect(driver.state).toBe("BACKUP");
  });

  it("waits a whole Master_Down_Interval after it yielded", () => {
    const driver = master();
    driver.feed(advertFrom(MODEL, { priority: 200 }));
    driver.run(DOWN_100 - 1);
    expect(driver.state).toBe("BACKUP");
    driver.run(1);
    expect(driver.state).toBe("MASTER");
  });
});

describe("two owners", () => {
  it("leave the addresses to the higher address", () => {
    const model = instanceModel({ priority: 255 });
    const driver = Driver.start(model);
    driver.feed(advertFrom(model, { priority: 255, source: "10.9.0.0" }));
    expect(driver.state).toBe("MASTER");
    driver.feed(advertFrom(model, { priority: 255, source: "10.9.0.2" }));
    expect(driver.state).toBe("BACKUP");
  });
});

describe("FAULT", () => {
  it("begins with priority 0 and the removal of the addresses, and ends in BACKUP", () => {
    const driver = master();
    driver.feed({ kind: "LinkChanged", link: link({ running: false }) });
    expect(driver.kinds).toEqual(["SendAdvertisement", "RemoveAddresses", "Emit"]);
    expect(driver.adverts).toEqual([0]);
    expect(driver.state).toBe("FAULT");
    expect(driver.instance().cause).toMatchObject([
      { kind: "interface", name: "eth0", up: false, reason: "no carrier" },
    ]);
    expect(driver.engine.nextDeadline()).toBeUndefined();
    driver.feed({ kind: "LinkChanged", link: link() });
    expect(driver.state).toBe("BACKUP");
    driver.run(DOWN_100 - 1);
    expect(driver.state).toBe("BACKUP");
    driver.run(1);
    expect(driver.state).toBe("MASTER");
  });

  it("ends in MASTER for the owner", () => {
    const driver = Driver.start(instanceModel({ priority: 255 }));
    driver.feed({ kind: "LinkChanged", link: link({ up: false }) });
    expect(driver.state).toBe("FAULT");
    driver.feed({ kind: "LinkChanged", link: link() });
    expect(driver.state).toBe("MASTER");
    expect(driver.instance().cause).toMatchObject([
      { kind: "address-owner" },
      { kind: "interface", up: true },
    ]);
  });

  it("ends only when all reasons are gone", () => {
    const model = instanceModel({ trackInterfaces: [{ name: "eth1", weight: 0, reverse: false }] });
    const driver = Driver.start(model);
    driver.feed({ kind: "LinkRemoved", name: "eth0" });
    driver.feed({ kind: "LinkChanged", link: link({ name: "eth1", index: 3 }) });
    expect(driver.state).toBe("FAULT");
    driver.feed({ kind: "LinkChanged", link: link() });
    expect(driver.state).toBe("BACKUP");
  });

  it("does not come from the own link with dont_track_primary", () => {
    const driver = Driver.start(instanceModel({ dontTrackPrimary: true }));
    driver.feed({ kind: "LinkChanged", link: link({ running: false }) });
    expect(driver.state).toBe("BACKUP");
  });

  it("comes from the link of a virtual address, unless that is no_track", () => {
    const on = (noTrack: boolean) =>
      instanceModel({ virtualAddresses: [virtualAddress("10.9.0.100", { interface: "eth7", noTrack })] });
    expect(Driver.start(on(false)).state).toBe("FAULT");
    expect(Driver.start(on(true)).state).toBe("BACKUP");
  });
});

describe("vrrp_startup_delay", () => {
  it("keeps all silent and deaf until it is over", () => {
    const driver = Driver.start(vrrpModel([instanceModel({ priority: 255 })], { startupDelay: seconds(20) }));
    expect(driver.actions).toEqual([]);
    driver.run(seconds(20) - 1);
    expect(driver.actions).toEqual([]);
    expect(driver.feed(advertFrom(MODEL))).toEqual([]);
    expect(driver.state).toBe("INIT");
    driver.run(1);
    expect(driver.state).toBe("MASTER");
  });
});

describe("stop", () => {
  it("leaves everything in place and says nothing without release", () => {
    const driver = master();
    driver.feed({ kind: "StopRequested", release: false, by: "SIGTERM" });
    expect(driver.kinds).toEqual(["Emit", "Stopped"]);
    driver.run(seconds(60));
    expect(driver.actions).toEqual([]);
  });

  it("waits for the removals, but not for ever", () => {
    const driver = master();
    driver.answer = () => "lost";
    driver.feed({ kind: "StopRequested", release: true, by: "SIGTERM" });
    expect(driver.adverts).toEqual([0]);
    expect(driver.kinds).not.toContain("Stopped");
    driver.run(seconds(3) - 1);
    expect(driver.kinds).not.toContain("Stopped");
    driver.run(1);
    expect(driver.kinds).toContain("Stopped");
    expect(driver.engine.nextDeadline()).toBeUndefined();
  });

  it("sends no priority 0 for a backup", () => {
    const driver = Driver.start(MODEL);
    driver.feed({ kind: "StopRequested", release: true, by: "SIGTERM" });
    expect(driver.kinds).toEqual(["Emit", "Stopped"]);
  });

  it("ends at once where nothing was ever configured, and is deaf after that", () => {
    const driver = new Driver();
    expect(driver.feed({ kind: "StopRequested", release: true, by: "x" })).toEqual([{ kind: "Stopped" }]);
    expect(driver.feed({ kind: "ConfigChanged", model: vrrpModel([MODEL]) })).toEqual([]);
  });
});

describe("addresses of an earlier life", () => {
  it("are removed at the start", () => {
    const driver = new Driver();
    driver.feed({ kind: "LinkChanged", link: link() });
    driver.feed({ kind: "AddressAdded", address: interfaceAddress("10.9.0.1"), origin: "other" });
    const left = interfaceAddress("10.9.0.100", { prefixLength: 32 });
    driver.feed({ kind: "AddressAdded", address: left, origin: "other" });
    driver.feed({ kind: "ConfigChanged", model: vrrpModel([MODEL]) });
    expect(driver.actionsOf("RemoveAddresses").map(({ addresses }) => addresses)).toEqual([
      MODEL.virtualAddresses,
    ]);
    expect(driver.instance().addresses).toMatchObject([{ state: "absent" }]);
  });
});
