/** Reloads that change something: what may change, and the model that comes of it. */
import { present } from "../src/base/assert.ts";
import type { IpAddress } from "../src/base/ip.ts";
import type { Prng } from "../src/base/prng.ts";
import type { Micros } from "../src/base/time.ts";
import type {
  SyncGroupModel,
  TrackedModel,
  VirtualAddressModel,
  VrrpInstanceModel,
  VrrpModel,
} from "../src/model/model.ts";
import { drawResigning } from "./delivery.ts";
import { TRACKED_BFD, TRACKED_FILE, TRACKED_PROCESS, TRACKED_SCRIPT } from "./senses.ts";
import type { ModelChange, ScriptSpec, TrackerKind } from "./spec.ts";
import { GROUP, SECOND_GROUP, TRACKED_INTERFACE } from "./spec.ts";

/** The model after the change. One that does not fit changes nothing. */
export function changeModel(model: VrrpModel, change: ModelChange, script: ScriptSpec): VrrpModel {
  switch (change.what) {
    case "priority":
      return mapInstances(model, (one) => (one.priority === 255 ? one : { ...one, priority: change.to }));
    case "preempt":
      return mapInstances(model, (one) => (one.priority === 255 ? one : { ...one, preempt: !one.preempt }));
    case "interval":
      return mapInstances(model, (one) =>
        one.version === 3 ? { ...one, advertisementInterval: change.to } : one,
      );
    case "address":
      return mapInstance(model, change.instance, (one) => {
        const virtualAddresses = toggle(one.virtualAddresses, change.address);
        return virtualAddresses.length === 0 ? one : { ...one, virtualAddresses };
      });
    case "excluded":
      return mapInstance(model, change.instance, (one) => ({
        ...one,
        excludedAddresses: toggle(one.excludedAddresses, change.address),
      }));
    case "tracker":
      return toggleTracker(model, change.kind, change.weight, script);
    case "instance":
      return toggleInstance(model, change.instance);
    case "signing":
      return mapInstances(model, (one) =>
        one.authHmac === undefined ? one : { ...one, authHmac: change.to },
      );
    case "peer":
      return mapInstances(model, (one) => togglePeer(one, change.address));
    case "rename":
      return renameInstances(model, new Map([[change.key, otherName(model, change.key)]]));
    case "swap": {
      const [first, second] = model.instances;
      if (first === undefined || second === undefined) return model;
      return renameInstances(
        model,
        new Map([
          [first.key, second.name],
          [second.key, first.name],
        ]),
      );
    }
    case "groups":
      return regroup(model, change.to);
  }
}

/** A change that fits this model. */
export function drawChange(model: VrrpModel, unit: Micros, random: Prng): ModelChange {
  if (model.instances.length === 0) return { what: "preempt" };
  const instance = random.pick(model.instances);
  const { name, version, virtualAddresses, excludedAddresses } = instance;
  const second = model.syncGroups.length === 0 ? model.instances[1] : undefined;
  if (second !== undefined && random.chance(0.4)) return { what: "instance", instance: second };
  switch (random.pick(KINDS)) {
    case "priority":
      return { what: "priority", to: random.integer(1, 254) };
    case "preempt":
      return { what: "preempt" };
    case "interval":
      if (version === 3) return { what: "interval", to: random.pick([unit, halved(unit)]) };
      return { what: "preempt" };
    case "address":
      return { what: "address", instance: name, address: drawAddress(instance, virtualAddresses, 0, random) };
    case "excluded":
      return {
        what: "excluded",
        instance: name,
        address: drawAddress(instance, excludedAddresses, 4, random),
      };
    case "tracker":
      return drawTracker(random);
    case "rename":
      return random.chance(0.3) ? { what: "swap" } : { what: "rename", key: instance.key };
    case "delivery":
      return drawOtherDelivery(instance, random);
  }
}

const KINDS = [
  "priority",
  "preempt",
  "interval",
  "address",
  "excluded",
  "tracker",
  "rename",
  "delivery",
] as const;

/** Whom it tells, and how it says that it is itself. Routers with an Authentication Header must hear each other. */
function drawOtherDelivery(
  { authHmac, unicast, authentication }: VrrpInstanceModel,
  random: Prng,
): ModelChange {
  if (authHmac !== undefined && (unicast === undefined || random.chance(0.6)))
    return { what: "signing", to: drawResigning(authHmac, random) };
  const peer = unicast !== undefined && unicast.peers.length > 0 ? random.pick(unicast.peers) : undefined;
  if (peer?.address === undefined || authentication.kind === "ah") return { what: "preempt" };
  return { what: "peer", address: peer.address };
}

/** Groups of the same instances: the one that the world began with, others of these members, or none. */
export function drawGroups(model: VrrpModel, random: Prng): ModelChange {
  const keys = model.instances.map(({ key }) => key);
  const [first, ...others] = keys;
  const alone = first === undefined ? [] : [first];
  const to = random.pick([
    [[GROUP, keys]],
    [[SECOND_GROUP, keys]],
    [],
    [[GROUP, alone]],
    [
      [GROUP, alone],
      [SECOND_GROUP, others],
    ],
  ] as const);
  return { what: "groups", to };
}

function drawTracker(random: Prng): ModelChange {
  const kind = random.pick(["script", "interface", "file", "process", "bfd"] as const);
  const weight = kind === "file" ? random.pick([0, -1, -20, 2]) : random.pick([0, -60, 40]);
  return { what: "tracker", kind, weight };
}

function regroup(model: VrrpModel, groups: readonly (readonly [string, readonly string[]])[]): VrrpModel {
  const syncGroups: SyncGroupModel[] = [];
  for (const [name, keys] of groups) {
    const members = model.instances.filter(({ key }) => keys.includes(key));
    if (members.length !== keys.length) return model;
    syncGroups.push(groupOf(name, members));
  }
  return { ...model, syncGroups };
}

/** A group that is told of as its first member is. */
export function groupOf(name: string, members: readonly VrrpInstanceModel[]): SyncGroupModel {
  const { notify, smtpAlert } = present(members[0], "a member");
  return { name, members: members.map((one) => one.name), notify, smtpAlert, notifyPriorityChanges: false };
}

/** In whole hundredths of a second. */
function halved(unit: Micros): Micros {
  return Math.ceil(unit / 20_000) * 10_000;
}

/** One that is there, or a new one beside the first: `offset` keeps those of different kinds apart. */
function drawAddress(
  { virtualAddresses, virtualRouterId, family }: VrrpInstanceModel,
  known: readonly VirtualAddressModel[],
  offset: number,
  random: Prng,
): VirtualAddressModel {
  if (known.length > 0 && random.chance(0.4)) return random.pick(known);
  const first = present(virtualAddresses[0], "an address");
  const host = (virtualRouterId === 51 ? 131 : 171) + offset + random.integer(0, 3);
  const separator = family === "ipv4" ? "." : ":";
  const network = first.address.slice(0, first.address.lastIndexOf(separator));
  return { ...first, address: `${network}${separator}${host}` };
}

function toggle(list: readonly VirtualAddressModel[], address: VirtualAddressModel): VirtualAddressModel[] {
  const others = list.filter((one) => one.address !== address.address);
  return others.length < list.length ? others : [...list, address];
}

/** Never alone with itself in the list: that is no peer at all. */
function togglePeer(one: VrrpInstanceModel, address: IpAddress): VrrpInstanceModel {
  const { unicast, sourceAddress } = one;
  if (unicast === undefined || one.authentication.kind === "ah") return one;
  const others = unicast.peers.filter((peer) => peer.address !== address);
  const added = { host: address, address, minTtl: undefined, maxTtl: undefined };
  const peers = others.length < unicast.peers.length ? others : [...others, added];
  const isAlone = peers.length < 2 && (sourceAddress === undefined || peers[0]?.address === sourceAddress);
  return { ...one, unicast: { ...unicast, peers: isAlone ? [] : peers } };
}

function otherName(model: VrrpModel, key: string): string {
  const name = model.instances.find((one) => one.key === key)?.name ?? "";
  return name.endsWith("b") ? name.slice(0, -1) : `${name}b`;
}

/** By key; groups name their members as these are called. */
function renameInstances(model: VrrpModel, names: ReadonlyMap<string, string>): VrrpModel {
  const renamed = new Map(model.instances.map((one) => [one.name, names.get(one.key) ?? one.name]));
  // Two may not be called alike.
  if (new Set(renamed.values()).size < renamed.size) return model;
  const instances = model.instances.map((one) => ({ ...one, name: renamed.get(one.name) ?? one.name }));
  const syncGroups = model.syncGroups.map((group) => ({
    ...group,
    members: group.members.map((member) => renamed.get(member) ?? member),
  }));
  return { ...model, instances, syncGroups };
}

function toggleInstance(model: VrrpModel, instance: VrrpInstanceModel): VrrpModel {
  const others = model.instances.filter(({ key }) => key !== instance.key);
  return { ...model, instances: others.length < model.instances.length ? others : [...others, instance] };
}

/** The tracker of this kind goes where it is followed, else every instance follows it from now on. */
function toggleTracker(model: VrrpModel, kind: TrackerKind, weight: number, script: ScriptSpec): VrrpModel {
  const field = TRACKER_FIELDS[kind];
  const isTracked = model.instances.some((one) => one[field].length > 0);
  const tracked: TrackedModel = { name: TRACKER_NAMES[kind], weight, reverse: false };
  // What means FAULT is followed by the first member of a sync group alone.
  const follows = (index: number): boolean =>
    !isTracked && (weight !== 0 || index === 0 || model.syncGroups.length === 0);
  const instances = model.instances.map((one, index) => ({
    ...one,
    [field]: follows(index) ? [tracked] : [],
  }));
  return { ...model, instances, ...trackersOf(instances, script) };
}

/** The parts of a model that list what its instances follow. */
export function trackersOf(
  instances: readonly VrrpInstanceModel[],
  { name, rise, fall, initFail }: ScriptSpec,
): Pick<VrrpModel, "trackScripts" | "trackFiles" | "trackProcesses"> {
  const follows = (kind: TrackerKind): boolean =>
    instances.some((one) => one[TRACKER_FIELDS[kind]].length > 0);
  return {
    trackScripts: follows("script") ? [{ name, rise, fall, initFail }] : [],
    trackFiles: follows("file") ? [TRACKED_FILE] : [],
    trackProcesses: follows("process") ? [{ name: TRACKED_PROCESS, quorum: 1, quorumMax: 3 }] : [],
  };
}

const TRACKER_FIELDS = {
  script: "trackScripts",
  interface: "trackInterfaces",
  file: "trackFiles",
  process: "trackProcesses",
  bfd: "trackBfds",
} as const satisfies Record<TrackerKind, keyof VrrpInstanceModel>;

const TRACKER_NAMES: Readonly<Record<TrackerKind, string>> = {
  script: TRACKED_SCRIPT,
  interface: TRACKED_INTERFACE,
  file: TRACKED_FILE,
  process: TRACKED_PROCESS,
  bfd: TRACKED_BFD,
};

function mapInstances(model: VrrpModel, change: (one: VrrpInstanceModel) => VrrpInstanceModel): VrrpModel {
  return { ...model, instances: model.instances.map(change) };
}

function mapInstance(
  model: VrrpModel,
  name: string,
  change: (one: VrrpInstanceModel) => VrrpInstanceModel,
): VrrpModel {
  return mapInstances(model, (one) => (one.name === name ? change(one) : one));
}
