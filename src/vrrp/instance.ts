/** One instance as the engine holds it: its model, its memory, and what is derived from both to save work. */

import { present } from "../base/assert.ts";
import { concatBytes } from "../base/bytes.ts";
import type { IpAddress } from "../base/ip.ts";
import { ipToBytes } from "../base/ip.ts";
import type { MacAddress } from "../base/mac.ts";
import { addressKey } from "../base/routing.ts";
import type { Instant } from "../base/time.ts";
import type { RoutingModel, SyncGroupModel, VirtualAddressModel, VrrpInstanceModel } from "../model/model.ts";
import type { SendAdvertisement } from "./action.ts";
import { authenticationData } from "./auth-fields.ts";
import type {
  AddressRecord,
  GroupMemory,
  HeldRecord,
  HolderMemory,
  InstanceMemory,
  Phase,
  RoutingRecord,
  StaticsMemory,
  Statistics,
} from "./memory.ts";
import type { Obeyed } from "./obeyed.ts";
import { masterDownInterval } from "./timers.ts";
import { effectivePriority } from "./tracking.ts";

/** Whoever holds things in the kernel: an instance while it is master, or the static entries for as long as we run. */
export interface Holder {
  /** Whose name its events carry. */
  readonly model: { readonly name: string };
  readonly memory: HolderMemory & { readonly phase: { readonly kind: string } };
  /** The records of what it holds, by key. */
  readonly records: Map<string, HeldRecord>;
}

/** Whether a holder is an instance; the other is the one of static entries. */
export function isInstance(holder: Holder): holder is Instance {
  return "slot" in holder;
}

export interface StaticHolder extends Holder {
  readonly memory: StaticsMemory;
}

export interface Instance extends Holder {
  /** Number in the engine's deadline heap. */
  slot: number;
  model: VrrpInstanceModel;
  readonly memory: InstanceMemory;
  /** The configuration no longer has it: only what it held is left to remove. */
  retired: boolean;
  /** The sync group whose state it shares. */
  group: SyncGroup | undefined;
  /** Advertised addresses, as text and as they stand in a message. */
  addressList: readonly IpAddress[];
  addressBytes: Uint8Array;
  authData: Uint8Array;
  /** The advertisements, one for each destination, as they are sent again and again; made anew after a change. */
  adverts: readonly SendAdvertisement[] | undefined;
  /** The advertisement that was obeyed last, if its next like can be dealt with in short. */
  obeyed: Obeyed | undefined;
  /** Encoded announcements by address key, each for the MAC it was made for. */
  readonly frames: Map<string, { readonly mac: MacAddress; readonly frame: Uint8Array }>;
}

/** A sync group as the engine holds it: its members in the model's order. */
export interface SyncGroup {
  readonly model: SyncGroupModel;
  readonly memory: GroupMemory;
  readonly members: readonly Instance[];
  /** A reload has brought together members of different states, and they have not agreed yet. */
  joining: boolean;
}

export function makeInstance(model: VrrpInstanceModel, memory: InstanceMemory, retired = false): Instance {
  return {
    slot: 0,
    model,
    memory,
    records: recordsOf(memory),
    retired,
    group: undefined,
    ...derive(model),
    adverts: undefined,
    obeyed: undefined,
    frames: new Map(),
  };
}

/** The name of the static entries among those of instances, in events. */
export const STATICS = "static entries";

export function makeStaticHolder(memory: StaticsMemory): StaticHolder {
  return { model: { name: STATICS }, memory, records: recordsOf(memory) };
}

function recordsOf(memory: HolderMemory): Map<string, HeldRecord> {
  return new Map([...memory.addresses, ...memory.routing].map((record) => [record.key, record]));
}

/** Gives a running instance its new model; its memory stays. */
export function adoptModel(instance: Instance, model: VrrpInstanceModel): void {
  Object.assign(instance, { model, ...derive(model), adverts: undefined });
}

function derive(model: VrrpInstanceModel): Pick<Instance, "addressList" | "addressBytes" | "authData"> {
  const addressList = model.virtualAddresses.map(({ address }) => address);
  return {
    addressList,
    addressBytes: concatBytes(...addressList.map((address) => present(ipToBytes(address), address))),
    authData: authenticationData(model.authentication),
  };
}

/** An instance that has not begun; `held` tells which addresses an earlier life left in the kernel. */
export function freshMemory(
  model: VrrpInstanceModel,
  held: (address: VirtualAddressModel) => boolean,
): InstanceMemory {
  const records = [
    ...model.virtualAddresses.map((address) => freshRecord(address, false)),
    ...model.excludedAddresses.map((address) => freshRecord(address, true)),
  ];
  for (const record of records) if (held(record.model)) record.state = "present";
  return {
    phase: { kind: "INIT" },
    effectivePriority: effectivePriority(model.priority, 0),
    masterInterval: model.advertisementInterval,
    masterAddress: undefined,
    masterPriority: undefined,
    lastHeard: undefined,
    lastTransition: undefined,
    epoch: 0,
    cause: [],
    faults: [],
    waiting: false,
    hold: undefined,
    lastHold: undefined,
    sourceAddress: undefined,
    addresses: records,
    // Whether an earlier life left them is not known: they are removed to be sure.
    routing: model.routing.map((one) => ({ ...freshRouting(one), state: "present" })),
    heldAt: undefined,
    dropping: undefined,
    statistics: freshStatistics(),
    droppedSince: {},
    reported: [],
    suppressed: {},
    lastMailed: undefined,
    order: undefined,
    frozen: false,
    verification: undefined,
    oldChecksum: false,
    ahSequence: 0,
    ahOwn: false,
    ipIdentification: 0,
    authSent: undefined,
    authSenders: [],
    rivalOwner: undefined,
    demoted: false,
  };
}

/** Counters that begin. */
export function freshStatistics(): Statistics {
  return {
    advertisementsReceived: 0,
    advertisementsSent: 0,
    becameMaster: 0,
    releasedMaster: 0,
    priorityZeroReceived: 0,
    priorityZeroSent: 0,
    announcementsSent: 0,
    addressListErrors: 0,
    signedReceived: 0,
    unsignedReceived: 0,
    dropped: {},
  };
}

export function freshRecord(model: VirtualAddressModel, excluded: boolean): AddressRecord {
  const key = addressKey(model);
  const untold = { conflictReported: undefined, verifyNext: false };
  return { kind: "address", model, excluded, ...untouched(key), ...untold };
}

export function freshRouting(model: RoutingModel): RoutingRecord {
  return { kind: "routing", model, ...untouched(model.key) };
}

function untouched(key: string): Omit<RoutingRecord, "kind" | "model"> {
  return {
    key,
    retired: false,
    state: "absent",
    actionId: 0,
    actionEpoch: 0,
    retryAt: undefined,
    attempts: 0,
    error: undefined,
    deletions: [],
  };
}

/** Master_Down_Interval as of now. */
export function masterDownOf(instance: Instance): number {
  const { model, memory } = instance;
  const { effectivePriority, masterInterval } = memory;
  return masterDownInterval(model.version, effectivePriority, masterInterval, model.downTimerAdverts);
}

/** The earliest instant at which this instance has something to do. */
export function deadlineOf(instance: Instance): Instant | undefined {
  const { phase, heldAt, dropping, hold, verification } = instance.memory;
  const kernel = earlier(heldAt, dropping?.retryAt);
  let earliest = earlier(earlier(phaseDeadline(phase), kernel), verification?.dueAt);
  if (phase.kind === "FAULT" && hold !== undefined) earliest = earlier(earliest, hold.until);
  return earliest;
}

export function earlier(a: Instant | undefined, b: Instant | undefined): Instant | undefined {
  if (a === undefined) return b;
  return b === undefined || a <= b ? a : b;
}

function phaseDeadline(phase: Phase): Instant | undefined {
  switch (phase.kind) {
    case "BACKUP":
      return phase.masterDownAt;
    case "MASTER":
      if (phase.handover !== undefined) return phase.handover.giveUpAt;
      if (phase.listening) return phase.advertAt;
      return earlier(
        earlier(earlier(phase.advertAt, phase.secondBurstAt), earlier(phase.extraAt, phase.reclaimAt)),
        earlier(phase.refreshAt, phase.lowerPriorityBurstAt),
      );
    default:
      return undefined;
  }
}
