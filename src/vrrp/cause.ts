/**
 * Why something happened: a chain of facts, the immediate one first, each the reason for the one before it.
 * It is written down when the decision is made; nothing reconstructs it later.
 */
import type { IpAddress } from "../base/ip.ts";
import type { MacAddress } from "../base/mac.ts";
import type { OsError } from "../base/result.ts";
import type { Instant, Micros } from "../base/time.ts";

export type Cause = readonly CauseFact[];

export type CauseFact = { readonly at: Instant } & CauseDetail;

/** Why a BFD session is up or down. */
export type BfdVerdict = "came-up" | "neighbour-silent" | "neighbour-said-down" | "reconfigured";

export type CauseDetail =
  | { readonly kind: "started" }
  | { readonly kind: "restored"; readonly downFor: Micros }
  | { readonly kind: "configured"; readonly what: string }
  /** An advertisement arrived from another router. */
  | {
      readonly kind: "advertisement";
      readonly from: IpAddress;
      readonly priority: number;
      readonly ourPriority: number;
      readonly ourAddress: IpAddress | undefined;
    }
  /** No acceptable advertisement for Master_Down_Interval; `lastFrom` is the last master heard, if any. */
  | {
      readonly kind: "master-down-timer";
      readonly interval: Micros;
      readonly lastHeard: Instant | undefined;
      readonly lastFrom: IpAddress | undefined;
      /** Advertisements dropped while waiting, per reason: the usual explanation of a split brain. */
      readonly dropped: Readonly<Record<string, number>>;
    }
  /** We are address owner: master without an election. */
  | { readonly kind: "address-owner" }
  | { readonly kind: "preempt-delay-over"; readonly delay: Micros }
  | { readonly kind: "interface"; readonly name: string; readonly up: boolean; readonly reason: string }
  | {
      readonly kind: "script";
      readonly name: string;
      readonly ok: boolean;
      readonly exitCode: number | undefined;
      readonly signal: string | undefined;
      readonly timedOut: boolean;
    }
  /** A BFD session as far as followers were told: a neighbour taken out of service is not down. */
  | {
      readonly kind: "bfd";
      readonly name: string;
      readonly up: boolean;
      readonly why: BfdVerdict | "never-up";
    }
  /** A tracked file: its number times `weight` (0 has no sum: any number counts) is `adds`, within bounds. */
  | {
      readonly kind: "file";
      readonly name: string;
      readonly value: number;
      readonly weight: number;
      readonly adds: number;
      /** No reason for FAULT. */
      readonly ok: boolean;
    }
  | {
      readonly kind: "process";
      readonly name: string;
      readonly count: number;
      readonly quorum: number;
      readonly quorumMax: number | undefined;
      readonly up: boolean;
    }
  | { readonly kind: "priority"; readonly from: number; readonly to: number }
  | { readonly kind: "address-added"; readonly address: IpAddress; readonly interface: string }
  /** A static entry of a `track_group` is not in the kernel. */
  | { readonly kind: "static-entry"; readonly item: string; readonly why: string }
  | { readonly kind: "address-removed"; readonly address: IpAddress; readonly interface: string }
  /** The wait after addresses could not be held is over: the instance may compete again. */
  | { readonly kind: "retry"; readonly waited: Micros; readonly attempt: number }
  | { readonly kind: "action-failed"; readonly what: string; readonly error: OsError }
  /** The process slept past its advertisement, until a peer must have taken over. */
  | { readonly kind: "stalled"; readonly late: Micros }
  | { readonly kind: "no-source-address"; readonly interface: string }
  /** Unicast without anybody to advertise to. */
  | { readonly kind: "no-peers" }
  | { readonly kind: "peer-unresolved"; readonly host: string }
  | { readonly kind: "hosts-resolved"; readonly hosts: readonly string[] }
  | { readonly kind: "conflict"; readonly address: IpAddress; readonly mac: MacAddress }
  /** All members of a sync group share one state; `member` brought this one about. */
  | { readonly kind: "group"; readonly group: string; readonly member: string }
  /** All members of a sync group wanted to be master: `last` was the one that the others waited for. */
  | { readonly kind: "group-agreed"; readonly group: string; readonly last: string }
  /** An operator ordered it. */
  | {
      readonly kind: "order";
      readonly order: "failover" | "maintenance" | "freeze";
      readonly by: string;
      readonly why: string | undefined;
    }
  | { readonly kind: "order-ended"; readonly order: "failover" | "maintenance" | "freeze" }
  | { readonly kind: "stop-requested"; readonly by: string }
  | { readonly kind: "removed-by-reload" };
