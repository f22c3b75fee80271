/** What the BFD engine wants done, in order. */
import type { BfdEvent, BfdReason } from "./event.ts";

export type BfdAction =
  /** The bytes belong to the engine: they are sent at once. */
  | { readonly kind: "SendControl"; readonly session: string; readonly payload: Uint8Array }
  /**
   * For those who follow the session. It is not told of a neighbour that was taken out of service (AdminDown): that
   * session ends, but nothing has failed (RFC 5882 section 3.2).
   */
  | {
      readonly kind: "SessionChanged";
      readonly session: string;
      readonly up: boolean;
      readonly reason: BfdReason;
    }
  | { readonly kind: "Emit"; readonly event: BfdEvent }
  | { readonly kind: "Stopped" };
