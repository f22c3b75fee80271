import { describe, expect, test } from "vitest";
import { routeModel, ruleModel } from "../../sim/routing.ts";
import { groupModel, instanceModel, virtualAddress, vrrpModel } from "../../test/support/vrrp-driver.ts";
import type { UnicastPeerModel } from "../model/advertising.ts";
import { NO_DIRECTOR } from "../model/director-models.ts";
import type { Model, TrackScriptModel, VrrpInstanceModel } from "../model/model.ts";
import { planLines } from "../observe/plan-text.ts";
import { plainPaint } from "../observe/style.ts";
import type { InstanceSnapshot } from "../vrrp/snapshot.ts";
import { planReload } from "./plan.ts";

function model(instances: readonly VrrpInstanceModel[], more: Partial<Model> = {}): Model {
  return {
    global: { routerId: "left" } as Model["global"],
    vrrp: vrrpModel(instances),
    trackScripts: [],
    bfd: [],
    mail: undefined,
    director: NO_DIRECTOR,
    ...more,
  } as Model;
}

function standing(
  instance: VrrpInstanceModel,
  state: InstanceSnapshot["state"],
  masterPriority?: number,
): ReadonlyMap<string, InstanceSnapshot> {
  return new Map([[instance.key, { state, masterPriority } as InstanceSnapshot]]);
}

const one = instanceModel({ name: "VI_1", priority: 100, virtualAddresses: [virtualAddress("10.9.0.100")] });
const OTHER = { virtualRouterId: 52, key: "eth0/52/ipv4/multicast" };

describe("planReload", () => {
  test("an equal model changes nothing", () => {
    const plan = planReload(model([one]), structuredClone(model([one])), standing(one, "MASTER"));
    const director = { services: [], untouched: 0 };
    expect(plan).toEqual({
      instances: [],
      untouched: 1,
      followers: [],
      director,
      others: [],
      movement: "no",
    });
  });

  test("a removed master gives its addresses away, a removed backup nothing", () => {
    const gone = planReload(model([one]), model([]), standing(one, "MASTER"));
    expect(gone.movement).toBe("yes");
    expect(gone.instances[0]).toMatchObject({ action: "remove", name: "VI_1", state: "MASTER" });
    expect(gone.instances[0]?.effects[0]).toContain("releases 10.9.0.100");
    expect(planReload(model([one]), model([]), standing(one, "BACKUP", 150)).movement).toBe("no");
  });

  test("a new instance listens first, an address owner does not", () => {
    const fresh = { ...one, ...OTHER, name: "VI_2" };
    expect(planReload(model([one]), model([one, fresh]), new Map()).movement).toBe("no");
    const owner = { ...fresh, priority: 255 };
    expect(planReload(model([one]), model([one, owner]), new Map()).movement).toBe("yes");
  });

  test("another identity under the same name is a replacement, and says what changes", () => {
    const plan = planReload(model([one]), model([{ ...one, ...OTHER }]), standing(one, "MASTER"));
    expect(plan.instances).toHaveLength(1);
    expect(plan.instances[0]).toMatchObject({ action: "replace", movement: "yes" });
    expect(plan.instances[0]?.changes).toEqual([
      { field: "virtualRouterId", what: "virtual_router_id", from: "51", to: "52" },
    ]);
  });

  test("a lower priority of a master may move its addresses, a higher one does not", () => {
    const lower = planReload(model([one]), model([{ ...one, priority: 90 }]), standing(one, "MASTER"));
    expect(lower.movement).toBe("possible");
    expect(lower.instances[0]?.changes).toEqual([
      { field: "priority", what: "priority", from: "100", to: "90" },
    ]);
    const higher = planReload(model([one]), model([{ ...one, priority: 110 }]), standing(one, "MASTER"));
    expect(higher.movement).toBe("no");
  });

  test("a backup that comes to outrank its master takes over", () => {
    const raised = model([{ ...one, priority: 200 }]);
    expect(planReload(model([one]), raised, standing(one, "BACKUP", 150)).movement).toBe("yes");
    expect(planReload(model([one]), raised, standing(one, "BACKUP", 220)).movement).toBe("no");
    const patient = model([{ ...one, priority: 200, preempt: false }]);
    expect(planReload(model([one]), patient, standing(one, "BACKUP", 150)).movement).toBe("no");
  });

  test("addresses of a master come and go by their own names", () => {
    const next = { ...one, virtualAddresses: [virtualAddress("10.9.0.101", { prefixLength: 24 })] };
    const plan = planReload(model([one]), model([next]), standing(one, "MASTER"));
    expect(plan.movement).toBe("yes");
    expect(plan.instances[0]?.effects).toEqual([
      "releases 10.9.0.100/32 dev eth0",
      "takes and announces 10.9.0.101/24 dev eth0",
    ]);
  });

  test("a key of auth_hmac that is new or another one is named by its id, and not shown", () => {
    const rules = { activeKey: 1, timeWindow: 5, antiReplay: "time", mode: "enforce" } as const;
    const before = { ...one, authHmac: { ...rules, keys: [{ id: 1, secret: "aabb" }] } };
    const after = { ...one, authHmac: { ...rules, keys: [1, 2].map((id) => ({ id, secret: "ccdd" })) } };
    const changed = planReload(model([before]), model([after]), standing(one, "MASTER"));
    const added = planReload(model([one]), model([after]), standing(one, "MASTER"));
    expect(changed.instances[0]?.changes).toMatchObject([
      { from: "********", to: "********" },
      { from: undefined, to: "2" },
    ]);
    expect(added.instances[0]?.changes).toHaveLength(1);
    expect(JSON.stringify([changed, added])).not.toMatch(/aabb|ccdd/);
  });

  test("a setting that all routers share is pointed out, and no password is shown", () => {
    const before = { ...one, authentication: { kind: "pass", password: "secret" } } as const;
    const after = { ...one, authentication: { kind: "pass", password: "sesame" } } as const;
    const plan = planReload(model([before]), model([after]), standing(one, "MASTER"));
    expect(plan.movement).toBe("possible");
    expect(JSON.stringify(plan)).not.toMatch(/secret|sesame/);
    expect(plan.instances[0]?.changes[0]).toMatchObject({ from: "********", to: "********" });
  });

  test("a unicast peer that goes may become a second master, one that comes changes nothing", () => {
    const peer = (host: string): UnicastPeerModel => ({
      host,
      address: host,
      minTtl: undefined,
      maxTtl: undefined,
    });
    const among = (...peers: string[]): VrrpInstanceModel => ({
      ...one,
      unicast: { peers: peers.map(peer), hopLimit: 255, checkSource: false, oldChecksum: "auto" },
    });
    const [few, many] = [model([among("10.9.0.2")]), model([among("10.9.0.2", "10.9.0.3")])];
    const lost = planReload(many, few, standing(one, "MASTER"));
    expect(lost.movement).toBe("possible");
    expect(lost.instances[0]?.effects).toEqual([
      "10.9.0.3 does not hear this router any more: unless it is stopped, two may be master",
    ]);
    expect(planReload(few, many, standing(one, "MASTER")).movement).toBe("no");
    // Its peers go on speaking as they did.
    expect(planReload(model([one]), few, standing(one, "MASTER")).movement).toBe("possible");
  });

  test("signing, another key and another group are shared settings, one key more is none", () => {
    const rules = { activeKey: 1, timeWindow: 5, antiReplay: "time", mode: "enforce" } as const;
    const signed = (...ids: number[]): VrrpInstanceModel => ({
      ...one,
      authHmac: { ...rules, keys: ids.map((id) => ({ id, secret: "aabb" })) },
    });
    const moves = (before: VrrpInstanceModel, after: VrrpInstanceModel): string =>
      planReload(model([before]), model([after]), standing(one, "MASTER")).movement;
    expect(moves(one, signed(1))).toBe("possible");
    expect(moves(signed(1, 2), signed(1))).toBe("possible");
    expect(moves(one, { ...one, multicastGroup: "224.0.0.99" })).toBe("possible");
    expect(moves(signed(1), signed(1, 2))).toBe("no");
  });

  test("a version 3 interval is no shared setting, a version 2 one is", () => {
    const change = (version: 2 | 3): string => {
      const before = { ...one, version };
      const after = { ...before, advertisementInterval: 2_000_000 };
      return planReload(model([before]), model([after]), standing(one, "MASTER")).movement;
    };
    expect([change(2), change(3)]).toEqual(["possible", "no"]);
  });

  test("what lies outside of instances is named by its keyword", () => {
    const chk = { name: "chk", interval: 1_000_000, rise: 1 } as TrackScriptModel;
    const before = model([one], { trackScripts: [chk, { ...chk, name: "old" }] });
    const after = model([one], {
      global: { routerId: "right" } as Model["global"],
      trackScripts: [{ ...chk, interval: 2_000_000 }],
    });
    expect(planReload(before, after, new Map()).others).toEqual([
      { field: "global.routerId", what: "router_id", from: "left", to: "right" },
      { field: "trackScripts", what: "vrrp_script", from: "old", to: undefined },
      { field: "trackScripts", what: "vrrp_script chk: interval", from: "1 s", to: "2 s" },
    ]);
  });

  test("masters follow a member of their sync group that may yield or is no master, nobody else", () => {
    const two = { ...one, ...OTHER, name: "VI_2" };
    const grouped = (...instances: VrrpInstanceModel[]): Model => {
      const syncGroups = [groupModel(["VI_1", "VI_2"])];
      return { ...model(instances), vrrp: vrrpModel(instances, { syncGroups }) };
    };
    const masters = new Map([...standing(one, "MASTER"), ...standing(two, "MASTER")]);
    const follower = { name: "VI_2", group: "G1", member: "VI_1" };
    const lowered = planReload(grouped(one, two), grouped({ ...one, priority: 90 }, two), masters);
    expect(lowered).toMatchObject({ movement: "possible", followers: [follower] });
    expect(planLines(lowered, plainPaint, 80)).toContain("virtual addresses may move: VI_1, VI_2");

    const mixed = new Map([...standing(one, "BACKUP", 200), ...standing(two, "MASTER")]);
    const joined = planReload(model([one, two]), grouped(one, two), mixed);
    expect(joined).toMatchObject({ movement: "possible", followers: [follower] });
    expect(planReload(grouped(one, two), grouped({ ...one, priority: 110 }, two), masters).followers).toEqual(
      [],
    );
  });

  test("what surely moves and what may move is told beside each other", () => {
    const two = { ...one, ...OTHER, name: "VI_2" };
    const masters = new Map([...standing(one, "MASTER"), ...standing(two, "MASTER")]);
    const plan = planReload(model([one, two]), model([{ ...one, priority: 90 }]), masters);
    expect(planLines(plan, plainPaint, 80)).toContain("virtual addresses move: VI_2; may move: VI_1");
  });

  test("routes and rules stand there in iproute2's words", () => {
    const route = routeModel("10.78.0.0/24", { gateway: "10.9.0.2" });
    const rule = ruleModel(700);
    const routed = {
      ...model([one]),
      vrrp: vrrpModel([one], { statics: { addresses: [], routing: [route, rule] } }),
    };
    const { others } = planReload(model([one]), routed, new Map());
    expect(others).toMatchObject([
      { what: "static_routes", to: route.key },
      { what: "static_rules", to: rule.key },
    ]);
  });
});
