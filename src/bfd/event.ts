/** What happened to BFD sessions, for the journal, the log and `why`. Plain values. */
import type { IpAddress } from "../base/ip.ts";
import type { Instant, Micros } from "../base/time.ts";
import type { BfdDecodeError, BfdState } from "../wire/bfd.ts";

/** Why a received packet was not used. */
export type BfdDropReason =
  | BfdDecodeError
  /** No session has the discriminator it names: as a rule one that a session had before it went down. */
  | "unknown-discriminator"
  /** It names no discriminator, and no session has this neighbour. */
  | "unknown-neighbour"
  /** It crossed more routers than `max_hops` allows. */
  | "hop-limit";

export type BfdReason =
  | { readonly kind: "configured" }
  | {
      readonly kind: "packet";
      readonly from: IpAddress;
      readonly remoteState: BfdState;
      readonly remoteDiagnostic: number;
    }
  /** Nothing was received for the whole detection time. */
  | { readonly kind: "detection-time"; readonly interval: Micros; readonly lastHeard: Instant | undefined }
  | { readonly kind: "stop-requested"; readonly by: string }
  | { readonly kind: "removed-by-reload" };

/** `session` is undefined for a packet that belongs to none. */
export type BfdEvent = { readonly at: Instant; readonly session: string | undefined } & BfdEventDetail;

export type BfdEventDetail =
  | {
      readonly kind: "StateChanged";
      readonly from: BfdState;
      readonly to: BfdState;
      readonly diagnostic: number;
      readonly remoteDiagnostic: number;
      readonly reason: BfdReason;
    }
  /** Both sides have agreed on these (RFC 5880 sections 6.8.3, 6.8.4). */
  | { readonly kind: "TimersAgreed"; readonly transmitInterval: Micros; readonly detectionTime: Micros }
  /** The first for this reason within a minute; `suppressed` counts those since the last one told. */
  | {
      readonly kind: "PacketDropped";
      readonly reason: BfdDropReason;
      readonly source: IpAddress;
      readonly suppressed: number;
    };
