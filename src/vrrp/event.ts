/** What happened, for the journal, `why`, the log and the metrics. Plain values. */
import type { IpAddress } from "../base/ip.ts";
import type { MacAddress } from "../base/mac.ts";
import type { OsError } from "../base/result.ts";
import type { Instant, Micros } from "../base/time.ts";
import type { Cause } from "./cause.ts";

/** keepalived's states of an instance. */
export type VrrpState = "INIT" | "BACKUP" | "MASTER" | "FAULT" | "STOP";

/** Why a received packet was not used, in the order of the checks. */
export type DropReason =
  /** Shorter than the fixed fields. */
  | "too-short"
  /** No instance on this interface has this family and virtual router id. Counted for the engine, not an instance. */
  | "unknown-virtual-router"
  /** The instance is in INIT, FAULT or STOP. */
  | "not-ready"
  /** Checks of the Authentication Header: there is none, it is none for VRRP, its value or its number is wrong. */
  | "ah-missing"
  | "ah-malformed"
  | "ah-invalid"
  | "ah-replay"
  /** Shorter than its own address count says. */
  | "truncated"
  /** Longer, and not by what a short frame is padded with. */
  | "length"
  | "hop-limit"
  /** Outside of min_ttl and max_ttl of this peer. */
  | "ttl-window"
  | "version"
  /** Checks of the trailer of auth_hmac. */
  | "auth-ext-missing"
  | "auth-ext-malformed"
  | "auth-ext-stale"
  | "auth-ext-unknown-key"
  | "auth-ext-invalid"
  | "auth-ext-replay"
  | "authentication-type"
  | "authentication"
  | "advertisement-interval"
  | "type"
  | "checksum"
  | "destination"
  | "owner-ignores"
  /** Its source is no unicast peer. */
  | "unicast-source"
  /** Its source is our own address. */
  | "own-packet";

/**
 * What a second owner of an address looks like. `answers`: it only answers for it, as a real server does that holds it for
 * direct routing; `uses`: it asks others in its name, as such a server does too.
 */
export type Suspect = "router" | "host" | "answers" | "uses";

/**
 * How a neighbour came to map an address to us: as announced, because a question taught it, or one of both (it answered
 * without a probe before). Silence is never taken for consent.
 */
export type VerifyOutcome = "learned" | "asked" | "answered" | "unproved";

/** Why a neighbour is asked. */
export type WatchReason = "gateway" | "configured" | "seen";
/** What a stalled instance does; a master may only listen if another one may have taken over. */
export type StallReaction = "advertises at once" | "listens first" | "gives up MASTER";

export type VrrpEvent = { readonly at: Instant; readonly instance: string } & VrrpEventDetail;

/** A sync group as a whole: told after its members. */
export interface GroupEvent {
  readonly at: Instant;
  readonly group: string;
  readonly kind: "StateChanged";
  readonly from: VrrpState;
  readonly to: VrrpState;
  readonly cause: Cause;
}

export type VrrpEventDetail =
  | {
      readonly kind: "StateChanged";
      readonly from: VrrpState;
      readonly to: VrrpState;
      readonly priority: number;
      readonly cause: Cause;
    }
  | { readonly kind: "PriorityChanged"; readonly from: number; readonly to: number; readonly cause: Cause }
  /** First of its kind from this source since the master or our state changed; `suppressed` counts those of before. */
  | {
      readonly kind: "PacketDropped";
      readonly reason: DropReason;
      readonly source: IpAddress;
      readonly detail: string;
      readonly suppressed: number;
    }
  /** The master's advertisement lists other addresses than we hold. */
  | {
      readonly kind: "AddressListDiffers";
      readonly source: IpAddress;
      readonly missing: readonly IpAddress[];
      readonly extra: readonly IpAddress[];
    }
  | {
      readonly kind: "MasterHeard";
      readonly source: IpAddress;
      readonly priority: number;
      readonly interval: Micros;
    }
  | { readonly kind: "AddressAdded"; readonly address: IpAddress; readonly interface: string }
  | {
      readonly kind: "AddressFailed";
      readonly address: IpAddress;
      readonly interface: string;
      readonly error: OsError;
      readonly retryAt: Instant | undefined;
    }
  | {
      readonly kind: "AddressDeletedByOther";
      readonly address: IpAddress;
      readonly interface: string;
      readonly reaction: string;
    }
  /** The kernel removed it with the first address of its subnet, which we released; it was put back. */
  | { readonly kind: "AddressWentAlong"; readonly address: IpAddress; readonly interface: string }
  /** An address, route or rule that it no longer wants stays in the kernel, because another instance does. */
  | { readonly kind: "LeftToOther"; readonly item: string; readonly other: string }
  /** An interface has another MAC: what a master holds on it is announced again. */
  | { readonly kind: "MacChanged"; readonly interface: string; readonly mac: MacAddress }
  /** `item` is a route or rule in iproute2's words. */
  | { readonly kind: "RoutingAdded"; readonly item: string }
  | {
      readonly kind: "RoutingFailed";
      readonly item: string;
      readonly error: OsError;
      readonly retryAt: Instant | undefined;
    }
  | { readonly kind: "RoutingDeletedByOther"; readonly item: string; readonly reaction: string }
  | {
      readonly kind: "AddressConflict";
      readonly address: IpAddress;
      readonly interface: string;
      readonly mac: MacAddress;
      /** An address of its own, if we have met it. */
      readonly neighbour?: IpAddress;
      readonly suspect: Suspect;
    }
  /** The last second owner has gone: addresses are announced and verified again. */
  | { readonly kind: "AddressesReclaimed"; readonly rival: string }
  /** A neighbour on the watch-list has answered for all our addresses, or has been silent for too long. */
  | {
      readonly kind: "NeighbourVerified";
      readonly neighbour: IpAddress;
      readonly interface: string;
      readonly why: WatchReason;
      readonly mac: MacAddress | undefined;
      readonly outcome: VerifyOutcome;
      /** From the announcement to the last proof. */
      readonly took: Micros;
      readonly proved: number;
      /** Some of the addresses it is silent about. */
      readonly unproved: readonly IpAddress[];
    }
  /** Routers that share no address with us use our virtual router id: another virtual router on this segment. */
  | {
      readonly kind: "VirtualRouterIdClash";
      readonly source: IpAddress;
      readonly virtualRouterId: number;
      readonly addresses: readonly IpAddress[];
    }
  /** The peer's clock differs from ours by more than half of what `auth_hmac` allows. */
  | { readonly kind: "ClockSkew"; readonly source: IpAddress; readonly ahead: Micros }
  | { readonly kind: "PeerResolved"; readonly host: string; readonly address: IpAddress }
  /** A peer sums as keepalived before 1.3.6 did, and so do we from now on. */
  | { readonly kind: "OldChecksum"; readonly source: IpAddress }
  /** Another router claims to be the address owner. */
  | { readonly kind: "OwnerConflict"; readonly source: IpAddress; readonly reaction: string }
  /** Packets to and from the addresses are dropped from now on (`no_accept`), or no longer. */
  | { readonly kind: "AcceptRulesChanged"; readonly drops: boolean }
  | {
      readonly kind: "AcceptRulesFailed";
      readonly drops: boolean;
      readonly error: OsError;
      readonly retryAt: Instant;
    }
  | { readonly kind: "LowerPriorityAdvert"; readonly source: IpAddress; readonly priority: number }
  | { readonly kind: "TrackerChanged"; readonly tracker: string; readonly ok: boolean; readonly cause: Cause }
  /** Its timer has run out, and it waits for these members of its sync group. Told once for each wait. */
  | {
      readonly kind: "AwaitsGroup";
      readonly group: string;
      readonly members: readonly string[];
      readonly cause: Cause;
    }
  /** The process was not scheduled for this long although a deadline had passed. */
  | { readonly kind: "Stalled"; readonly late: Micros; readonly reaction: StallReaction }
  /**
   * How far an operator's order has come. `handed-over`: `to` is master now. `kept`: nobody took over. `overtaken`: the
   * other master fell silent, so that we are master again.
   */
  | {
      readonly kind: "OrderProgress";
      readonly order: "failover" | "maintenance";
      readonly stage: "handing-over" | "handed-over" | "in-force" | "kept" | "overtaken" | "ended";
      readonly to: IpAddress | undefined;
    }
  | { readonly kind: "FirstAnnouncement"; readonly afterDeadline: Micros };
