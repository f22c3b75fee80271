/** Past facts that the VRRP engine is told. Plain values: they can be recorded and replayed. */
import type { IpAddress, IpFamily } from "../base/ip.ts";
import type { MacAddress } from "../base/mac.ts";
import type { OsError } from "../base/result.ts";
import type { Instant, Micros } from "../base/time.ts";
import type { VrrpModel } from "../model/model.ts";
import type { NeighbourSight } from "../wire/neighbour-sight.ts";
import type { BfdVerdict } from "./cause.ts";
import type { Order } from "./order.ts";

/** `along`: the kernel took it away along with an address of the same subnet that we removed. */
export type RemovalOrigin = "self" | "along" | "other";

export type VrrpInput =
  /** The first one starts the engine; later ones are reloads. */
  | {
      readonly kind: "ConfigChanged";
      readonly model: VrrpModel;
      /** What is known of the model's files and processes by now. */
      readonly measured?: readonly Measurement[];
    }
  | PacketReceived
  | { readonly kind: "LinkChanged"; readonly link: LinkState }
  | { readonly kind: "LinkRemoved"; readonly name: string }
  | { readonly kind: "AddressAdded"; readonly address: InterfaceAddress; readonly origin: "self" | "other" }
  | { readonly kind: "AddressRemoved"; readonly address: InterfaceAddress; readonly origin: RemovalOrigin }
  | {
      readonly kind: "ScriptFinished";
      readonly script: string;
      readonly ok: boolean;
      readonly exitCode: number | undefined;
      readonly signal: string | undefined;
      readonly timedOut: boolean;
      readonly duration: Micros;
    }
  /** When the machine was booted, on the engine's clock: negative where that stood still in between. */
  | { readonly kind: "BootTimeKnown"; readonly at: Instant }
  /** A BFD session came up or failed. One that was never told of is down. */
  | { readonly kind: "BfdChanged"; readonly session: string; readonly up: boolean; readonly why: BfdVerdict }
  | ({ readonly kind: "TrackerMeasured" } & Measurement)
  /** Addresses of unicast peers that are host names: those that changed, or were not known. */
  | { readonly kind: "HostsResolved"; readonly hosts: readonly HostAddress[] }
  /** Told at the start, and again when somebody has set the clock: what to add to an Instant for microseconds since 1970. */
  | { readonly kind: "WallClockSet"; readonly offset: Micros }
  /** The states of all instances are to be written to the FIFOs again. */
  | { readonly kind: "StatesWanted" }
  /** All counters begin anew. */
  | { readonly kind: "ClearStatistics" }
  /** A deadline may have passed; `handle`'s `now` says how late it is. */
  | { readonly kind: "ClockReached" }
  /** Somebody else has deleted a route or rule that we hold; `item` is its key. */
  | { readonly kind: "RoutingRemoved"; readonly item: string }
  | { readonly kind: "ActionDone"; readonly id: number; readonly epoch: number; readonly item: string }
  | {
      readonly kind: "ActionFailed";
      readonly id: number;
      readonly epoch: number;
      readonly item: string;
      readonly error: OsError;
    }
  | { readonly kind: "DroppingDone"; readonly id: number; readonly epoch: number }
  | { readonly kind: "DroppingFailed"; readonly id: number; readonly epoch: number; readonly error: OsError }
  /** All orders of operators that stand. */
  | { readonly kind: "OrdersChanged"; readonly orders: readonly Order[] }
  | NeighbourSeen
  /** A neighbour answered an echo of ours. */
  | { readonly kind: "EchoAnswered"; readonly from: IpAddress; readonly to: IpAddress }
  /** All default gateways there are. */
  | { readonly kind: "GatewaysChanged"; readonly gateways: readonly Gateway[] }
  /** `release` false leaves addresses in place and sends no priority 0 (`--dont-release-vrrp`). */
  | { readonly kind: "StopRequested"; readonly release: boolean; readonly by: string };

/** The number in a tracked file (0 where it is missing), or the count of a tracked kind of process. */
export interface Measurement {
  readonly tracker: "file" | "process";
  readonly name: string;
  readonly value: number;
}

/** An ARP packet or message of neighbour discovery about one of our addresses, or an answer to us. */
export interface NeighbourSeen extends NeighbourSight {
  readonly kind: "NeighbourSeen";
  readonly interface: string;
}

/** A gateway of last resort. */
export interface Gateway {
  readonly interface: string;
  readonly address: IpAddress;
}

/** One IP packet of protocol 112 or 51, headers already taken apart by the socket. */
export interface PacketReceived {
  readonly kind: "PacketReceived";
  readonly interface: string;
  readonly family: IpFamily;
  readonly source: IpAddress;
  readonly destination: IpAddress;
  /** TTL or hop limit. */
  readonly hopLimit: number;
  /** The VRRP message. Valid only during `handle`: the buffer is used again. */
  readonly payload: Uint8Array;
  /** The kernel has verified the checksum already (IPv6 raw sockets with a checksum offset). */
  readonly checksumVerified: boolean;
  /** For protocol 51 (IPv4 only): the payload begins with an Authentication Header, which covers these bytes too. */
  readonly ipHeader?: Uint8Array;
}

export interface HostAddress {
  readonly name: string;
  readonly family: IpFamily;
  readonly address: IpAddress;
}

export interface LinkState {
  readonly index: number;
  readonly name: string;
  /** IFF_UP. */
  readonly up: boolean;
  /** IFF_RUNNING, that is carrier. */
  readonly running: boolean;
  readonly mtu: number;
  readonly mac: MacAddress | undefined;
}

export interface InterfaceAddress {
  readonly interface: string;
  readonly address: IpAddress;
  readonly prefixLength: number;
  readonly family: IpFamily;
  /** rtnetlink scope: 0 global, 253 link, 254 host. */
  readonly scope: number;
  readonly secondary: boolean;
  /** IPv6 duplicate address detection has not finished. */
  readonly tentative: boolean;
  readonly dadFailed: boolean;
}
