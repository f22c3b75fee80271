import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { routeModel, ruleModel } from "../../sim/routing.ts";
import {
  advertFrom,
  groupModel,
  instanceModel,
  interfaceAddress,
  isKernelChange,
  link,
  OWN_MAC,
  virtualAddress,
  vrrpModel,
} from "../../test/support/vrrp-driver.ts";
import { addressKey } from "../base/routing.ts";
import { millis, seconds } from "../base/time.ts";
import type { VrrpInstanceModel, VrrpModel } from "../model/model.ts";
import type { VrrpAction } from "./action.ts";
import { createVrrpEngine, restoreVrrpEngine } from "./engine.ts";
import type { VrrpInput } from "./input.ts";
import type { VrrpSnapshot } from "./snapshot.ts";

const RUNS = process.env.BUOY_LONG === "1" ? 20_000 : 300;

/** What happens next: an input, or an answer to one of the open requests. */
type Step =
  | { readonly kind: "input"; readonly after: number; readonly input: VrrpInput }
  | { readonly kind: "clock"; readonly late: number }
  | { readonly kind: "answer"; readonly which: number; readonly errno: string | undefined };

const STATIC = routeModel("10.3.0.0/16", { interface: "eth1" });
const ROUTING = [
  routeModel("10.1.0.0/16", { gateway: "10.9.0.9" }),
  routeModel("10.2.0.0/16", { interface: "eth1" }, true),
  ruleModel(100),
];

const PEERS = [
  { host: "10.9.0.2", address: "10.9.0.2", minTtl: 100, maxTtl: undefined },
  { host: "three.example.com", address: undefined, minTtl: undefined, maxTtl: undefined },
];
const HMAC = {
  keys: [{ id: 1, secret: "ab".repeat(32) }],
  activeKey: 1,
  timeWindow: 5,
  antiReplay: "time",
  mode: "permissive",
} as const;

/** How advertisements travel. */
const WAYS: readonly Partial<VrrpInstanceModel>[] = [
  {},
  {},
  { unicast: { peers: PEERS, hopLimit: 64, checkSource: true, oldChecksum: "auto" } },
  { unicast: { peers: PEERS.slice(0, 1), hopLimit: 255, checkSource: false, oldChecksum: "auto" } },
  { authentication: { kind: "ah", password: "secret" } },
  { authHmac: HMAC },
];

const models = fc
  .record({
    way: fc.constantFrom(...WAYS),
    version: fc.constantFrom(2 as const, 3 as const),
    priority: fc.constantFrom(1, 50, 100, 150, 254, 255),
    preempt: fc.boolean(),
    preemptDelay: fc.constantFrom(0, seconds(5)),
    advertisementInterval: fc.constantFrom(seconds(1), seconds(2)),
    lowerPrioNoAdvert: fc.boolean(),
    higherPrioSendAdvert: fc.boolean(),
    smtpAlert: fc.boolean(),
    announceOnly: fc.boolean(),
    noAccept: fc.boolean(),
    timerExpiredPriority: fc.constantFrom(undefined, undefined, 150),
    addresses: fc.integer({ min: 0, max: 3 }),
    routing: fc.subarray(ROUTING),
    trackStatics: fc.constantFrom([], [STATIC.key]),
    spacing: fc.constantFrom(0, millis(10)),
    scriptWeight: fc.constantFrom(undefined, 0, -20, 20),
    linkWeight: fc.constantFrom(undefined, 0, 30),
    fileWeight: fc.constantFrom(undefined, 0, 10),
    notifyPriorityChanges: fc.boolean(),
    processWeight: fc.constantFrom(undefined, 0, -40),
  })
  .map(
    ({
      way,
      addresses,
      spacing,
      scriptWeight,
      linkWeight,
      fileWeight,
      processWeight,
      ...rest
    }): Partial<VrrpInstanceModel> => {
      const { garp } = instanceModel();
      return {
        ...rest,
        ...way,
        verifyNeighbours: ["10.9.0.7"],
        verifyTimeout: millis(500),
        garp: { ...garp, garpInterval: spacing, masterRefresh: seconds(7) },
        virtualAddresses: Array.from({ length: addresses }, (_, index) =>
          virtualAddress(`10.9.0.${100 + index}`),
        ),
        trackScripts:
          scriptWeight === undefined ? [] : [{ name: "chk", weight: scriptWeight, reverse: false }],
        trackInterfaces:
          linkWeight === undefined ? [] : [{ name: "eth1", weight: linkWeight, reverse: false }],
        trackFiles: fileWeight === undefined ? [] : [{ name: "load", weight: fileWeight, reverse: false }],
        trackProcesses:
          processWeight === undefined ? [] : [{ name: "web", weight: processWeight, reverse: true }],
      };
    },
  );

const statics = fc.constantFrom(
  { addresses: [], routing: [] },
  { addresses: [virtualAddress("10.9.0.50")], routing: [STATIC] },
);

const configurations: fc.Arbitrary<VrrpModel> = fc
  .tuple(fc.array(models, { maxLength: 3 }), statics, fc.constantFrom(0, 0, 2, 3))
  .map(([list, held, grouped]) => configuration(list, held, grouped));

/** The first so many instances are one sync group. */
function configuration(
  list: readonly Partial<VrrpInstanceModel>[],
  held: VrrpModel["statics"],
  grouped: number,
): VrrpModel {
  const instances = list.map((changes, index) =>
    instanceModel({
      ...changes,
      name: `VI_${index}`,
      virtualRouterId: 51 + index,
      interface: index === 2 ? "eth1" : "eth0",
    }),
  );
  const members = instances.slice(0, grouped).map(({ name }) => name);
  return vrrpModel(instances, {
    trackScripts: [{ name: "chk", rise: 2, fall: 2, initFail: false }],
    fifo: true,
    trackFiles: ["load"],
    trackProcesses: [{ name: "web", quorum: 1, quorumMax: 2 }],
    statics: held,
    syncGroups: members.length === 0 ? [] : [groupModel(members, { smtpAlert: true })],
  });
}

const names = fc.constantFrom("eth0", "eth1");
const ips = fc.constantFrom("10.9.0.1", "10.9.0.2", "10.9.0.100", "10.9.0.101", "10.9.0.102");
const origins = fc.constantFrom("self" as const, "other" as const);
const removalOrigins = fc.constantFrom("self" as const, "along" as const, "other" as const);

const addressInputs = fc
  .record({
    name: names,
    ip: ips,
    origin: origins,
    removal: removalOrigins,
    added: fc.boolean(),
    host: fc.boolean(),
  })
  .map(({ name, ip, origin, removal, added, host }): VrrpInput => {
    const address = interfaceAddress(ip, { interface: name, prefixLength: host ? 32 : 24 });
    return added
      ? { kind: "AddressAdded", address, origin }
      : { kind: "AddressRemoved", address, origin: removal };
  });

const adverts = fc
  .record({
    version: fc.constantFrom(2 as const, 3 as const),
    id: fc.integer({ min: 50, max: 53 }),
    name: names,
    priority: fc.constantFrom(0, 1, 99, 100, 101, 254, 255),
    source: fc.constantFrom("10.9.0.0", "10.9.0.1", "10.9.0.2"),
    hopLimit: fc.constantFrom(255, 255, 255, 1),
    destination: fc.constantFrom("224.0.0.18", "224.0.0.18", "10.9.0.1"),
    interval: fc.constantFrom(seconds(1), seconds(2)),
  })
  .map(({ version, id, name, ...changes }): VrrpInput => {
    const model = instanceModel({ version, virtualRouterId: id, interface: name });
    return advertFrom(model, changes);
  });

const surroundings = fc.oneof(
  fc.constantFrom("10.9.0.2", "10.9.0.3").map(
    (address): VrrpInput => ({
      kind: "HostsResolved",
      hosts: [{ name: "three.example.com", family: "ipv4", address }],
    }),
  ),
  fc
    .integer({ min: 0, max: 100 })
    .map((offset): VrrpInput => ({ kind: "WallClockSet", offset: seconds(1_700_000_000 + offset) })),
);

const noise = fc
  .record({ payload: fc.uint8Array({ maxLength: 40 }), name: names, verified: fc.boolean() })
  .map(({ payload, name, verified }): VrrpInput => {
    // Make it likely to belong to somebody.
    if (payload.length > 1) payload.set([51], 1);
    return {
      ...advertFrom(instanceModel()),
      kind: "PacketReceived",
      interface: name,
      payload,
      checksumVerified: verified,
    };
  });

/** Questions, answers and claims of a neighbour that is on the watch-list, and of others. */
const sights = fc
  .record({
    interface: names,
    operation: fc.constantFrom("ask" as const, "answer" as const),
    sender: fc.constantFrom("10.9.0.7", "10.9.0.7", "10.9.0.100", undefined),
    target: ips,
    mac: fc.constantFrom("02:00:00:00:00:07", "00:00:5e:00:01:33"),
    to: fc.constantFrom(OWN_MAC, "ff:ff:ff:ff:ff:ff"),
  })
  .map((sight): VrrpInput => ({ kind: "NeighbourSeen", ...sight }));

const otherInputs: fc.Arbitrary<VrrpInput> = fc.oneof(
  configurations.map((model): VrrpInput => ({ kind: "ConfigChanged", model })),
  fc
    .record({ name: names, up: fc.boolean(), running: fc.boolean() })
    .map(({ name, up, running }): VrrpInput => ({ kind: "LinkChanged", link: link({ name, up, running }) })),
  names.map((name): VrrpInput => ({ kind: "LinkRemoved", name })),
  fc.constant({ kind: "StatesWanted" } as const),
  fc.boolean().map(
    (ok): VrrpInput => ({
      kind: "ScriptFinished",
      script: "chk",
      ok,
      exitCode: ok ? 0 : 1,
      signal: undefined,
      timedOut: false,
      duration: 9,
    }),
  ),
  sights,
  fc
    .record({
      tracker: fc.constantFrom("file" as const, "process" as const),
      value: fc.integer({ min: -30, max: 3 }),
    })
    .map(
      ({ tracker, value }): VrrpInput => ({
        kind: "TrackerMeasured",
        tracker,
        name: tracker === "file" ? "load" : "web",
        value,
      }),
    ),
  fc
    .constantFrom(...[STATIC, ...ROUTING])
    .map(({ key }): VrrpInput => ({ kind: "RoutingRemoved", item: key })),
  sights,
  fc
    .array(
      fc.record({
        id: fc.integer({ min: 1, max: 4 }),
        kind: fc.constantFrom("failover" as const, "maintenance" as const, "freeze" as const),
        subject: fc.constantFrom(undefined, "VI_0", "VI_1"),
        until: fc.option(fc.constantFrom(seconds(1), seconds(9)), { nil: undefined }),
        force: fc.boolean(),
      }),
      { maxLength: 2 },
    )
    .map((list): VrrpInput => {
      const orders = list.map((order) => ({ ...order, since: 0, by: "alice", why: undefined }));
      return { kind: "OrdersChanged", orders };
    }),
  sights,
  fc
    .record({ from: fc.constantFrom("10.9.0.7", "10.9.0.8"), to: ips })
    .map((echo): VrrpInput => ({ kind: "EchoAnswered", ...echo })),
  fc
    .array(fc.record({ interface: names, address: fc.constantFrom("10.9.0.8", "10.9.0.254") }), {
      maxLength: 2,
    })
    .map((gateways): VrrpInput => ({ kind: "GatewaysChanged", gateways })),
);

const delays = fc.constantFrom(0, 1, millis(1), millis(700), seconds(2), seconds(30));
const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("clock" as const),
      late: fc.constantFrom(0, 0, 0, 40, millis(3), seconds(5)),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("answer" as const),
      which: fc.nat(20),
      errno: fc.constantFrom(undefined, undefined, "EPERM", "EADDRNOTAVAIL"),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("input" as const), after: delays, input: adverts }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("input" as const),
      after: delays,
      input: fc.oneof(addressInputs, noise, surroundings, otherInputs),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("input" as const), after: delays, input: sights }) },
);

const START: readonly VrrpInput[] = [
  { kind: "LinkChanged", link: link() },
  { kind: "LinkChanged", link: link({ name: "eth1", index: 3 }) },
  { kind: "AddressAdded", address: interfaceAddress("10.9.0.1"), origin: "other" },
  { kind: "AddressAdded", address: interfaceAddress("10.9.0.3", { interface: "eth1" }), origin: "other" },
];

const lives = fc.record({
  begin: configurations,
  steps: fc.array(steps, { maxLength: 60 }),
  stop: fc.option(fc.boolean(), { nil: undefined }),
});

const livesWithoutReload = lives.map((life) => ({
  ...life,
  steps: life.steps.filter((step) => step.kind !== "input" || step.input.kind !== "ConfigChanged"),
}));

/** Plays a life and returns the text of every list of actions. `interrupt` says before which steps the engine is replaced. */
function play(
  life: { begin: VrrpModel; steps: readonly Step[]; stop: boolean | undefined },
  interrupt: (step: number) => boolean,
): string[] {
  let engine = createVrrpEngine();
  let now = seconds(5);
  const log: string[] = [];
  const open: { readonly id: number; readonly epoch: number; readonly item: string | undefined }[] = [];
  const feed = (input: VrrpInput): void => {
    const actions: readonly VrrpAction[] = engine.handle(now, input);
    for (const action of actions) {
      if (action.kind === "DropPackets") open.push({ id: action.id, epoch: action.epoch, item: undefined });
      if (!isKernelChange(action)) continue;
      const items = "items" in action ? action.items.map(({ key }) => key) : action.addresses.map(addressKey);
      for (const item of items) open.push({ id: action.id, epoch: action.epoch, item });
    }
    log.push(JSON.stringify([now, actions, engine.nextDeadline()]));
  };
  for (const input of START) feed(input);
  feed({ kind: "ConfigChanged", model: life.begin });
  for (const [index, step] of life.steps.entries()) {
    if (interrupt(index)) {
      const text = JSON.stringify(engine.snapshot(now));
      engine = restoreVrrpEngine(JSON.parse(text) as VrrpSnapshot, now);
      expect(JSON.stringify(engine.snapshot(now))).toBe(text);
    }
    if (step.kind === "clock") {
      now = Math.max(now, engine.nextDeadline() ?? now) + step.late;
      feed({ kind: "ClockReached" });
      expect(engine.nextDeadline() ?? Number.POSITIVE_INFINITY).toBeGreaterThan(now);
    } else if (step.kind === "input") {
      now += step.after;
      feed(step.input);
    } else if (open.length > 0) {
      const [answer] = open.splice(step.which % open.length, 1);
      if (answer === undefined) continue;
      const { id, epoch, item } = answer;
      const error = { call: "netlink", errno: step.errno ?? "", subject: item ?? "" };
      if (item === undefined) {
        feed(
          step.errno === undefined
            ? { kind: "DroppingDone", id, epoch }
            : { kind: "DroppingFailed", id, epoch, error },
        );
      } else if (step.errno === undefined) feed({ kind: "ActionDone", id, epoch, item });
      else feed({ kind: "ActionFailed", id, epoch, item, error });
    }
  }
  if (life.stop !== undefined) feed({ kind: "StopRequested", release: life.stop, by: "test" });
  return log;
}

describe("the engine, whatever happens", () => {
  it("answers every input with a list, moves its deadline on, and is deterministic", () => {
    fc.assert(
      fc.property(lives, (life) => {
        expect(play(life, () => false)).toEqual(play(life, () => false));
      }),
      { numRuns: RUNS },
    );
  });

  it("goes on from a snapshot as if nothing had happened", () => {
    fc.assert(
      fc.property(lives, fc.nat(6), (life, every) => {
        expect(play(life, (step) => step % (every + 1) === 0)).toEqual(play(life, () => false));
      }),
      { numRuns: RUNS },
    );
  });

  it("keeps the members of a sync group together, unless a reload has just brought them together", () => {
    fc.assert(
      fc.property(livesWithoutReload, (life) => {
        const states = new Map<string, string>();
        for (const line of play(life, () => false)) {
          const [, actions] = JSON.parse(line) as [number, VrrpAction[]];
          for (const action of actions) {
            if (action.kind !== "Emit" || action.event.kind !== "StateChanged") continue;
            states.set(action.event.instance, action.event.to);
          }
          const members = life.begin.syncGroups[0]?.members ?? [];
          expect(new Set(members.map((name) => states.get(name))).size).toBeLessThanOrEqual(1);
        }
      }),
      { numRuns: RUNS },
    );
  });

  it("keeps the order of its actions", () => {
    fc.assert(
      fc.property(lives, (life) => {
        for (const line of play(life, () => false)) {
          const [, actions] = JSON.parse(line) as [number, VrrpAction[]];
          const lanes = actions.map(({ kind }) => laneOf(kind));
          expect(lanes).toEqual([...lanes].sort((a, b) => a - b));
        }
      }),
      { numRuns: Math.ceil(RUNS / 3) },
    );
  });
});

/** The order that is contract. */
function laneOf(kind: VrrpAction["kind"]): number {
  switch (kind) {
    case "SendAdvertisement":
      return 0;
    case "AddAddresses":
    case "RemoveAddresses":
    case "AddRouting":
    case "RemoveRouting":
    case "DropPackets":
      return 1;
    case "SendFrames":
      return 2;
    case "AskNeighbours":
      return 3;
    case "Stopped":
      return 5;
    default:
      return 4;
  }
}
