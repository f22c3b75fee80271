/** What an operator orders about real servers beside the configuration (`buoy pool`). */
import type { Instant } from "../base/time.ts";

export interface PoolOrder {
  readonly id: number;
  /** `drain`: no new connections, out when the old ones have ended. `disable`: out at once. */
  readonly kind: "weight" | "drain" | "disable";
  /** Keys of the model. */
  readonly virtualServer: string;
  readonly realServer: string;
  /** Of `weight`. */
  readonly weight: number | undefined;
  readonly since: Instant;
  readonly by: string;
  readonly why: string | undefined;
}
