/** What is shown of services and servers: a plain value that the steward makes and every reader gets. */
import type { Instant } from "../base/time.ts";
import type { DirectorCause } from "../director/cause.ts";

/** The data plane in use, and why it is that one. */
export interface PlaneStatus {
  /** `IPVS 1.2.1`, `nftables`, or `none`. */
  readonly name: string;
  readonly why: string;
}

/** Name of the data plane where there is none. */
export const NO_PLANE = "none";

export interface PoolStatus {
  readonly plane: PlaneStatus;
  /** Monotonic, of the checker's answer. */
  readonly at: Instant;
  readonly services: readonly ServiceStatus[];
}

export interface ServiceStatus {
  readonly key: string;
  readonly name: string;
  readonly scheduler: string;
  readonly quorumUp: boolean;
  readonly quorum: number;
  readonly hysteresis: number;
  /** Sum of the weights of its live servers. */
  readonly weight: number;
  readonly suspended: boolean;
  readonly sorryServer: { readonly name: string; readonly inUse: boolean } | undefined;
  readonly changedAt: Instant | undefined;
  readonly cause: DirectorCause;
  readonly servers: readonly ServerStatus[];
}

export interface ServerStatus {
  readonly key: string;
  readonly name: string;
  readonly forwarding: "nat" | "dr" | "tun";
  readonly up: boolean;
  readonly weight: number;
  readonly configuredWeight: number;
  /** What operators ordered and did not take back. */
  readonly orders: readonly PoolOrderStatus[];
  /** Left on a server that is being drained, where they have been counted. */
  readonly connections: number | undefined;
  readonly drained: boolean;
  readonly changedAt: Instant | undefined;
  readonly cause: DirectorCause;
  readonly checks: readonly CheckStatus[];
}

export interface PoolOrderStatus {
  readonly kind: "weight" | "drain" | "disable";
  readonly by: string;
  readonly why: string | undefined;
  readonly since: Instant;
}

export interface CheckStatus {
  /** keepalived's word: `HTTP_GET /health`. */
  readonly name: string;
  /** Undefined before the first verdict. */
  readonly ok: boolean | undefined;
  /** In a row. */
  readonly failures: number;
  /** Since when this host cannot run it, and why. */
  readonly blocked: { readonly since: Instant; readonly reason: string } | undefined;
  readonly last:
    | {
        readonly at: Instant;
        readonly ok: boolean;
        readonly detail: string;
        readonly excerpt: string | undefined;
      }
    | undefined;
}
