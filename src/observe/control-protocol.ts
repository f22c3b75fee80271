/**
 * The control socket: one JSON object a line each way, a request and its answer; a `journal` request with `follow` goes on
 * answering until the client closes.
 */
import type { Instant } from "../base/time.ts";
import type { TableService } from "../director/table.ts";
import type { OrderRequest } from "../supervise/orders.ts";
import type { ReloadPlan } from "../supervise/plan.ts";
import type { PoolRequest } from "../supervise/pool-orders.ts";
import type { JournalEntry } from "./journal-entry.ts";
import type { PlaneStatus, PoolStatus } from "./pool-view.ts";
import type { StatusDocument } from "./status-document.ts";

/** The control socket's name inside the runtime directory. */
export const CONTROL_SOCKET = "control.sock";

/** `kept`: nobody took over, it is still master. `under-way`: it has not said yet. */
export interface OrderOutcome {
  readonly instance: string;
  readonly stage: "handed-over" | "in-force" | "kept" | "under-way";
  /** Who is master now, where it was handed over. */
  readonly to: string | undefined;
}

export type ControlRequest =
  | { readonly command: "status" }
  /** The last state changes of one instance or of all, newest first, with their causes. */
  | { readonly command: "why"; readonly instance: string | undefined; readonly limit: number }
  | { readonly command: "journal"; readonly limit: number; readonly follow: boolean }
  /** What a reload would do; `file` is another file than the daemon's own, as an absolute path. */
  | { readonly command: "plan"; readonly file: string | undefined }
  | { readonly command: "reload" }
  /** An operator's order, or its end. */
  | ({ readonly command: "order" } & OrderRequest)
  /** What the director has programmed, and where. */
  | { readonly command: "table" }
  /** An order about a real server. */
  | ({ readonly command: "pool" } & PoolRequest)
  /** Services and servers; `service` wants one only, by any of its names. */
  | { readonly command: "pools"; readonly service: string | undefined }
  | { readonly command: "stop" };

export type ControlReply =
  | { readonly ok: true; readonly command: "status"; readonly status: StatusDocument }
  | { readonly ok: true; readonly command: "why"; readonly entries: readonly JournalEntry[] }
  | { readonly ok: true; readonly command: "journal"; readonly entries: readonly JournalEntry[] }
  /** `diagnostics` is the rendered text of what was found in the configuration; `refused` says why it would not be applied. */
  | {
      readonly ok: true;
      readonly command: "plan";
      readonly file: string;
      readonly refused: string | undefined;
      readonly plan: ReloadPlan | undefined;
      readonly diagnostics: string;
    }
  /** `plan` is what was done, undefined where nothing was. */
  | {
      readonly ok: true;
      readonly command: "reload";
      readonly outcome: "applied" | "unchanged";
      readonly plan: ReloadPlan | undefined;
      readonly diagnostics: string;
    }
  /** How each instance that is concerned carried it out; empty where there was nothing to wait for. */
  | { readonly ok: true; readonly command: "order"; readonly outcomes: readonly OrderOutcome[] }
  /** `plane` is absent where no checker runs; `namespace` is the file of the network namespace that holds the table. */
  | {
      readonly ok: true;
      readonly command: "table";
      readonly plane: PlaneStatus | undefined;
      readonly programmed: readonly TableService[];
      readonly namespace: string;
    }
  /** Whom the order is about, as the log writes them. */
  | {
      readonly ok: true;
      readonly command: "pool";
      readonly virtualServer: string;
      readonly realServer: string;
    }
  /** `pool` is absent where no checker runs; `time` and `at` are one moment on both clocks. */
  | {
      readonly ok: true;
      readonly command: "pools";
      readonly pool: PoolStatus | undefined;
      readonly time: string;
      readonly at: Instant;
    }
  | { readonly ok: true; readonly command: "stop" }
  | { readonly ok: false; readonly error: string; readonly diagnostics?: string };
