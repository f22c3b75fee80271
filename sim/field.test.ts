/** Failures that operators report again and again, each as it happens in the field. */
import { describe, expect, it } from "vitest";
import { millis, seconds } from "../src/base/time.ts";
import type { VrrpInstanceModel } from "../src/model/model.ts";
import { Field } from "../test/support/field.ts";
import { instanceModel, virtualAddress } from "../test/support/vrrp-driver.ts";

const VIP = "10.0.0.100";
const UNIT = seconds(1);

function instance(priority: number, changes: Partial<VrrpInstanceModel> = {}): VrrpInstanceModel {
  return instanceModel({
    priority,
    virtualAddresses: [virtualAddress(VIP, { prefixLength: 24 })],
    ...changes,
  });
}

/** The better and the worse of two, at rest. */
function pair(unit = UNIT, changes: Partial<VrrpInstanceModel> = {}): Field {
  const timing = {
    advertisementInterval: unit,
    version: unit < UNIT ? (3 as const) : (2 as const),
    ...changes,
  };
  const field = new Field({ r1: [instance(150, timing)], r2: [instance(100, timing)] }, unit);
  field.powerOn().settle();
  expect(field.inState("MASTER")).toEqual(["r1"]);
  return field;
}

describe("failures from the field", () => {
  it("advertisements blocked one way: two masters, said by both, and the LAN is mended when it ends", () => {
    const field = pair();
    field.world.segment.blockOneWay("r1", "r2");
    field.run(seconds(10));
    // Nobody can help it, but it must not be silent.
    expect(field.inState("MASTER")).toEqual(["r1", "r2"]);
    expect(field.eventsOf("r1", "LowerPriorityAdvert").length).toBeGreaterThan(0);
    const [cause] = field.eventsOf("r2", "StateChanged").at(-1)?.cause ?? [];
    expect(cause).toMatchObject({ kind: "master-down-timer", lastFrom: "10.0.0.10" });
    field.settle();
    expect(field.inState("MASTER")).toEqual(["r1"]);
    expect(field.holderInCaches(VIP)).toBe("r1");
  });

  it("a filter on protocol 112: frames still pass, so the caches must be put right afterwards", () => {
    const field = pair();
    field.world.segment.blockOneWay("r1", "r2");
    field.world.segment.blockOneWay("r2", "r1");
    field.run(seconds(10));
    expect(field.inState("MASTER")).toEqual(["r1", "r2"]);
    // The newcomer's announcements were the last that the LAN heard.
    expect(field.holderInCaches(VIP)).toBe("r2");
    field.settle();
    expect(field.inState("MASTER")).toEqual(["r1"]);
    expect(field.holderInCaches(VIP)).toBe("r1");
  });

  it("a backup whose interface comes late waits in FAULT and disturbs nobody when it comes", () => {
    const field = new Field({ r1: [instance(150)], r2: [instance(200, { preempt: false })] }, UNIT);
    field.powerOn("r1").run(seconds(6));
    field.powerOn("r2");
    field.world.node("r2").setCarrier("eth0", false);
    field.run(seconds(20));
    expect(field.inState("FAULT")).toEqual(["r2"]);
    const since = field.world.now - 1;
    field.world.node("r2").setCarrier("eth0", true);
    field.settle();
    expect(field.changes(since)).toEqual(["r2 FAULT>BACKUP"]);
    expect(field.longestGap("r1", since)).toBeLessThan(UNIT + millis(5));
  });

  it("reloads under 10 ms advertisements: none is missed, nobody moves", () => {
    const field = pair(millis(10));
    const since = field.world.now;
    for (let reload = 0; reload < 50; reload++) {
      field.world.node("r1").reload();
      field.world.node("r2").reload();
      field.run(millis(7));
    }
    expect(field.changes(since)).toEqual([]);
    expect(field.longestGap("r1", since)).toBeLessThan(millis(10) + 500);
  });

  it("80 addresses and a slow kernel: the advertisements go on meanwhile", () => {
    const many = Array.from({ length: 80 }, (_, index) =>
      virtualAddress(`10.0.1.${index + 1}`, { prefixLength: 24 }),
    );
    const both = (priority: number) => [instance(priority, { virtualAddresses: many })];
    const field = new Field({ r1: both(150), r2: both(100) }, UNIT);
    for (const { kernel } of field.world.nodes)
      kernel.mood = { ...kernel.mood, latencyMin: millis(40), latencyMax: millis(60) };
    field.powerOn().run(seconds(5));
    expect(field.inState("MASTER")).toEqual(["r1"]);
    const since = field.world.now - seconds(1);
    field.run(seconds(8));
    expect(field.longestGap("r1", since)).toBeLessThan(UNIT + millis(5));
    expect(field.inState("BACKUP")).toEqual(["r2"]);
    expect(many.every(({ address }) => field.world.node("r1").kernel.hasAddress("eth0", address))).toBe(true);
  });

  it("equal priorities: the higher address wins once, and there is no contest after that", () => {
    const field = new Field({ r1: [instance(100)], r2: [instance(100)], r3: [instance(100)] }, UNIT);
    const apart = new Map(["r1", "r2", "r3", "observer", "bystander"].map((name, side) => [name, side]));
    field.world.segment.partition(apart);
    field.powerOn().run(seconds(10));
    expect(field.inState("MASTER")).toEqual(["r1", "r2", "r3"]);
    field.settle();
    expect(field.inState("MASTER")).toEqual(["r3"]);
    expect(field.holderInCaches(VIP)).toBe("r3");
    const since = field.world.now;
    field.run(seconds(60));
    expect(field.changes(since)).toEqual([]);
  });

  it("nopreempt with state MASTER: keepalived drops nopreempt, so the better router does take over again", () => {
    const better = instance(150, { wantedState: "MASTER", preempt: true });
    const field = new Field({ r1: [better], r2: [instance(100)] }, UNIT);
    field.powerOn("r2").run(seconds(6));
    expect(field.inState("MASTER")).toEqual(["r2"]);
    field.powerOn("r1").settle();
    expect(field.inState("MASTER")).toEqual(["r1"]);
    // As written, with nopreempt in force, it would have left the lower master alone.
    const patient = new Field({ r1: [instance(150, { preempt: false })], r2: [instance(100)] }, UNIT);
    patient.powerOn("r2").run(seconds(6));
    patient.powerOn("r1").run(seconds(20));
    expect(patient.inState("MASTER")).toEqual(["r2"]);
  });

  it("a clash of VRIDs on the segment: one master for both, and every loser is told whose it is", () => {
    const ours = { virtualAddresses: [virtualAddress("10.0.0.100", { prefixLength: 24 })] };
    const theirs = { virtualAddresses: [virtualAddress("10.0.0.200", { prefixLength: 24 })] };
    const cast = {
      r1: [instance(150, ours)],
      r2: [instance(100, ours)],
      r3: [instance(140, theirs)],
      r4: [instance(90, theirs)],
    };
    const field = new Field(cast, UNIT);
    field.powerOn().run(seconds(30));
    expect(field.inState("MASTER")).toEqual(["r1"]);
    for (const stranger of ["r3", "r4"]) {
      const [told] = field.eventsOf(stranger, "AddressListDiffers");
      expect(told).toMatchObject({ source: "10.0.0.10", missing: ["10.0.0.200"], extra: ["10.0.0.100"] });
    }
    expect(field.eventsOf("r2", "AddressListDiffers")).toEqual([]);
  });

  it("a master's machine paused for 5 s: the other takes over, and one master is left when it wakes", () => {
    const field = pair(UNIT);
    const since = field.world.now;
    field.world.node("r1").pause("machine", seconds(5));
    field.run(seconds(4.9));
    expect(field.inState("MASTER")).toEqual(["r1", "r2"]);
    field.settle({ slept: true });
    expect(field.inState("MASTER")).toEqual(["r1"]);
    expect(field.holderInCaches(VIP)).toBe("r1");
    expect(field.eventsOf("r1", "Stalled").length).toBe(1);
    // Nobody flaps: the sleeper's place is taken once, and given back once.
    expect(field.changes(since).filter((change) => change.startsWith("r2"))).toEqual([
      "r2 BACKUP>MASTER",
      "r2 MASTER>BACKUP",
    ]);
  });

  it("two owners of one address: one of them yields", () => {
    const owner = instance(255, { wantedState: "MASTER" });
    const field = new Field({ r1: [owner], r2: [owner], r3: [instance(100)] }, UNIT);
    field.powerOn().run(seconds(30));
    expect(field.inState("MASTER")).toEqual(["r2"]);
    expect(field.holderInCaches(VIP)).toBe("r2");
    const since = field.world.now;
    field.run(seconds(60));
    expect(field.changes(since)).toEqual([]);
  });

  it("a clock that is set wrong: signed routers refuse each other as long as it is, and say why", () => {
    const signed = (antiReplay: "time" | "monotonic") => ({
      version: 3 as const,
      authHmac: {
        keys: [{ id: 1, secret: "ab".repeat(32) }],
        activeKey: 1,
        timeWindow: 5,
        antiReplay,
        mode: "enforce" as const,
      },
    });
    const cast = { r1: [instance(150, signed("time"))], r2: [instance(100, signed("time"))] };
    // The simulator's second decoder knows no signatures: the world's states and addresses are looked at.
    const field = new Field(cast, UNIT, "world");
    field.powerOn().settle();
    expect(field.inState("MASTER")).toEqual(["r1"]);

    const since = field.world.now;
    field.world.node("r1").stepClock(seconds(2));
    field.run(seconds(10));
    expect(field.changes(since)).toEqual([]);

    field.world.node("r1").stepClock(seconds(3_600));
    field.run(seconds(10));
    expect(field.inState("MASTER")).toEqual(["r1", "r2"]);
    expect(field.eventsOf("r2", "PacketDropped").map(({ reason }) => reason)).toContain("auth-ext-stale");

    field.world.node("r1").stepClock(seconds(-3_602));
    field.settle();
    expect(field.inState("MASTER")).toEqual(["r1"]);
    expect(field.holderInCaches(VIP)).toBe("r1");

    // Without the clock only growth counts: no step forward makes two masters.
    const patient = { r1: [instance(150, signed("monotonic"))], r2: [instance(100, signed("monotonic"))] };
    const calm = new Field(patient, UNIT, "world");
    calm.powerOn().settle();
    const then = calm.world.now;
    calm.world.node("r1").stepClock(seconds(86_400));
    calm.run(seconds(10));
    expect(calm.changes(then)).toEqual([]);
  });
});
