/** What an operator orders beside the configuration, and how far it has come. Plain values. */
import type { IpAddress } from "../base/ip.ts";
import type { Instant } from "../base/time.ts";
import type { CauseFact } from "./cause.ts";

/** One order, as long as it stands. */
export interface Order {
  /** Grows with every order of this daemon, over restarts too. */
  readonly id: number;
  readonly kind: "failover" | "maintenance" | "freeze";
  /** An instance or a sync group; undefined for all instances. */
  readonly subject: string | undefined;
  readonly since: Instant;
  /** When it ends by itself. */
  readonly until: Instant | undefined;
  /** Maintenance only: let the addresses go even if nobody takes them. */
  readonly force: boolean;
  /** Who gave it, and the reason given. */
  readonly by: string;
  readonly why: string | undefined;
}

/** How far the order that counts for an instance has come with it. */
export interface OrderProgress {
  readonly id: number;
  readonly kind: "failover" | "maintenance";
  /**
   * `handing-over`: master, waiting for another's advertisement. `kept`: nobody took over, still master. `in-force`:
   * stands aside or is out. `over`: a failover whose new master fell silent, so that we are master again.
   */
  state: "handing-over" | "kept" | "in-force" | "over";
}

/** A master's handover under way. */
export interface Handover {
  giveUpAt: Instant;
  readonly attempt: number;
  /** Who has answered, while others of the sync group still wait for an answer. */
  heard: { readonly from: IpAddress; readonly fact: CauseFact } | undefined;
}
