/** One line of the journal: something that happened in one of the processes, with both clocks. Plain JSON. */
import type { IpAddress } from "../base/ip.ts";
import type { Instant, Micros } from "../base/time.ts";
import type { BfdEvent } from "../bfd/event.ts";
import type { DirectorEvent } from "../director/event.ts";
import type { PoolOrder } from "../director/pool-order.ts";
import type { ScriptState } from "../supervise/script-queue.ts";
import type { GroupEvent, VrrpEvent } from "../vrrp/event.ts";

export interface JournalEntry {
  /** Wall clock, ISO 8601 with microseconds and Z. */
  readonly time: string;
  /** Monotonic clock, comparable between the processes of one host. */
  readonly at: Instant;
  readonly event: JournalEvent;
}

export type ChildName = "vrrp" | "steward" | "checker";

export type JournalEvent =
  | { readonly source: "vrrp"; readonly event: VrrpEvent }
  | { readonly source: "group"; readonly event: GroupEvent }
  | { readonly source: "bfd"; readonly event: BfdEvent }
  | { readonly source: "director"; readonly event: DirectorEvent }
  | { readonly source: "supervisor"; readonly event: SupervisorEvent }
  | { readonly source: "steward"; readonly event: StewardEvent };

export type SupervisorEvent =
  | { readonly kind: "DaemonStarted"; readonly pid: number; readonly version: string }
  | { readonly kind: "ChildStarted"; readonly child: ChildName; readonly pid: number; readonly warm: boolean }
  | {
      readonly kind: "ChildDied";
      readonly child: ChildName;
      readonly pid: number;
      readonly how: string;
      /** Undefined: it is not started again, the daemon ends. */
      readonly restartIn: Micros | undefined;
    }
  | { readonly kind: "HeartbeatMissed"; readonly child: ChildName; readonly silentFor: Micros }
  /** Addresses of a dead vrrp child were taken out by the ledger. */
  | {
      readonly kind: "LedgerReleased";
      readonly addresses: readonly string[];
      readonly failed: readonly string[];
    }
  | {
      readonly kind: "ScriptEnded";
      readonly subject: string;
      readonly state: ScriptState;
      readonly command: readonly string[];
      readonly exitCode: number | undefined;
      readonly signal: string | undefined;
      readonly duration: Micros;
      readonly error: string | undefined;
    }
  /** `startup_script` or `shutdown_script` ended; the signal is ours where it took too long. */
  | {
      readonly kind: "DaemonScriptEnded";
      readonly script: "startup" | "shutdown";
      readonly command: readonly string[];
      readonly exitCode: number | undefined;
      readonly signal: string | undefined;
      readonly duration: Micros;
      readonly error: string | undefined;
      readonly timedOut: boolean;
    }
  /** The reader of a FIFO that is to be kept running. */
  | {
      readonly kind: "FifoScriptEnded";
      readonly path: string;
      readonly command: readonly string[];
      readonly how: string;
      readonly restartIn: Micros;
    }
  /** Nobody read: lines were thrown away. Told at the first one, and with their number when lines are taken again. */
  | { readonly kind: "FifoLinesLost"; readonly path: string; readonly count: number }
  /** States passed over because newer ones waited. */
  | { readonly kind: "NotifyCollapsed"; readonly subject: string; readonly states: readonly ScriptState[] }
  | { readonly kind: "EventsDropped"; readonly count: number; readonly between: string }
  | {
      readonly kind: "Degraded";
      readonly what: string;
      readonly consequence: string;
      readonly remedy: string;
    }
  /** What was degraded is so no more. */
  | { readonly kind: "Mended"; readonly what: string }
  | { readonly kind: "DaemonStopping"; readonly by: string };

export type StewardEvent =
  | {
      readonly kind: "ConfigLoaded";
      readonly files: readonly string[];
      readonly instances: number;
      readonly notes: number;
      readonly repairs: number;
    }
  | {
      readonly kind: "ConfigRefused";
      readonly atStart: boolean;
      readonly file: string;
      readonly diagnostics: readonly string[];
    }
  | { readonly kind: "ReloadUnchanged" }
  /** A host name among unicast peers: its address is new, or it could not be found out and the last one stays. */
  | {
      readonly kind: "PeerNameResolved";
      readonly name: string;
      readonly address: IpAddress;
      readonly before: IpAddress | undefined;
    }
  | {
      readonly kind: "PeerNameFailed";
      readonly name: string;
      readonly error: string;
      readonly kept: IpAddress | undefined;
    }
  | { readonly kind: "PeerNamesNotKept"; readonly file: string; readonly error: string }
  /** An operator's order; `until` is the wall clock, ISO 8601. */
  | {
      readonly kind: "Order";
      readonly what: "given" | "taken-back" | "expired" | "recalled";
      readonly order: "failover" | "maintenance" | "freeze";
      readonly subject: string | undefined;
      readonly by: string;
      readonly why: string | undefined;
      readonly until: string | undefined;
    }
  /** An operator's order about a real server; the keys are the model's. */
  | {
      readonly kind: "PoolOrder";
      readonly what: "given" | "taken-back" | "recalled";
      readonly order: PoolOrder["kind"];
      readonly virtualServer: string;
      readonly realServer: string;
      readonly weight: number | undefined;
      readonly by: string;
      readonly why: string | undefined;
    }
  /** The file that keeps orders over a restart could not be read. */
  | { readonly kind: "OrdersLost"; readonly file: string; readonly error: string }
  /** What a reload that was applied does, as `buoy plan` puts it. */
  | { readonly kind: "ReloadPlanned"; readonly lines: readonly string[] }
  /** Something keeps a file or a process from being followed as asked. */
  | { readonly kind: "TrackerTrouble"; readonly tracker: string; readonly error: string }
  | {
      readonly kind: "MailSent";
      readonly subject: string;
      readonly recipients: readonly string[];
      readonly attempts: number;
    }
  | {
      readonly kind: "MailFailed";
      readonly subject: string;
      readonly attempt: number;
      readonly error: string;
      readonly retryIn: Micros | undefined;
    };
