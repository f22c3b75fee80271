/** The engine's whole state as a plain value: what `status` shows, and what `restore` goes on from. */
import type { IpAddress, IpFamily } from "../base/ip.ts";
import type { MacAddress } from "../base/mac.ts";
import { copyPlain } from "../base/plain.ts";
import { addressKey } from "../base/routing.ts";
import type { Instant, Micros } from "../base/time.ts";
import type { VirtualAddressModel, VrrpInstanceModel, VrrpModel } from "../model/model.ts";
import type { Cause } from "./cause.ts";
import type { DropReason, VerifyOutcome, VrrpState, WatchReason } from "./event.ts";
import { isDegraded } from "./held.ts";
import type { Gateway, InterfaceAddress, LinkState, Measurement } from "./input.ts";
import type { Instance } from "./instance.ts";
import { masterDownOf } from "./instance.ts";
import type {
  AddressRecord,
  BfdMemory,
  EngineMemory,
  GroupMemory,
  HolderMemory,
  InstanceMemory,
  RoutingRecord,
  ScriptResult,
} from "./memory.ts";
import type { OrderProgress } from "./order.ts";
import type { Surroundings } from "./surroundings.ts";
import { outcomeOf, unprovedBy } from "./verify.ts";
import type { VerificationMemory } from "./watch-memory.ts";

export interface VrrpSnapshot {
  readonly at: Instant;
  readonly model: VrrpModel;
  readonly links: readonly LinkState[];
  readonly addresses: readonly InterfaceAddress[];
  readonly scripts: readonly ScriptSnapshot[];
  /** BFD sessions that were told of. */
  readonly bfds: readonly (BfdMemory & { readonly name: string })[];
  /** Files and processes that were measured. */
  readonly measured: readonly MeasuredSnapshot[];
  readonly gateways: readonly Gateway[];
  /** Addresses of unicast peers that are host names. */
  readonly hosts: readonly (readonly [string, IpAddress])[];
  readonly instances: readonly InstanceSnapshot[];
  readonly statics: HoldingsSnapshot;
  readonly groups: readonly GroupSnapshot[];
  readonly nextActionId: number;
  readonly stopping: boolean;
  /** Packets that belong to no instance, per reason. */
  readonly dropped: Readonly<Partial<Record<DropReason, number>>>;
  /** Engine-wide deadlines and queues, for `restore`; opaque to readers. */
  readonly internal: unknown;
}

/** A sync group. */
export interface GroupSnapshot {
  readonly name: string;
  /** The last state that all members had in common. */
  readonly state: VrrpState;
  readonly lastTransition: Instant | undefined;
  readonly cause: Cause;
  /** Names of its instances. */
  readonly members: readonly string[];
  /** Members in BACKUP that would be master, and wait for the others. */
  readonly willing: readonly string[];
  /** Members with a fault of their own. */
  readonly faulty: readonly string[];
}

export interface ScriptSnapshot {
  readonly name: string;
  /** rise/fall counter, 0..rise+fall-1. */
  readonly counter: number;
  /** A result has come (or `init_fail` stands for one). */
  readonly known: boolean;
  readonly ok: boolean;
  /** The result that `ok` was last judged by. */
  readonly last: ScriptResult | undefined;
}

export interface MeasuredSnapshot extends Measurement {
  readonly previous: number;
  /** Since when the value is this one. */
  readonly at: Instant;
}

export interface InstanceSnapshot {
  readonly name: string;
  readonly key: string;
  readonly family: IpFamily;
  readonly interface: string;
  readonly virtualRouterId: number;
  readonly version: 2 | 3;
  readonly state: VrrpState;
  readonly basePriority: number;
  readonly effectivePriority: number;
  readonly advertisementInterval: Micros;
  /** The master's interval as known locally (v3 backups adopt it). */
  readonly masterInterval: Micros;
  readonly masterAddress: IpAddress | undefined;
  readonly masterPriority: number | undefined;
  readonly masterDownInterval: Micros;
  readonly lastTransition: Instant | undefined;
  readonly lastHeard: Instant | undefined;
  /** Bumped at each entry into or exit from MASTER: answers to actions of an older epoch are stale. */
  readonly epoch: number;
  /** Why the last state change happened. */
  readonly cause: Cause;
  readonly faults: readonly string[];
  readonly addresses: readonly AddressSnapshot[];
  readonly routing: readonly RoutingSnapshot[];
  /** MASTER, but not everything that it is to hold could be added. */
  readonly degraded: boolean;
  /** Of a master that asks: what its neighbours map our addresses to. */
  readonly verification: VerificationSnapshot | undefined;
  readonly statistics: InstanceStatistics;
  /** The operator's order that counts for it, and how far it has come. */
  readonly order: OrderProgress | undefined;
  readonly frozen: boolean;
  /** State-specific deadlines and engine internals, for `restore`; opaque to readers. */
  readonly internal: unknown;
}

export interface AddressSnapshot {
  readonly address: IpAddress;
  readonly prefixLength: number;
  readonly interface: string;
  readonly excluded: boolean;
  readonly state: "absent" | "adding" | "present" | "removing" | "failed";
  readonly error: string | undefined;
}

export interface RoutingSnapshot {
  /** The route or rule in iproute2's words. */
  readonly item: string;
  readonly state: AddressSnapshot["state"];
  readonly error: string | undefined;
}

/** What static entries have in the kernel. */
export interface HoldingsSnapshot {
  readonly addresses: readonly AddressSnapshot[];
  readonly routing: readonly RoutingSnapshot[];
}

/** Neighbours by how they stand, and one by one. */
export interface VerificationSnapshot {
  readonly startedAt: Instant;
  /** Absent while questions are open. */
  readonly finishedAt: Instant | undefined;
  readonly proved: number;
  readonly unproved: number;
  readonly pending: number;
  readonly hadToBeAsked: number;
  /** From the announcement to the slowest proof. */
  readonly slowest: Micros;
  readonly asksSent: number;
  readonly neighbours: readonly NeighbourSnapshot[];
}

export interface NeighbourSnapshot {
  readonly address: IpAddress;
  readonly interface: string;
  readonly mac: MacAddress | undefined;
  readonly why: WatchReason;
  readonly outcome: VerifyOutcome | "pending";
  readonly took: Micros;
  /** Virtual addresses it maps to us, and those it is silent about. */
  readonly proved: number;
  readonly unproved: number;
}

/** Counters in keepalived's terms. */
export interface InstanceStatistics {
  readonly advertisementsReceived: number;
  readonly advertisementsSent: number;
  readonly becameMaster: number;
  readonly releasedMaster: number;
  readonly priorityZeroReceived: number;
  readonly priorityZeroSent: number;
  readonly announcementsSent: number;
  readonly addressListErrors: number;
  readonly signedReceived: number;
  readonly unsignedReceived: number;
  readonly dropped: Readonly<Partial<Record<DropReason, number>>>;
}

/** What `VrrpSnapshot.internal` holds. */
export interface EngineInternal {
  readonly memory: EngineMemory;
  /** Instances that a reload dropped and whose addresses are still to go. */
  readonly retired: readonly { readonly model: VrrpInstanceModel; readonly memory: InstanceMemory }[];
}

/** A view as a value of its own. The model is never written into, and stays. */
export function detach(view: VrrpSnapshot): VrrpSnapshot {
  const { model, ...rest } = view;
  return { ...copyPlain(rest), model };
}

/** The whole engine as a value that shares its memory: it holds until the engine handles something. */
export function viewOf(
  at: Instant,
  model: VrrpModel,
  memory: EngineMemory,
  surroundings: Surroundings,
  instances: readonly Instance[],
): VrrpSnapshot {
  const retired = instances.filter((instance) => instance.retired);
  const internal: EngineInternal = {
    memory,
    retired: retired.map(({ model, memory }) => ({ model, memory })),
  };
  return {
    at,
    model,
    links: [...surroundings.links.values()],
    addresses: [...surroundings.addresses.values()].flat(),
    scripts: [...surroundings.scripts].map(([name, script]) => ({ name, ...script })),
    bfds: [...surroundings.bfds].map(([name, bfd]) => ({ name, ...bfd })),
    measured: [
      ...[...surroundings.files].map(([name, file]) => ({ tracker: "file" as const, name, ...file })),
      ...[...surroundings.processes].map(([name, one]) => ({ tracker: "process" as const, name, ...one })),
    ],
    gateways: surroundings.gateways,
    hosts: [...surroundings.hosts],
    instances: instances.filter((instance) => !instance.retired).map(instanceSnapshot),
    statics: holdingsSnapshot(memory.statics),
    groups: memory.groups.map((group) => groupSnapshot(group, instances)),
    nextActionId: memory.nextActionId,
    stopping: memory.stop !== undefined,
    dropped: memory.dropped,
    internal,
  };
}

function groupSnapshot(
  { name, state, lastTransition, cause }: GroupMemory,
  instances: readonly Instance[],
): GroupSnapshot {
  const members = instances.filter(({ group }) => group?.model.name === name);
  const namesOf = (list: readonly Instance[]): readonly string[] => list.map(({ model }) => model.name);
  const willing = members.filter(
    ({ memory: { phase } }) => phase.kind === "BACKUP" && phase.wanted !== undefined,
  );
  const faulty = members.filter(({ memory }) => memory.faults.length > 0);
  return {
    name,
    state,
    lastTransition,
    cause,
    members: namesOf(members),
    willing: namesOf(willing),
    faulty: namesOf(faulty),
  };
}

function instanceSnapshot(instance: Instance): InstanceSnapshot {
  const { model, memory } = instance;
  return {
    name: model.name,
    key: model.key,
    family: model.family,
    interface: model.interface,
    virtualRouterId: model.virtualRouterId,
    version: model.version,
    state: memory.phase.kind,
    basePriority: model.priority,
    effectivePriority: memory.effectivePriority,
    advertisementInterval: model.advertisementInterval,
    masterInterval: memory.masterInterval,
    masterAddress: memory.masterAddress,
    masterPriority: memory.masterPriority,
    masterDownInterval: masterDownOf(instance),
    lastTransition: memory.lastTransition,
    lastHeard: memory.lastHeard,
    epoch: memory.epoch,
    cause: memory.cause,
    faults: memory.faults.map(({ key }) => key),
    ...holdingsSnapshot(memory),
    degraded: isDegraded(instance),
    verification: memory.verification && verificationSnapshot(memory.verification),
    statistics: memory.statistics,
    order: memory.order,
    frozen: memory.frozen,
    internal: slimMemory(memory),
  };
}

/** Memory in a snapshot: addresses that the instance's model has are not written a second time. */
export type SlimMemory = Omit<InstanceMemory, "addresses"> & {
  readonly addresses: readonly (Omit<AddressRecord, "model"> & { readonly model?: VirtualAddressModel })[];
};

/** A thousand addresses are written as text between two advertisements. */
function slimMemory({ addresses, ...rest }: InstanceMemory): SlimMemory {
  const slim = addresses.map(({ model, ...record }) => (record.retired ? { ...record, model } : record));
  return { ...rest, addresses: slim };
}

/** The whole memory again; the snapshot stays as it is. */
export function fullMemory(slim: SlimMemory, model: VrrpInstanceModel): InstanceMemory {
  const { addresses, ...rest } = copyPlain(slim);
  const models = new Map(
    [...model.virtualAddresses, ...model.excludedAddresses].map((one) => [addressKey(one), one]),
  );
  const full = addresses.flatMap((record): AddressRecord[] => {
    const known = record.model ?? models.get(record.key);
    return known === undefined ? [] : [{ ...record, model: known }];
  });
  return { ...rest, addresses: full };
}

function holdingsSnapshot(memory: HolderMemory): HoldingsSnapshot {
  return { addresses: memory.addresses.map(addressSnapshot), routing: memory.routing.map(routingSnapshot) };
}

function routingSnapshot({ key, state, error }: RoutingRecord): RoutingSnapshot {
  return { item: key, state, error };
}

function verificationSnapshot(memory: VerificationMemory): VerificationSnapshot {
  const open = new Set(memory.questions.map((question) => `${question.neighbour} ${question.interface}`));
  const neighbours = memory.neighbours.map((watched): NeighbourSnapshot => {
    const { address, interface: name, mac, why, results, slowest } = watched;
    const unproved = unprovedBy(watched).length;
    const outcome = open.has(`${address} ${name}`) ? "pending" : outcomeOf(watched);
    const proved = Object.keys(results).length - unproved;
    return { address, interface: name, mac, why, outcome, took: slowest, proved, unproved };
  });
  const count = (...wanted: readonly NeighbourSnapshot["outcome"][]): number =>
    neighbours.filter(({ outcome }) => wanted.includes(outcome)).length;
  return {
    startedAt: memory.startedAt,
    finishedAt: memory.finishedAt,
    proved: count("learned", "asked", "answered"),
    unproved: count("unproved"),
    pending: count("pending"),
    hadToBeAsked: memory.neighbours.filter(({ hadToBeAsked }) => hadToBeAsked).length,
    slowest: Math.max(0, ...neighbours.map(({ took }) => took)),
    asksSent: memory.asksSent,
    neighbours,
  };
}

function addressSnapshot(record: AddressRecord): AddressSnapshot {
  const { address, prefixLength, interface: name } = record.model;
  const { excluded, state, error } = record;
  return { address, prefixLength, interface: name, excluded, state, error };
}

/** The shortest Master_Down_Interval among the masters: how long their peers wait for a sign of life. */
export function shortestMasterDown(snapshot: VrrpSnapshot): Micros | undefined {
  let shortest: Micros | undefined;
  for (const { state, masterDownInterval } of snapshot.instances) {
    if (state === "MASTER" && (shortest === undefined || masterDownInterval < shortest))
      shortest = masterDownInterval;
  }
  return shortest;
}
