/**
 * What the engine remembers: plain values only (no undefined-bearing collections, no bytes, no maps), so that a snapshot
 * is a copy and a restored engine cannot differ from the original. Everything else an engine holds is derived from this.
 */
import type { IpAddress, IpFamily } from "../base/ip.ts";
import type { Instant, Micros } from "../base/time.ts";
import type { RoutingModel, VirtualAddressModel } from "../model/model.ts";
import type { AuthSequence } from "../wire/auth-hmac.ts";
import type { NotifyState } from "./action.ts";
import type { BfdVerdict, Cause, CauseFact } from "./cause.ts";
import type { DropReason, VrrpState } from "./event.ts";
import type { Handover, Order, OrderProgress } from "./order.ts";
import type { Acquaintance, VerificationMemory } from "./watch-memory.ts";

/** A state with the deadlines that exist in it and nowhere else. */
export type Phase =
  /** Waits for the first results of scripts, or for the startup delay. */
  | { readonly kind: "INIT" }
  | BackupPhase
  | MasterPhase
  | { readonly kind: "FAULT" }
  | { readonly kind: "STOP" };

export interface BackupPhase {
  readonly kind: "BACKUP";
  masterDownAt: Instant;
  /** A lower-priority master is obeyed until then (`preempt_delay`); set by its first advertisement. */
  preemptAt: Instant | undefined;
  /** The last lower-priority advertisement that was not obeyed, for the cause of what follows. */
  discarded: CauseFact | undefined;
  /** The last accepted advertisement was a resignation (priority 0). */
  resigned: CauseFact | undefined;
  /** Its timer has run out and its sync group waits for other members; until an advertisement is obeyed. */
  wanted: Cause | undefined;
}

export interface MasterPhase {
  readonly kind: "MASTER";
  advertAt: Instant;
  /** Second burst of announcements (`garp_master_delay`). */
  secondBurstAt: Instant | undefined;
  refreshAt: Instant | undefined;
  lowerPriorityBurstAt: Instant | undefined;
  /** The next announcement where no advertisements go (`garp_extra_if`). */
  extraAt: Instant | undefined;
  /** The deadline that made us master, until the first announcement is out. */
  announcementDue: Instant | undefined;
  /** Resigned by an operator's order and waiting for another router; nothing is advertised meanwhile. */
  handover: Handover | undefined;
  /** When a rival that has fallen silent counts as gone: then everything is announced and verified again. */
  reclaimAt: Instant | undefined;
  /** The last sign of that rival. */
  rival: string | undefined;
  /** Rivals lately come and gone, for growing waits... */
  bouts: number;
  /** ...and when the last one had gone. */
  reclaimedAt: Instant | undefined;
  /** It slept until somebody else may have taken over, and listens until `advertAt` before it speaks. */
  listening: boolean;
}

/** One reason for FAULT. The key stays the same as long as the reason does. */
export interface Fault {
  readonly key: string;
  readonly fact: CauseFact;
  /** It comes of a tracker, whose word does not count while the instance is frozen. */
  readonly tracker?: true;
}

/** FAULT for a while because addresses could not be held. */
export interface Hold {
  readonly until: Instant;
  readonly since: Instant;
  readonly attempt: number;
  readonly fact: CauseFact;
}

/** Something held in the kernel: what we know of it there, and the request under way. */
interface HeldMemory {
  readonly key: string;
  /** The configuration no longer has it: forgotten once removed. */
  retired: boolean;
  state: "absent" | "adding" | "present" | "removing" | "failed";
  /** Id and epoch of the request whose answer counts; 0 if none is under way. */
  actionId: number;
  actionEpoch: number;
  /** When to ask again: the answer is overdue, or it was a refusal. */
  retryAt: Instant | undefined;
  attempts: number;
  error: string | undefined;
  /** When others deleted it lately. */
  deletions: Instant[];
}

export interface AddressRecord extends HeldMemory {
  readonly kind: "address";
  model: VirtualAddressModel;
  excluded: boolean;
  conflictReported: Instant | undefined;
  /** Its next announcement is followed by questions. */
  verifyNext: boolean;
}

export interface RoutingRecord extends HeldMemory {
  readonly kind: "routing";
  model: RoutingModel;
}

export type HeldRecord = AddressRecord | RoutingRecord;

/** What one holder, an instance or the static entries, has in the kernel. */
export interface HolderMemory {
  epoch: number;
  addresses: AddressRecord[];
  /** Routes, then rules. */
  routing: RoutingRecord[];
  /** Earliest of the records' `retryAt`. */
  heldAt: Instant | undefined;
}

export interface StaticsMemory extends HolderMemory {
  /** As of an instance: what is static is held by a master without election. */
  phase: { readonly kind: "MASTER" | "STOP" };
}

/** What was asked for last about dropping packets to the addresses; see `accept-mode.ts`. */
export interface Dropping {
  /** Whether they are to be dropped, or to be accepted again. */
  readonly wanted: boolean;
  /** Keys of the addresses that were asked for. */
  readonly keys: readonly string[];
  /** Id and epoch of the request whose answer counts; 0 if none is under way. */
  actionId: number;
  readonly actionEpoch: number;
  retryAt: Instant | undefined;
  attempts: number;
  error: string | undefined;
}

export interface Statistics {
  advertisementsReceived: number;
  advertisementsSent: number;
  becameMaster: number;
  releasedMaster: number;
  priorityZeroReceived: number;
  priorityZeroSent: number;
  announcementsSent: number;
  addressListErrors: number;
  /** With `auth_hmac`: signed ones that were good, and unsigned ones that its mode let pass. */
  signedReceived: number;
  unsignedReceived: number;
  dropped: Partial<Record<DropReason, number>>;
}

/** The last good sequence number of a sender of signed advertisements. */
export interface AuthSender {
  readonly source: IpAddress;
  readonly isPeer: boolean;
  readonly sequence: AuthSequence;
}

export interface InstanceMemory extends HolderMemory {
  phase: Phase;
  effectivePriority: number;
  masterInterval: number;
  masterAddress: IpAddress | undefined;
  masterPriority: number | undefined;
  lastHeard: Instant | undefined;
  lastTransition: Instant | undefined;
  cause: Cause;
  faults: Fault[];
  /** A script that decides about FAULT has not run yet, or the startup delay is not over. */
  waiting: boolean;
  hold: Hold | undefined;
  /** The last hold, for its growing waits. */
  lastHold: { readonly at: Instant; readonly attempt: number } | undefined;
  sourceAddress: IpAddress | undefined;
  /** Undefined where nothing was ever dropped, or no longer is. */
  dropping: Dropping | undefined;
  statistics: Statistics;
  /** Drops since the last accepted advertisement. */
  droppedSince: Partial<Record<DropReason, number>>;
  /** Troubles told of since the master or our state changed... */
  reported: string[];
  /** ...and how often each came again in silence. */
  suppressed: Record<string, number>;
  lastMailed: NotifyState | undefined;
  /** The operator's order that counts for this instance, and how far it has come. */
  order: OrderProgress | undefined;
  /** Trackers and preemption change nothing (`buoy freeze`). */
  frozen: boolean;
  verification: VerificationMemory | undefined;
  /** A peer sums as keepalived did before 1.3.6. */
  oldChecksum: boolean;
  /** Last number of an Authentication Header, sent or received. */
  ahSequence: number;
  /** It is one that we have sent, and that nobody else has been heard with. */
  ahOwn: boolean;
  ipIdentification: number;
  /** Last sequence number that we signed... */
  authSent: AuthSequence | undefined;
  /** ...and of others, the latest first. */
  authSenders: AuthSender[];
  /** Another router says it owns the addresses, too. */
  rivalOwner: RivalOwner | undefined;
  /** We are the address owner and have given way to another one: priority 254 until we are master again. */
  demoted: boolean;
}

/** An owner with a lower address, which ought to give way. */
export interface RivalOwner {
  readonly source: IpAddress;
  /** When it has not given way by then, we do. */
  readonly giveUpAt: Instant;
  lastHeard: Instant;
}

/** One run of a track script. */
export interface ScriptResult {
  readonly at: Instant;
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  readonly timedOut: boolean;
}

/** A tracked script as judged by rise and fall. */
export interface ScriptMemory {
  counter: number;
  known: boolean;
  ok: boolean;
  last: ScriptResult | undefined;
}

/** A BFD session as it was last told of. */
export interface BfdMemory {
  readonly up: boolean;
  readonly why: BfdVerdict;
  readonly at: Instant;
}

/** The last number of a file, or the last count of a kind of process. */
export interface MeasuredMemory {
  readonly value: number;
  /** The number before it; 0 before the first. */
  readonly previous: number;
  readonly at: Instant;
}

/** One burst on its way: `rounds` times all `addresses`, round by round. */
export interface AnnouncementJob {
  /** Key of the instance. */
  readonly instance: string;
  /** Where all these addresses are. */
  readonly interface: string;
  /** Keys of address records. */
  readonly addresses: readonly string[];
  rounds: number;
  next: number;
}

/** The queue of one kind of announcement on one interface, or on the interfaces of one `garp_group`. */
export interface AnnouncementLane {
  /** The interface; of a group the first one. */
  readonly interface: string;
  readonly family: IpFamily;
  freeAt: Instant;
  jobs: AnnouncementJob[];
}

/** What the engine remembers of a sync group; a reload finds it by name. */
export interface GroupMemory {
  readonly name: string;
  /** The last state that all members had in common. */
  state: VrrpState;
  lastTransition: Instant | undefined;
  cause: Cause;
  lastMailed: NotifyState | undefined;
}

/** A link that went up or down and must stay so until `due` to count. */
export interface HeldLink {
  readonly name: string;
  readonly due: Instant;
  readonly up: boolean;
  readonly running: boolean;
}

export interface EngineMemory {
  /** A configuration has come: the next one is a reload. */
  configured: boolean;
  /** When the life ended that this one goes on from; until that is taken into account. */
  restoredFrom: Instant | undefined;
  nextActionId: number;
  /** What operators ordered and did not take back. */
  orders: Order[];
  /** Instances wait in INIT until then (`vrrp_startup_delay`, `vrrp_delay_after_boot`). */
  startupUntil: Instant | undefined;
  /** When the first configuration came. */
  startedAt: Instant | undefined;
  bootedAt: Instant | undefined;
  /** Changes of links that do not count yet (`interface_up_down_delays`). */
  heldLinks: HeldLink[];
  stop:
    | { readonly by: string; readonly release: boolean; readonly giveUpAt: Instant; done: boolean }
    | undefined;
  dropped: Partial<Record<DropReason, number>>;
  lanes: AnnouncementLane[];
  statics: StaticsMemory;
  groups: GroupMemory[];
  /** The latest last. */
  acquaintances: Acquaintance[];
  /** From the engine's clock to microseconds since 1970; undefined until told. */
  wallClockOffset: Micros | undefined;
}

export function freshEngineMemory(): EngineMemory {
  return {
    configured: false,
    restoredFrom: undefined,
    nextActionId: 1,
    orders: [],
    startupUntil: undefined,
    startedAt: undefined,
    bootedAt: undefined,
    heldLinks: [],
    stop: undefined,
    dropped: {},
    lanes: [],
    statics: { phase: { kind: "MASTER" }, epoch: 0, addresses: [], routing: [], heldAt: undefined },
    groups: [],
    acquaintances: [],
    wallClockOffset: undefined,
  };
}
