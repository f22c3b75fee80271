import type { IpFamily } from "../src/base/ip.ts";
import { Prng } from "../src/base/prng.ts";
import type { Micros } from "../src/base/time.ts";
import { MICROS_PER_MILLI, MICROS_PER_SECOND } from "../src/base/time.ts";
import type { AuthenticationModel } from "../src/model/advertising.ts";
import type { GarpModel, TrackedModel, VirtualAddressModel, VrrpInstanceModel } from "../src/model/model.ts";
import { groupOf, trackersOf } from "./changes.ts";
import { DEAF_IPV4, DEAF_IPV6 } from "./deaf.ts";
import { drawDelivery, routerAddress } from "./delivery.ts";
import { drawClockSteps, drawFaults, drawRegroupings } from "./faults.ts";
import { sampleRouting } from "./routing.ts";
import { TRACKED_BFD, TRACKED_FILE, TRACKED_PROCESS, TRACKED_SCRIPT } from "./senses.ts";
import type { Probe, RouterSpec, Scenario, ScriptSpec, VirtualRouterSpec } from "./spec.ts";
import { GROUP, LAN_INTERFACE, TRACKED_INTERFACE } from "./spec.ts";

const PROBES: readonly Probe[] = [
  "power-off-master",
  "power-off-master",
  "stop-master",
  "stop-master",
  "kill-master-warm",
  "kill-master-cold",
  "carrier-master",
  "script-master",
  "boot-best",
  "boot-best",
  "partition",
  "corrupt",
  "slow-kernel",
  "failing-kernel",
  "pause-master",
  "kill-backup-warm",
  "reload-master",
  "reload-backup",
  "measure-master",
  "failover",
  "maintenance",
  "order-for-a-while",
  "regroup",
  "freeze",
];

/** Everything about one virtual router that its members share, or draw for themselves. */
interface Traits {
  readonly name: string;
  readonly version: 2 | 3;
  readonly family: IpFamily;
  readonly virtualRouterId: number;
  /** What members may choose from. */
  readonly intervals: readonly Micros[];
  readonly authentication: AuthenticationModel;
  readonly v3Checksum: "pseudo-header" | "message-only";
  readonly downTimerAdverts: number;
  readonly addresses: readonly VirtualAddressModel[];
  readonly excluded: readonly VirtualAddressModel[];
  readonly routing: VrrpInstanceModel["routing"];
  readonly garp: GarpModel;
  readonly priorities: readonly number[];
  readonly preemption: "preempt" | "nopreempt" | "mixed" | "delayed";
  readonly tracksScript: boolean;
  readonly tracksInterface: boolean;
}

/** The world of this seed; the same one for the same seed. */
export function drawScenario(seed: number): Scenario {
  const random = new Prng(seed ^ 0x5ce7a210);
  const count = random.chance(0.5) ? random.integer(2, 3) : random.integer(4, 7);
  const hasSecond = random.chance(0.25);
  const unit = drawUnit(random);
  const traits = [drawTraits("VI_1", 51, count, unit, random)];
  if (hasSecond) traits.push(drawTraits("VI_2", 52, count, unit, random));
  const longest = Math.max(...traits.flatMap(({ intervals }) => intervals));
  const script: ScriptSpec = {
    name: TRACKED_SCRIPT,
    interval: longest,
    rise: random.integer(1, 2),
    fall: random.integer(1, 2),
    initFail: random.chance(0.2),
  };
  const members = traits.map((trait) => drawMembers(trait, count, longest, random));
  members[0] = drawTrackers(members[0] ?? [], new Prng(seed ^ 0x37ac_9e11));
  for (const [index, drawn] of members.entries())
    members[index] = [...drawDelivery(drawn, longest, new Prng(seed ^ (0x5e41_ed00 + index)))];
  const grouping = new Prng(seed ^ 0x6e0f_9a2d);
  const isGrouped = hasSecond && grouping.chance(0.6);
  const addresses = grouping.integer(1, 3);
  if (isGrouped) members[1] = (members[0] ?? []).map((first) => first && sibling(first, addresses, grouping));
  const routers = Array.from({ length: count }, (_, index) =>
    drawRouter(
      index,
      members.map((instances) => instances[index]).filter(isDefined),
      isGrouped,
      script,
      longest,
      random,
    ),
  );
  const virtualRouters: VirtualRouterSpec[] = traits.map((trait, number) => ({
    name: trait.name,
    key: instanceKey(trait),
    members: new Map(
      routers.flatMap((router, index) => {
        const instance = members[number]?.[index];
        return instance === undefined ? [] : [[router.name, instance] as const];
      }),
    ),
    // A reload may give any of the world's intervals to any version 3 member.
    longestInterval: trait.version === 3 ? longest : Math.max(...trait.intervals),
  }));
  const settling = 4 * longest;
  const isTroubled = random.chance(0.7);
  const { faults, quietFrom, lastingPartition } = isTroubled
    ? drawFaults(routers, longest, settling, random)
    : { faults: [], quietFrom: settling, lastingPartition: new Map<string, number>() };
  return {
    seed,
    routers,
    virtualRouters,
    unit: longest,
    calm: {
      loss: 0,
      delayMin: 20,
      delayMax: random.pick([50, 200, Math.min(2_000, longest / 50)]),
      duplicate: 0,
      reorder: 0,
      corrupt: 0,
    },
    calmLoop: { latencyMax: random.pick([0, 60, 150]), latenessMax: random.pick([0, 100, 300]) },
    faults: [
      ...faults,
      ...drawClockSteps(routers, quietFrom, longest, new Prng(seed ^ 0x0c10c)),
      ...drawRegroupings(routers, quietFrom, longest, new Prng(seed ^ 0x96_0095)),
    ],
    quietFrom,
    lastingPartition,
    probes: Array.from({ length: random.integer(1, 3) }, () => random.pick(PROBES)),
    deafHears: random.chance(0.3),
  };
}

/** The same on all routers; no reload changes it. */
function instanceKey({ virtualRouterId, family }: Pick<Traits, "virtualRouterId" | "family">): string {
  return `${virtualRouterId} ${family} ${LAN_INTERFACE}`;
}

function drawUnit(random: Prng): Micros {
  return random.pick([MICROS_PER_SECOND, MICROS_PER_SECOND, 100 * MICROS_PER_MILLI, 10 * MICROS_PER_MILLI]);
}

function drawTraits(
  name: string,
  virtualRouterId: number,
  routers: number,
  unit: Micros,
  random: Prng,
): Traits {
  const family: IpFamily = random.chance(0.3) ? "ipv6" : "ipv4";
  const version = family === "ipv6" || unit < MICROS_PER_SECOND || random.chance(0.5) ? 3 : 2;
  const addressCount = random.integer(1, 4);
  // A subnet of their own makes the first address primary and the others secondary.
  const apart = random.chance(0.3);
  const interfaceName = random.chance(0.15) ? TRACKED_INTERFACE : LAN_INTERFACE;
  const noTrack = random.chance(0.1);
  const address = (index: number): VirtualAddressModel =>
    virtualAddress(
      family,
      virtualRouterId,
      index,
      apart,
      index === 0 ? LAN_INTERFACE : interfaceName,
      noTrack,
    );
  return {
    name,
    version,
    family,
    virtualRouterId,
    intervals: version === 3 && random.chance(0.25) ? [unit, 2 * unit, 3 * unit] : [unit],
    authentication:
      version === 2 && random.chance(0.5)
        ? { kind: "pass", password: random.pick(["secret", "12345678", "a"]) }
        : { kind: "none" },
    v3Checksum: random.chance(0.7) ? "pseudo-header" : "message-only",
    downTimerAdverts: random.chance(0.85) ? 3 : random.pick([2, 4, 5]),
    addresses: Array.from({ length: addressCount }, (_, index) => address(index)),
    excluded: random.chance(0.2) ? [address(20)] : [],
    routing: addressCount <= 2 ? sampleRouting(virtualRouterId) : [],
    garp: drawGarp(unit, random),
    priorities: drawPriorities(routers, random),
    preemption: random.pick(["preempt", "preempt", "nopreempt", "mixed", "delayed"]),
    tracksScript: random.chance(0.35),
    tracksInterface: random.chance(0.25),
  };
}

function drawPriorities(routers: number, random: Prng): number[] {
  const style = random.pick(["distinct", "close", "equal", "owner", "any"]);
  return Array.from({ length: routers }, (_, index) => {
    switch (style) {
      case "distinct":
        return 200 - 25 * index;
      case "close":
        return 101 - index;
      case "equal":
        return index < 2 ? 150 : random.pick([150, 100]);
      case "owner":
        return index === 0 ? 255 : random.integer(1, 254);
      default:
        return random.integer(1, 254);
    }
  });
}

function drawGarp(unit: Micros, random: Prng): GarpModel {
  return {
    masterRepeat: random.pick([1, 2, 5]),
    masterDelay: random.pick([unit, 2 * unit]),
    masterRefresh: random.chance(0.4) ? 3 * unit : 0,
    masterRefreshRepeat: random.integer(1, 2),
    lowerPrioDelay: random.pick([unit, 2 * unit]),
    lowerPrioRepeat: random.pick([1, 5]),
    garpInterval: random.chance(0.2) ? unit / 100 : 0,
    gnaInterval: random.chance(0.2) ? unit / 100 : 0,
    extra: random.chance(0.2) ? { interval: 2 * unit, everywhere: true } : undefined,
  };
}

/** One instance for each router; undefined where it does not take part. At least two do. */
function drawMembers(
  traits: Traits,
  routers: number,
  unit: Micros,
  random: Prng,
): (VrrpInstanceModel | undefined)[] {
  const absent = routers > 2 && random.chance(0.2) ? random.integer(0, routers - 1) : -1;
  return traits.priorities.map((priority, index) =>
    index === absent ? undefined : drawInstance(traits, priority, unit, random),
  );
}

function drawInstance(traits: Traits, priority: number, unit: Micros, random: Prng): VrrpInstanceModel {
  const { version, family, virtualRouterId } = traits;
  const isOwner = priority === 255;
  const preempt =
    isOwner ||
    traits.preemption === "preempt" ||
    traits.preemption === "delayed" ||
    (traits.preemption === "mixed" && random.chance(0.5));
  const none = undefined;
  const notify = {
    master: none,
    backup: none,
    fault: none,
    stop: none,
    deleted: none,
    any: none,
    saysDeleted: false,
    masterRxLowerPri: none,
  };
  return {
    name: traits.name,
    key: instanceKey(traits),
    version,
    family,
    interface: LAN_INTERFACE,
    virtualInterface: undefined,
    addressInterfaces: [],
    transmitBase: false,
    vrf: undefined,
    virtualRouterId,
    priority,
    wantedState: isOwner || random.chance(0.3) ? "MASTER" : "BACKUP",
    advertisementInterval: random.pick(traits.intervals),
    downTimerAdverts: traits.downTimerAdverts,
    preempt,
    preemptDelay: traits.preemption === "delayed" && !isOwner ? random.pick([0, 2 * unit, 5 * unit]) : 0,
    authentication: traits.authentication,
    v3Checksum: traits.v3Checksum,
    sourceAddress: undefined,
    trackSourceAddress: false,
    multicastGroup: family === "ipv4" ? "224.0.0.18" : "ff02::12",
    unicast: undefined,
    authHmac: undefined,
    virtualAddresses: traits.addresses,
    excludedAddresses: traits.excluded,
    routing: traits.routing,
    trackStatics: [],
    trackInterfaces: traits.tracksInterface
      ? [{ name: TRACKED_INTERFACE, weight: random.pick([0, -50, 30]), reverse: false }]
      : [],
    trackScripts: traits.tracksScript
      ? [{ name: TRACKED_SCRIPT, weight: random.pick([0, 0, -60, 40]), reverse: false }]
      : [],
    trackBfds: [],
    trackFiles: [],
    trackProcesses: [],
    dontTrackPrimary: false,
    garp: traits.garp,
    announceOnly: random.chance(0.2),
    verifyNeighbours: [DEAF_IPV4, DEAF_IPV6],
    verifyTimeout: undefined,
    lowerPrioNoAdvert: random.chance(0.1),
    higherPrioSendAdvert: random.chance(0.1),
    ownerIgnoreAdverts: false,
    skipCheckAdvAddr: false,
    noAccept: false,
    strictMode: false,
    timerExpiredPriority: undefined,
    promoteSecondaries: false,
    notify: { ...notify, timeout: 60 * MICROS_PER_SECOND },
    notifyPriorityChanges: false,
    smtpAlert: random.chance(0.1),
  };
}

/** In some worlds the first instances follow a file, a kind of process or a BFD session too. */
function drawTrackers(
  members: readonly (VrrpInstanceModel | undefined)[],
  random: Prng,
): (VrrpInstanceModel | undefined)[] {
  const [hasFile, hasProcess, hasBfd] = [random.chance(0.3), random.chance(0.2), random.chance(0.2)];
  const tracked = (isTracked: boolean, name: string, weights: readonly number[]): readonly TrackedModel[] =>
    isTracked ? [{ name, weight: random.pick(weights), reverse: false }] : [];
  return members.map(
    (member) =>
      member && {
        ...member,
        trackFiles: tracked(hasFile, TRACKED_FILE, [0, -1, -20, 2]),
        trackProcesses: tracked(hasProcess, TRACKED_PROCESS, [0, -50, 30]),
        trackBfds: tracked(hasBfd, TRACKED_BFD, [0, -50, 30]),
      },
  );
}

/**
 * The other member of a sync group. Priorities and weights are those of the first: routers whose members disagree about who
 * is better would take turns for ever. What means FAULT is followed by the first alone.
 */
function sibling(first: VrrpInstanceModel, addresses: number, random: Prng): VrrpInstanceModel {
  const { family } = first;
  const isWeighted = ({ weight }: { readonly weight: number }): boolean => weight !== 0;
  const address = (index: number): VirtualAddressModel =>
    virtualAddress(family, 52, index, false, LAN_INTERFACE, false);
  return {
    ...first,
    name: "VI_2",
    key: instanceKey({ virtualRouterId: 52, family }),
    virtualRouterId: 52,
    wantedState: first.priority === 255 || random.chance(0.3) ? "MASTER" : "BACKUP",
    virtualAddresses: Array.from({ length: addresses }, (_, index) => address(index)),
    excludedAddresses: [],
    routing: first.routing.length > 0 ? sampleRouting(52) : [],
    trackInterfaces: first.trackInterfaces.filter(isWeighted),
    trackScripts: first.trackScripts.filter(isWeighted),
    trackBfds: first.trackBfds.filter(isWeighted),
    trackFiles: first.trackFiles.filter(isWeighted),
    trackProcesses: first.trackProcesses.filter(isWeighted),
    lowerPrioNoAdvert: random.chance(0.1),
    higherPrioSendAdvert: random.chance(0.1),
  };
}

function drawRouter(
  index: number,
  instances: readonly VrrpInstanceModel[],
  isGrouped: boolean,
  script: ScriptSpec,
  unit: Micros,
  random: Prng,
): RouterSpec {
  const number = 10 + index;
  return {
    name: `r${index + 1}`,
    mac: `02:00:00:00:00:${number.toString(16).padStart(2, "0")}`,
    ipv4: routerAddress(index, "ipv4"),
    ipv6: routerAddress(index, "ipv6"),
    model: {
      instances,
      syncGroups: isGrouped && instances.length > 0 ? [groupOf(GROUP, instances)] : [],
      garpGroups: [],
      ...trackersOf(instances, script),
      fifo: false,
      noMailOnFault: false,
      startupDelay: 0,
      statics: { addresses: [], routing: [] },
    },
    scripts: [script],
    promotesSecondaries: random.chance(0.5),
    startsAt: random.chance(0.5) ? random.integer(0, unit / 10) : random.integer(0, 3 * unit),
    bootTime: random.chance(0.7) ? random.integer(unit / 20, unit / 2) : random.integer(unit, 3 * unit),
  };
}

function virtualAddress(
  family: IpFamily,
  virtualRouterId: number,
  index: number,
  apart: boolean,
  interfaceName: string,
  noTrack: boolean,
): VirtualAddressModel {
  const isIpv4 = family === "ipv4";
  const network = apart ? `10.${virtualRouterId}.0` : "10.0.0";
  const host = 100 + 40 * (virtualRouterId - 51) + index;
  return {
    address: isIpv4 ? `${network}.${host}` : `2001:db8:${virtualRouterId}::${(index + 1).toString(16)}`,
    prefixLength: isIpv4 ? 24 : 64,
    family,
    interface: interfaceName,
    scope: 0,
    broadcast: undefined,
    label: undefined,
    peer: undefined,
    peerPrefixLength: undefined,
    flags: [],
    preferredLifetime: undefined,
    noTrack,
  };
}

function isDefined<T>(value: T | undefined): value is T {
  return value !== undefined;
}
