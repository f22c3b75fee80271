/** What the control socket answers to `status`: the whole daemon as one plain value. */
import type { Instant, Micros } from "../base/time.ts";
import type { BfdSnapshot } from "../bfd/memory.ts";
import type { Order } from "../vrrp/order.ts";
import type { VrrpSnapshot } from "../vrrp/snapshot.ts";
import type { ChildName } from "./journal-entry.ts";
import type { PoolStatus } from "./pool-view.ts";

export interface StatusDocument {
  readonly version: string;
  readonly pid: number;
  /** Wall clock of the answer, ISO 8601, and the monotonic instant that belongs to it. */
  readonly time: string;
  readonly at: Instant;
  readonly startedAt: Instant;
  readonly configFile: string;
  readonly lastReload:
    | {
        readonly time: string;
        readonly outcome: "applied" | "unchanged" | "refused";
        readonly diagnostics: readonly string[];
      }
    | undefined;
  readonly children: readonly ChildStatus[];
  /** Absent while the vrrp child is not running or did not answer. */
  readonly vrrp: VrrpSnapshot | undefined;
  /** Likewise absent. */
  readonly bfd: BfdSnapshot | undefined;
  /** Services and servers; absent where no checker runs, or it did not answer. */
  readonly pool: PoolStatus | undefined;
  /** Changes that the vrrp process has asked of the kernel since it began. */
  readonly kernelRequests: number | undefined;
  readonly scripts: readonly ScriptStatus[];
  /** What operators ordered and did not take back. */
  readonly orders: readonly Order[];
  /** What was refused by the system and what follows from it, one sentence each. */
  readonly degraded: readonly string[];
  readonly droppedEvents: number;
}

export interface ChildStatus {
  readonly name: ChildName;
  readonly pid: number | undefined;
  readonly restarts: number;
  readonly upFor: Micros;
}

/** The last run of a track script or notify script. */
export interface ScriptStatus {
  readonly subject: string;
  readonly command: readonly string[];
  readonly lastExit: number | undefined;
  readonly lastSignal: string | undefined;
  readonly lastDuration: Micros | undefined;
  readonly running: boolean;
}
