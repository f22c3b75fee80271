/**
 * What the VRRP engine wants done. The order of a returned list is contract: advertisement first, then addresses with
 * routes and rules, then announcements, then scripts. Advertisements and announcements never wait for addresses.
 */
import type { IpAddress, IpFamily } from "../base/ip.ts";
import type { CommandModel } from "../model/command-model.ts";
import type { RoutingModel, VirtualAddressModel } from "../model/model.ts";
import type { GroupEvent, VrrpEvent } from "./event.ts";

export type VrrpAction =
  | SendAdvertisement
  /** Ends in ActionDone or ActionFailed, once for each item, with the same id and epoch. */
  | KernelChange
  /** Ends in DroppingDone or DroppingFailed, with the same id and epoch. */
  | DropPackets
  | SendFrames
  | AskNeighbours
  | RunNotify
  | SendMail
  /** One line about a state or a priority, for the FIFOs. */
  | { readonly kind: "WriteFifo"; readonly line: string }
  | { readonly kind: "Emit"; readonly event: VrrpEvent }
  | { readonly kind: "EmitGroup"; readonly event: GroupEvent }
  /** All is released after a StopRequested: the process may end. */
  | { readonly kind: "Stopped" };

export interface SendAdvertisement {
  readonly kind: "SendAdvertisement";
  readonly instance: string;
  readonly interface: string;
  readonly family: IpFamily;
  readonly from: IpAddress;
  readonly to: IpAddress;
  readonly hopLimit: number;
  /** `payload` is a whole IPv4 packet with an Authentication Header (protocol 51). */
  readonly ah?: true;
  /** The VRRP message; it belongs to the engine and must be sent or copied at once. */
  readonly payload: Uint8Array;
}

/** A change of what an instance, or the static entries, hold in the kernel. */
export type KernelChange = AddressChange | RoutingChange;

/** Answered by `addressKey` of each address. */
export interface AddressChange {
  readonly kind: "AddAddresses" | "RemoveAddresses";
  readonly id: number;
  readonly epoch: number;
  readonly instance: string;
  readonly addresses: readonly VirtualAddressModel[];
}

/** Routes and rules; answered by the key of each. */
export interface RoutingChange {
  readonly kind: "AddRouting" | "RemoveRouting";
  readonly id: number;
  readonly epoch: number;
  readonly instance: string;
  readonly items: readonly RoutingModel[];
}

/**
 * Packets to and from these addresses, and no others of the instance, are to be dropped. Requests of one instance for
 * addresses and for this are carried out in their order.
 */
export interface DropPackets {
  readonly kind: "DropPackets";
  readonly id: number;
  readonly epoch: number;
  readonly instance: string;
  /** Key of the instance. */
  readonly key: string;
  readonly addresses: readonly VirtualAddressModel[];
}

/** Whole Ethernet frames: gratuitous ARP and unsolicited neighbour advertisements. */
export interface SendFrames {
  readonly kind: "SendFrames";
  readonly instance: string;
  readonly interface: string;
  readonly frames: readonly Uint8Array[];
}

/** Whole Ethernet frames that neighbours are to answer. */
export interface AskNeighbours {
  readonly kind: "AskNeighbours";
  readonly instance: string;
  readonly interface: string;
  readonly frames: readonly Uint8Array[];
}

/** Scripts of one state, for the serial queue of one subject. */
export interface RunNotify {
  readonly kind: "RunNotify";
  /** Queue key: `INSTANCE VI_1` or `GROUP G1`. */
  readonly subject: string;
  readonly state: NotifyState;
  /** Run together: the state's own script and `notify` with its four words appended. */
  readonly commands: readonly CommandModel[];
  /** How long a running script may go on once a newer state waits. */
  readonly timeout: number;
}

export type NotifyState = "MASTER" | "BACKUP" | "FAULT" | "STOP" | "DELETED" | "MASTER_RX_LOWER_PRI";

/** A mail about one instance or sync group. The sender puts `[ROUTER_ID] ` before the subject. */
export interface SendMail {
  readonly kind: "SendMail";
  readonly subject: string;
  readonly body: string;
}
