/** The engine's whole state as a plain value: what `status` shows, and what `restore` goes on from. */
import type { IpAddress, IpFamily } from "../base/ip.ts";
import type { Instant, Micros } from "../base/time.ts";
import type { VrrpModel } from "../model/model.ts";
import type { Cause } from "./cause.ts";
import type { DropReason, VrrpState } from "./event.ts";
import type { InterfaceAddress, LinkState } from "./input.ts";

export interface VrrpSnapshot {
  readonly at: Instant;
  readonly model: VrrpModel;
  readonly links: readonly LinkState[];
  readonly addresses: readonly InterfaceAddress[];
  readonly scripts: readonly ScriptSnapshot[];
  readonly instances: readonly InstanceSnapshot[];
  readonly nextActionId: number;
  readonly stopping: boolean;
}

export interface ScriptSnapshot {
  readonly name: string;
  /** rise/fall counter, 0..rise+fall-1; undefined before the first result. */
  readonly counter: number;
  readonly known: boolean;
  readonly ok: boolean;
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
  /** MASTER, but not every address could be added. */
  readonly degraded: boolean;
  readonly statistics: InstanceStatistics;
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
  readonly dropped: Readonly<Partial<Record<DropReason, number>>>;
}
