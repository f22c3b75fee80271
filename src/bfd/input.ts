/** Past facts that the BFD engine is told. Plain values. */
import type { IpAddress } from "../base/ip.ts";
import type { BfdModel } from "../model/model.ts";

export type BfdInput =
  /** The first one starts the sessions; later ones are reloads. */
  | { readonly kind: "ConfigChanged"; readonly sessions: readonly BfdModel[] }
  | BfdPacketReceived
  /** A deadline may have passed. Packets that wait are told before it. */
  | { readonly kind: "ClockReached" }
  | { readonly kind: "StopRequested"; readonly by: string };

/** One UDP datagram to port 3784 or 4784. */
export interface BfdPacketReceived {
  readonly kind: "PacketReceived";
  /** Port 4784. */
  readonly multihop: boolean;
  readonly interface: string | undefined;
  readonly source: IpAddress;
  readonly destination: IpAddress;
  /** TTL or hop limit. */
  readonly hopLimit: number;
  /** Valid only during `handle`: the buffer is used again. */
  readonly payload: Uint8Array;
}
