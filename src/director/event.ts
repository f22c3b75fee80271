/** What happened to services and servers, for the journal, `why`, the log, FIFOs and metrics. Plain values. */
import type { OsError } from "../base/result.ts";
import type { Instant } from "../base/time.ts";
import type { DirectorCause } from "./cause.ts";

export type DirectorEvent = { readonly at: Instant } & DirectorEventDetail;

/** `virtualServer` and `realServer` are names as the log writes them: `[10.0.0.1]:tcp:80`, `[10.0.0.2]:tcp:80`. */
export type DirectorEventDetail =
  | {
      readonly kind: "ServerChanged";
      readonly virtualServer: string;
      readonly realServer: string;
      readonly up: boolean;
      readonly weight: number;
      /** Kept in the kernel's table with weight 0 when it is down. */
      readonly inhibited: boolean;
      readonly cause: DirectorCause;
    }
  | {
      readonly kind: "QuorumChanged";
      readonly virtualServer: string;
      readonly up: boolean;
      readonly quorum: number;
      readonly hysteresis: number;
      /** Sum of the live servers' weights. */
      readonly weight: number;
      /** The first word about it. */
      readonly starting: boolean;
      readonly cause: DirectorCause;
    }
  | {
      readonly kind: "WeightChanged";
      readonly virtualServer: string;
      readonly realServer: string;
      readonly up: boolean;
      readonly from: number;
      readonly to: number;
      readonly cause: DirectorCause;
    }
  | {
      readonly kind: "CheckFailed";
      readonly virtualServer: string;
      readonly realServer: string;
      readonly check: string;
      readonly detail: string;
      /** Attempts left before the server counts as down. */
      readonly left: number;
    }
  | {
      readonly kind: "SorryServer";
      readonly virtualServer: string;
      readonly sorryServer: string;
      readonly inUse: boolean;
      /** Kept in the kernel's table with weight 0 when it is not in use. */
      readonly inhibited: boolean;
    }
  /** The last connection of a server that takes no new ones has ended. */
  | { readonly kind: "Drained"; readonly virtualServer: string; readonly realServer: string }
  | {
      readonly kind: "Suspended";
      readonly virtualServer: string;
      readonly suspended: boolean;
      /** It has come with this state. */
      readonly starting: boolean;
      /** Its servers, each as often as it has checks. */
      readonly checked: readonly string[];
    }
  /** This host cannot run checks: servers stay as they are. Told of the first check with this reason, and of the last. */
  | {
      readonly kind: "ChecksBlocked" | "ChecksUnblocked";
      readonly check: string;
      readonly reason: string;
      readonly virtualServer: string;
      readonly realServer: string;
    }
  /** A check that should have run, or ended, long ago. */
  | { readonly kind: "CheckOverdue"; readonly check: string; readonly overdue: number }
  /** What keeps the services in the kernel, and why it is that. */
  | { readonly kind: "PlaneChosen"; readonly plane: string; readonly why: string }
  | { readonly kind: "TableChanged"; readonly changes: number }
  | { readonly kind: "TableRefused"; readonly what: string; readonly error: OsError }
  /** Somebody else changed the kernel's table: it was put right. */
  | { readonly kind: "TableDiffered"; readonly changes: number };
