/** What the director's engine wants done, in the order of the list. */
import type { Micros } from "../base/time.ts";
import type { CommandModel } from "../model/command-model.ts";
import type { LvsTimeouts, ProbeModel, SyncDaemonModel } from "../model/director-models.ts";
import type { DirectorEvent } from "./event.ts";
import type { TableChange } from "./table.ts";

export type DirectorAction =
  /** Ends in CheckFinished with the same check and run, within `limit`. One check has one run at a time. */
  | {
      readonly kind: "StartCheck";
      readonly check: string;
      readonly run: number;
      readonly probe: ProbeModel;
      readonly limit: Micros;
    }
  /** Its result is no longer wanted. */
  | { readonly kind: "CancelCheck"; readonly check: string; readonly run: number }
  /** Ends in ActionDone or ActionFailed. */
  | { readonly kind: "ChangeTable"; readonly id: number; readonly changes: readonly TableChange[] }
  | { readonly kind: "FlushTable"; readonly id: number }
  /** Ends in TableRead or TableReadFailed. One request about the table is under way at a time. */
  | { readonly kind: "ReadTable" }
  /** Undefined puts back what was found before the first one. Not answered. */
  | { readonly kind: "SetTimeouts"; readonly timeouts: LvsTimeouts | undefined }
  | {
      readonly kind: "SetSyncDaemon";
      readonly daemon: SyncDaemonModel;
      readonly role: "master" | "backup" | "both" | "none";
    }
  /** Scripts of one subject run one after the other, as those of VRRP. `subject`: `VS [10.0.0.1]:tcp:80`. */
  | {
      readonly kind: "RunNotify";
      readonly subject: string;
      readonly state: "UP" | "DOWN";
      readonly command: CommandModel;
    }
  /** The sender puts `[ROUTER_ID] ` before the subject. */
  | { readonly kind: "SendMail"; readonly subject: string; readonly body: string }
  | { readonly kind: "Emit"; readonly event: DirectorEvent }
  | { readonly kind: "Stopped" };
