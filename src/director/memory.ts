/**
 * What the director's engine remembers: plain values. A change replaces a memory rather than writing into it, so that a
 * snapshot of tens of thousands of servers is a list of references.
 */
import type { IpAddress } from "../base/ip.ts";
import type { Instant } from "../base/time.ts";
import type { DirectorModel, SyncDaemonModel } from "../model/director-models.ts";
import type { DirectorCause } from "./cause.ts";
import type { PoolOrder } from "./pool-order.ts";
import type { TableChange, TableService } from "./table.ts";

/** A check that is run for one or more servers. */
export interface CheckMemory {
  /** For people, and the handle of its runs: `HTTP_GET / of [10.0.0.2]:tcp:80`. */
  readonly id: string;
  /** Number of the run under way, or of the last one. */
  readonly run: number;
  /** Of the run under way. */
  readonly startedAt: Instant | undefined;
  /** The next run begins, or the one under way is overdue; undefined while no service wants it run. */
  readonly dueAt: Instant | undefined;
  /** Undefined before the first run has ended. */
  readonly ok: boolean | undefined;
  /** In a row. */
  readonly failures: number;
  /** What it does to the weight, since the last success. */
  readonly contribution: Contribution;
  readonly last: CheckOutcome | undefined;
  /** Since when this host cannot ask, and why; undefined where the last run was one. */
  readonly blocked: BlockedMemory | undefined;
}

export interface BlockedMemory {
  readonly since: Instant;
  readonly reason: string;
}

/** `sets` stands in the place of the configured weight, `adds` is added. */
export interface Contribution {
  readonly sets: number | undefined;
  readonly adds: number;
}

export const NO_CONTRIBUTION: Contribution = { sets: undefined, adds: 0 };

export interface CheckOutcome {
  readonly at: Instant;
  readonly ok: boolean;
  readonly detail: string;
  readonly excerpt: string | undefined;
}

/** What a server makes of one of its checks. */
export interface VerdictMemory {
  readonly ok: boolean;
  /** The check has spoken; until then `ok` is assumed. */
  readonly known: boolean;
  readonly contribution: Contribution;
}

export interface ServerMemory {
  /** One for each check of the model. */
  readonly verdicts: readonly VerdictMemory[];
  readonly up: boolean;
  /** Scripts and mails have told of `up`: that of a start is told only where something says so. */
  readonly told: boolean;
  /** With contributions and orders. */
  readonly weight: number;
  /** Connections left on a server that is being drained; undefined until they were counted. */
  readonly connections: number | undefined;
  readonly drained: boolean;
  readonly changedAt: Instant | undefined;
  readonly cause: DirectorCause;
  /** Of the last change of its weight. */
  readonly weightCause: DirectorCause;
}

export interface ServiceMemory {
  readonly quorumUp: boolean;
  /** Sum of the weights of its live servers. */
  readonly weight: number;
  readonly suspended: boolean;
  readonly changedAt: Instant | undefined;
  readonly cause: DirectorCause;
}

/** A request about the kernel's table that has not been answered. */
export type TableRequest = { readonly since: Instant } & (
  | { readonly kind: "read" }
  | { readonly kind: "flush"; readonly id: number }
  | { readonly kind: "change"; readonly id: number; readonly changes: readonly TableChange[] }
);

export interface RefusalMemory {
  readonly endpoint: string;
  /** The destination's key, or nothing for the service itself. */
  readonly destination: string;
  readonly attempts: number;
  readonly retryAt: Instant;
}

export interface TableMemory {
  readonly request: TableRequest | undefined;
  readonly nextId: number;
  /** The table has been read, or could not be, once. */
  readonly loaded: boolean;
  readonly flushDue: boolean;
  readonly readAt: Instant | undefined;
  readonly readFailures: number;
  /** Endpoints whose services may have to change. */
  readonly pending: readonly string[];
  /** Endpoints of requests without an answer, until the table has been read. */
  readonly doubtful: readonly string[];
  readonly refusals: readonly RefusalMemory[];
  /** What the kernel has of ours, as far as we know. */
  readonly known: readonly TableService[];
}

export interface StopMemory {
  readonly by: string;
  readonly phase: "waiting" | "releasing" | "stopped";
  /** It waits no longer than this for the table. */
  readonly giveUpAt: Instant;
}

/** What the engine was told about the world. */
export interface SurroundingsMemory {
  readonly orders: readonly PoolOrder[];
  /** Addresses of services on this host. */
  readonly held: readonly IpAddress[];
  readonly files: readonly (readonly [file: string, value: number])[];
  readonly sessions: readonly (readonly [session: string, up: boolean])[];
  /** VRRP instances that are master. */
  readonly masters: readonly string[];
}

export interface EngineMemory {
  /** State of the generator behind the first runs and jitter. */
  readonly random: number;
  readonly syncDaemon: SyncMemory | undefined;
  readonly stop: StopMemory | undefined;
}

export interface SyncMemory {
  readonly daemon: SyncDaemonModel;
  readonly role: "master" | "backup" | "both";
}

/** The whole engine as a plain value: what `status` shows, and what `restore` goes on from. */
export interface DirectorSnapshot {
  readonly at: Instant;
  readonly model: DirectorModel | undefined;
  /** In the order of the model, as its servers. */
  readonly services: readonly { readonly memory: ServiceMemory; readonly servers: readonly ServerMemory[] }[];
  /** In the order in which those due at one instant run. */
  readonly checks: readonly { readonly key: string; readonly memory: CheckMemory }[];
  readonly table: TableMemory;
  readonly surroundings: SurroundingsMemory;
  readonly engine: EngineMemory;
}
