/** What a simulated world is made of: plain values, drawn from a seed or written by a test. */
import type { IpAddress } from "../src/base/ip.ts";
import type { MacAddress } from "../src/base/mac.ts";
import type { Micros } from "../src/base/time.ts";
import type { AuthHmacModel } from "../src/model/advertising.ts";
import type {
  TrackScriptModel,
  VirtualAddressModel,
  VrrpInstanceModel,
  VrrpModel,
} from "../src/model/model.ts";
import type { Measurement } from "../src/vrrp/input.ts";
import type { LinkQuality } from "./network.ts";
import type { Wish } from "./standing-orders.ts";

/** The interface on the simulated LAN. */
export const LAN_INTERFACE = "eth0";
/** An interface that is only tracked. */
export const TRACKED_INTERFACE = "eth1";

/** Name of every router's sync group, where the world has them. */
export const GROUP = "G1";
/** One that reloads make. */
export const SECOND_GROUP = "G2";

export interface RouterSpec {
  readonly name: string;
  readonly mac: MacAddress;
  readonly ipv4: IpAddress;
  /** Link-local. */
  readonly ipv6: IpAddress;
  readonly model: VrrpModel;
  /** Run while an instance follows them. */
  readonly scripts: readonly ScriptSpec[];
  /** sysctl promote_secondaries. */
  readonly promotesSecondaries: boolean;
  /** When the machine is switched on. */
  readonly startsAt: Micros;
  /** How long a process takes from its start to its first input. */
  readonly bootTime: Micros;
}

export type ScriptSpec = Pick<TrackScriptModel, "name" | "interval" | "rise" | "fall" | "initFail">;

/** How punctual a machine's loop is. */
export interface LoopMood {
  /** From a readable socket to the callback. */
  readonly latencyMax: Micros;
  /** From a deadline to the timer's callback. */
  readonly latenessMax: Micros;
}

/** The instances that share the state of this one: itself, and the other members of its sync group. */
export function companyOf(model: VrrpModel, name: string): readonly VrrpInstanceModel[] {
  const { instances, syncGroups } = model;
  const group = syncGroups.find(({ members }) => members.includes(name));
  return instances.filter((instance) => instance.name === name || group?.members.includes(instance.name));
}

/** One virtual router: the instances of all routers that share VRID and family. */
export interface VirtualRouterSpec {
  /** What its instances are called, unless a reload has renamed one. */
  readonly name: string;
  /** Of its instances. */
  readonly key: string;
  /** Instance by router name; not every router need take part. */
  readonly members: ReadonlyMap<string, VrrpInstanceModel>;
  /** The longest interval that any member ever had: a version 3 backup may still count with it. */
  readonly longestInterval: Micros;
}

/** Something that goes wrong at `at`; `for` is how long it lasts. */
export type Fault = { readonly at: Micros } & FaultDetail;

export type FaultDetail =
  | { readonly kind: "network"; readonly for: Micros; readonly quality: LinkQuality }
  | {
      readonly kind: "link-quality";
      readonly for: Micros;
      readonly from: string;
      readonly to: string;
      readonly quality: LinkQuality;
    }
  | { readonly kind: "partition"; readonly for: Micros; readonly components: ReadonlyMap<string, number> }
  | { readonly kind: "one-way"; readonly for: Micros; readonly from: string; readonly to: string }
  /** The machine loses power; it boots again after `for`, if that is given. */
  | { readonly kind: "power"; readonly router: string; readonly for: Micros | undefined }
  /** The vrrp process dies and the supervisor starts it again: with its last snapshot, or without. */
  | { readonly kind: "kill"; readonly router: string; readonly warm: boolean; readonly fresh: boolean }
  /** Graceful stop of the daemon; started again after `for`, if that is given. */
  | { readonly kind: "stop"; readonly router: string; readonly for: Micros | undefined }
  /** `process`: packets wait in the socket. `machine`: they are lost. */
  | {
      readonly kind: "pause";
      readonly router: string;
      readonly for: Micros;
      readonly what: "process" | "machine";
    }
  | { readonly kind: "late"; readonly router: string; readonly for: Micros; readonly mood: LoopMood }
  | {
      readonly kind: "kernel";
      readonly router: string;
      readonly for: Micros;
      readonly latencyMax: Micros;
      readonly addErrno: string | undefined;
      readonly removeErrno: string | undefined;
      readonly onlyFirst: boolean;
    }
  | { readonly kind: "carrier"; readonly router: string; readonly interface: string; readonly for: Micros }
  | { readonly kind: "script"; readonly router: string; readonly for: Micros }
  /** Someone deletes a virtual address of whoever is master. */
  | { readonly kind: "delete-address"; readonly router: string }
  /** The configuration is loaded again: changed, or the same. */
  | { readonly kind: "reload"; readonly router: string; readonly change: ModelChange | undefined }
  /** Somebody sets the machine's wall clock. */
  | { readonly kind: "clock"; readonly router: string; readonly by: Micros }
  /** Another number in the tracked file, or of tracked processes; things are as before after `for`, if that is given. */
  | {
      readonly kind: "measure";
      readonly router: string;
      readonly tracker: Measurement["tracker"];
      readonly value: number;
      readonly for: Micros | undefined;
    }
  /** An operator orders something, and takes back all orders after `for`. */
  | {
      readonly kind: "order";
      readonly router: string;
      readonly wish: Wish;
      readonly for: Micros;
    }
  /** The BFD session fails. */
  | { readonly kind: "bfd"; readonly router: string; readonly for: Micros }
  /** The engine is replaced by one restored from its snapshot, and compared with the original from then on. */
  | { readonly kind: "twin"; readonly router: string };

/** What an editor does to one router's configuration. */
export type ModelChange =
  /** Of all instances of a sync group alike: members that disagree about who is better would take turns for ever. */
  | { readonly what: "priority"; readonly to: number }
  | { readonly what: "preempt" }
  | { readonly what: "interval"; readonly to: Micros }
  | { readonly what: "address"; readonly instance: string; readonly address: VirtualAddressModel }
  | { readonly what: "excluded"; readonly instance: string; readonly address: VirtualAddressModel }
  | { readonly what: "tracker"; readonly kind: TrackerKind; readonly weight: number }
  /** Keys and mode of whoever signs. */
  | { readonly what: "signing"; readonly to: AuthHmacModel }
  /** A peer goes, or comes back. */
  | { readonly what: "peer"; readonly address: IpAddress }
  /** The instance with this key is called otherwise; or two have changed their names. */
  | { readonly what: "rename"; readonly key: string }
  | { readonly what: "swap" }
  /** Sync groups by name, with the keys of their members. */
  | { readonly what: "groups"; readonly to: readonly (readonly [string, readonly string[]])[] }
  /** The second instance goes, or comes back as it was. */
  | { readonly what: "instance"; readonly instance: VrrpInstanceModel };

export type TrackerKind = "script" | "interface" | "file" | "process" | "bfd";

/** A question put to the healthy world, with an answer due within a bound. */
export type Probe =
  | "power-off-master"
  | "stop-master"
  | "kill-master-warm"
  | "kill-master-cold"
  | "carrier-master"
  | "script-master"
  | "boot-best"
  | "partition"
  | "corrupt"
  | "slow-kernel"
  | "pause-master"
  | "failing-kernel"
  | "kill-backup-warm"
  | "reload-master"
  | "reload-backup"
  | "measure-master"
  | "failover"
  | "maintenance"
  | "order-for-a-while"
  | "regroup"
  | "freeze";

export interface Scenario {
  readonly seed: number;
  readonly routers: readonly RouterSpec[];
  readonly virtualRouters: readonly VirtualRouterSpec[];
  /** The longest advertisement interval: the world's unit of time. */
  readonly unit: Micros;
  readonly calm: LinkQuality;
  readonly calmLoop: LoopMood;
  readonly faults: readonly Fault[];
  /** From then on nothing new goes wrong but by a probe. */
  readonly quietFrom: Micros;
  /** A partition that outlives the troubles. */
  readonly lastingPartition: ReadonlyMap<string, number>;
  readonly probes: readonly Probe[];
  /** The host that is usually deaf to announcements hears them. */
  readonly deafHears: boolean;
}
