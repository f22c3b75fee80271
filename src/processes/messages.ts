/**
 * Everything the processes say to each other, one union for each direction. The supervisor is the middle of a star: what
 * steward and vrrp have to say to each other passes through it unopened, as text. Every message is checked on arrival.
 */
import type { Instant, Micros } from "../base/time.ts";
import type { BfdSnapshot } from "../bfd/memory.ts";
import type { DirectorSnapshot } from "../director/memory.ts";
import type { PoolOrder } from "../director/pool-order.ts";
import type { DaemonModel } from "../model/daemon-model.ts";
import type { DirectorSettings, LvsTimeouts } from "../model/director-models.ts";
import type { BfdModel, ProcessModel, TrackScriptModel, VrrpModel } from "../model/model.ts";
import type { JournalEvent } from "../observe/journal-entry.ts";
import type { PlaneStatus } from "../observe/pool-view.ts";
import type { ChildStatus, ScriptStatus } from "../observe/status-document.ts";
import type { LedgerEntry } from "../supervise/ledger.ts";
import type { ReloadOutcome } from "../supervise/reload.ts";
import type { ScriptRequest } from "../supervise/script-queue.ts";
import type { RunNotify } from "../vrrp/action.ts";
import type { HostAddress, Measurement } from "../vrrp/input.ts";
import type { Order } from "../vrrp/order.ts";
import type { VrrpSnapshot } from "../vrrp/snapshot.ts";

/** vrrp child to supervisor. */
export type FromVrrp =
  | { readonly kind: "Hello" }
  /** Alive; the shortest Master_Down_Interval among the instances it is master of, null for none. */
  | { readonly kind: "Beat"; readonly masterDown: Micros | null }
  /** `added` is told before the addresses are added, `removed` after they are gone. */
  | {
      readonly kind: "Ledger";
      readonly change: "added" | "removed";
      readonly entries: readonly LedgerEntry[];
    }
  /** {@link InterfaceHoldings} as JSON text, before what they are about is done. */
  | { readonly kind: "Holdings"; readonly text: string }
  /** Packets may be dropped by this nftables table from now on; a clean end removes it. */
  | { readonly kind: "FirewallTable"; readonly name: string }
  | { readonly kind: "Notify"; readonly request: RunNotify }
  | { readonly kind: "Mail"; readonly subject: string; readonly body: string }
  /** A line for the FIFOs, its end included. */
  | { readonly kind: "Fifo"; readonly line: string }
  /** For the checker child. */
  | { readonly kind: "Followed"; readonly followed: Followed }
  /** A journal event, for the steward. May be dropped under pressure. */
  | { readonly kind: "Event"; readonly at: Instant; readonly event: JournalEvent }
  /** A {@link VrrpChildSnapshot} as JSON text; only the newest one matters. */
  | { readonly kind: "Snapshot"; readonly text: string }
  /** After a warm start: the first advertisements as master have left. */
  | { readonly kind: "Resumed" }
  /** The engine runs with this generation of the configuration. */
  | { readonly kind: "Applied"; readonly generation: number }
  /** The system refused something that the daemon can live without. */
  | {
      readonly kind: "Degraded";
      readonly what: string;
      readonly consequence: string;
      readonly remedy: string;
    };

/** Supervisor to vrrp child. */
export type ToVrrp =
  /** Once, in answer to Hello. */
  | {
      readonly kind: "Start";
      readonly generation: number;
      /** A {@link VrrpSlice} as JSON text. */
      readonly slice: string;
      /** The last snapshot of the life before, for a warm start; null for a cold one. */
      readonly snapshot: string | null;
      /** Until when that life is known to have gone on. */
      readonly aliveUntil: Instant;
      /** The last {@link InterfaceHoldings} of lives before, null for none. */
      readonly holdings: string | null;
      readonly releaseOnStop: boolean;
      /** Files and processes as they were last measured. */
      readonly measured: readonly Measurement[];
    }
  | {
      readonly kind: "Configure";
      readonly generation: number;
      readonly slice: string;
      readonly measured: readonly Measurement[];
    }
  | { readonly kind: "Measured"; readonly measured: readonly Measurement[] }
  | {
      readonly kind: "ScriptFinished";
      readonly script: string;
      readonly ok: boolean;
      readonly exitCode: number | null;
      readonly signal: string | null;
      readonly timedOut: boolean;
      readonly duration: Micros;
    }
  | { readonly kind: "SnapshotWanted" }
  | { readonly kind: "ClearStatistics" }
  /** Write all states to the FIFOs. */
  | { readonly kind: "StatesWanted" }
  | { readonly kind: "Stop"; readonly by: string };

/** What the vrrp child gets of the model. */
export interface VrrpSlice {
  readonly model: VrrpModel;
  readonly bfd: readonly BfdModel[];
  readonly process: ProcessModel;
  /** What operators ordered beside the configuration. */
  readonly orders: readonly Order[];
  /** Addresses of unicast peers that are host names. */
  readonly hosts: readonly HostAddress[];
}

/** What the text of a `Snapshot` message holds. */
export interface VrrpChildSnapshot {
  readonly vrrp: VrrpSnapshot;
  readonly bfd: BfdSnapshot;
  /** Changes asked of the kernel so far by this process. */
  readonly kernelRequests: number;
}

/** checker child to supervisor. */
export type FromChecker =
  | { readonly kind: "Hello" }
  /** The answer to `Ping`. */
  | { readonly kind: "Pong" }
  | { readonly kind: "Notify"; readonly request: ScriptRequest }
  | { readonly kind: "Mail"; readonly subject: string; readonly body: string }
  /** A line for the FIFOs, its end included. */
  | { readonly kind: "Fifo"; readonly line: string }
  /** A journal event, for the steward. May be dropped under pressure. */
  | { readonly kind: "Event"; readonly at: Instant; readonly event: JournalEvent }
  /**
   * What the next life goes on from: a {@link CheckerSnapshot} as JSON text, without the model, which is that of this
   * generation. Only the newest one matters.
   */
  | { readonly kind: "Snapshot"; readonly generation: number; readonly text: string }
  /** The answer to `SnapshotWanted`: a whole {@link CheckerSnapshot} as JSON text, for the steward. */
  | { readonly kind: "Pool"; readonly text: string }
  /** The engine runs with this generation of the configuration. */
  | { readonly kind: "Applied"; readonly generation: number }
  /** The system refused something that the daemon can live without. */
  | {
      readonly kind: "Degraded";
      readonly what: string;
      readonly consequence: string;
      readonly remedy: string;
    }
  /** It does so no more. */
  | { readonly kind: "Mended"; readonly what: string };

/** Supervisor to checker child. */
export type ToChecker =
  /** Once, in answer to Hello. */
  | {
      readonly kind: "Start";
      readonly generation: number;
      /** A {@link CheckerSlice} as JSON text. */
      readonly slice: string;
      /** All services, as a change from none (see `supervise/service-texts`). */
      readonly services: string;
      /**
       * The last snapshot of the life before, so that states of servers survive; null for none. It was taken under this
       * generation: where there is a newer one, `Configure` follows.
       */
      readonly snapshot: string | null;
      /** False leaves the services in the kernel at the stop. */
      readonly release: boolean;
      readonly measured: readonly Measurement[];
      /** What is known of BFD sessions and VRRP instances. */
      readonly followed: readonly Followed[];
    }
  | {
      readonly kind: "Configure";
      readonly generation: number;
      readonly slice: string;
      /** The change of services since the message before. */
      readonly services: string;
      readonly measured: readonly Measurement[];
    }
  | { readonly kind: "Measured"; readonly measured: readonly Measurement[] }
  | { readonly kind: "Followed"; readonly followed: Followed }
  | { readonly kind: "SnapshotWanted" }
  /** To be answered by `Pong`: a child that does not is ended. */
  | { readonly kind: "Ping" }
  | { readonly kind: "Stop"; readonly by: string };

/** What the vrrp child tells the checker child of: a BFD session is up, an instance is master. */
export interface Followed {
  readonly what: "session" | "instance";
  readonly name: string;
  readonly on: boolean;
}

/** What the checker child gets of the model. */
export interface CheckerSlice {
  /** Its services travel beside it. */
  readonly director: DirectorSettings;
  /** There is a mail server and somebody to write to: servers send mails unless told otherwise. */
  readonly mail: boolean;
  /** What operators ordered beside the configuration. */
  readonly orders: readonly PoolOrder[];
}

/** What the text of the checker's `Snapshot` message holds. */
export interface CheckerSnapshot {
  readonly director: DirectorSnapshot;
  readonly plane: PlaneStatus;
  /** The kernel's timeouts before the first change of ours. */
  readonly timeoutsFound: LvsTimeouts | undefined;
}

/** SIGUSR1, SIGUSR2, signal 63 and signal 36. */
export type DumpKind = "state" | "stats" | "stats-clear" | "json";

/** Steward to supervisor. */
export type FromSteward =
  | { readonly kind: "Hello" }
  /** A configuration that is to run from now on. */
  | {
      readonly kind: "Configured";
      readonly generation: number;
      /** For the vrrp child: a {@link VrrpSlice} as JSON text. */
      readonly slice: string;
      /** A {@link CheckerSlice} as JSON text; null where there is no virtual server. */
      readonly checkerSlice: string | null;
      /** The change of its services since the message before (see `supervise/service-texts`). */
      readonly services: string;
      readonly trackScripts: readonly TrackScriptModel[];
      /** What every file and process of it holds and counts. */
      readonly measured: readonly Measurement[];
      readonly daemon: DaemonModel;
      /** The steward's own memory, given back to it after its death together with the services. */
      readonly memory: string;
      readonly diagnostics: string;
    }
  /** Nothing changes: the files say the same as before, or were refused. */
  | {
      readonly kind: "NotConfigured";
      readonly outcome: ReloadOutcome;
      readonly exitCode: number;
      readonly memory: string;
    }
  /** Numbers that are not what they were. */
  | { readonly kind: "Measured"; readonly measured: readonly Measurement[] }
  | { readonly kind: "ReloadRequested"; readonly asker: number }
  | { readonly kind: "StopRequested"; readonly by: string }
  | { readonly kind: "StatusWanted" }
  /** The counters have been written: they begin anew. */
  | { readonly kind: "ClearStatistics" };

/** Supervisor to steward. */
export type ToSteward =
  /** Once, in answer to Hello: read the configuration for the first time, or go on with what runs already. */
  | {
      readonly kind: "Begin";
      readonly memory: string | null;
      /** The services that run, as a change from none. */
      readonly services: string;
      readonly startedAt: Instant;
      /** What an earlier life told of files and processes. */
      readonly measured: readonly Measurement[];
    }
  | { readonly kind: "Reload" }
  | { readonly kind: "ReloadDone"; readonly askers: readonly number[]; readonly outcome: ReloadOutcome }
  | { readonly kind: "Journal"; readonly at: Instant; readonly event: JournalEvent }
  | { readonly kind: "Mail"; readonly subject: string; readonly body: string }
  | { readonly kind: "Snapshot"; readonly text: string }
  | { readonly kind: "CheckerSnapshot"; readonly text: string }
  | {
      readonly kind: "Status";
      readonly children: readonly ChildStatus[];
      readonly scripts: readonly ScriptStatus[];
      readonly degraded: readonly string[];
      readonly droppedEvents: number;
      readonly vrrpRunning: boolean;
      readonly checkerRunning: boolean;
    }
  /** Write a file of keepalived's; the state goes to the log as well. */
  | { readonly kind: "Dump"; readonly what: DumpKind }
  /** Deliver what can be delivered at once, and end. */
  | { readonly kind: "End" };

export type Message = FromVrrp | ToVrrp | FromChecker | ToChecker | FromSteward | ToSteward;

type FieldType = "string" | "number" | "boolean" | "object" | "array" | "string|null" | "number|null";
type Shape<M> = { readonly [Field in Exclude<keyof M, "kind">]-?: FieldType };
type Shapes<M extends { readonly kind: string }> = {
  readonly [K in M["kind"]]: Shape<Extract<M, { kind: K }>>;
};

const JOURNAL = { at: "number", event: "object" } as const;
const MAIL = { subject: "string", body: "string" } as const;
const MEASURED = { measured: "array" } as const;
const TEXT = { text: "string" } as const;
const DEGRADED = { what: "string", consequence: "string", remedy: "string" } as const;

const FROM_VRRP: Shapes<FromVrrp> = {
  Hello: {},
  Beat: { masterDown: "number|null" },
  Ledger: { change: "string", entries: "array" },
  Holdings: TEXT,
  FirewallTable: { name: "string" },
  Notify: { request: "object" },
  Mail: MAIL,
  Fifo: { line: "string" },
  Event: JOURNAL,
  Snapshot: TEXT,
  Followed: { followed: "object" },
  Resumed: {},
  Applied: { generation: "number" },
  Degraded: DEGRADED,
};

const TO_VRRP: Shapes<ToVrrp> = {
  Start: {
    generation: "number",
    slice: "string",
    snapshot: "string|null",
    aliveUntil: "number",
    holdings: "string|null",
    releaseOnStop: "boolean",
    measured: "array",
  },
  Configure: { generation: "number", slice: "string", measured: "array" },
  Measured: MEASURED,
  ScriptFinished: {
    script: "string",
    ok: "boolean",
    exitCode: "number|null",
    signal: "string|null",
    timedOut: "boolean",
    duration: "number",
  },
  SnapshotWanted: {},
  ClearStatistics: {},
  StatesWanted: {},
  Stop: { by: "string" },
};

const FROM_CHECKER: Shapes<FromChecker> = {
  Hello: {},
  Pong: {},
  Notify: { request: "object" },
  Mail: MAIL,
  Fifo: { line: "string" },
  Event: JOURNAL,
  Snapshot: { generation: "number", text: "string" },
  Pool: TEXT,
  Applied: { generation: "number" },
  Degraded: DEGRADED,
  Mended: { what: "string" },
};

const TO_CHECKER: Shapes<ToChecker> = {
  Start: {
    generation: "number",
    slice: "string",
    services: "string",
    snapshot: "string|null",
    release: "boolean",
    measured: "array",
    followed: "array",
  },
  Configure: { generation: "number", slice: "string", services: "string", measured: "array" },
  Measured: MEASURED,
  Followed: { followed: "object" },
  SnapshotWanted: {},
  Ping: {},
  Stop: { by: "string" },
};

const FROM_STEWARD: Shapes<FromSteward> = {
  Hello: {},
  Configured: {
    generation: "number",
    slice: "string",
    checkerSlice: "string|null",
    services: "string",
    trackScripts: "array",
    measured: "array",
    daemon: "object",
    memory: "string",
    diagnostics: "string",
  },
  NotConfigured: { outcome: "object", exitCode: "number", memory: "string" },
  Measured: MEASURED,
  ReloadRequested: { asker: "number" },
  StopRequested: { by: "string" },
  StatusWanted: {},
  ClearStatistics: {},
};

const TO_STEWARD: Shapes<ToSteward> = {
  Begin: { memory: "string|null", services: "string", startedAt: "number", measured: "array" },
  Reload: {},
  ReloadDone: { askers: "array", outcome: "object" },
  Journal: JOURNAL,
  Mail: MAIL,
  Snapshot: TEXT,
  CheckerSnapshot: TEXT,
  Status: {
    children: "array",
    scripts: "array",
    degraded: "array",
    droppedEvents: "number",
    vrrpRunning: "boolean",
    checkerRunning: "boolean",
  },
  Dump: { what: "string" },
  End: {},
};

/** Tells whether a value from a channel is a message of one direction; the value itself is the message then. */
export type Validator<M> = (value: unknown) => M | undefined;

export const parseFromVrrp: Validator<FromVrrp> = validator<FromVrrp>(FROM_VRRP);
export const parseToVrrp: Validator<ToVrrp> = validator<ToVrrp>(TO_VRRP);
export const parseFromChecker: Validator<FromChecker> = validator<FromChecker>(FROM_CHECKER);
export const parseToChecker: Validator<ToChecker> = validator<ToChecker>(TO_CHECKER);
export const parseFromSteward: Validator<FromSteward> = validator<FromSteward>(FROM_STEWARD);
export const parseToSteward: Validator<ToSteward> = validator<ToSteward>(TO_STEWARD);

function validator<M>(shapes: Readonly<Record<string, Readonly<Record<string, FieldType>>>>): Validator<M> {
  const byKind = new Map(Object.entries(shapes).map(([kind, shape]) => [kind, Object.entries(shape)]));
  return (value) => {
    if (typeof value !== "object" || value === null) return undefined;
    const fields = value as Readonly<Record<string, unknown>>;
    const shape = typeof fields.kind === "string" ? byKind.get(fields.kind) : undefined;
    if (shape === undefined) return undefined;
    for (const [name, type] of shape) if (!fits(fields[name], type)) return undefined;
    return value as M;
  };
}

function fits(value: unknown, type: FieldType): boolean {
  switch (type) {
    case "string|null":
      return value === null || typeof value === "string";
    case "number|null":
      return value === null || typeof value === "number";
    case "array":
      return Array.isArray(value);
    case "object":
      return typeof value === "object" && value !== null && !Array.isArray(value);
    default:
      return typeof value === type;
  }
}
