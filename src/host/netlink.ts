/**
 * The kernel's interfaces and addresses: a monitor that tells every change, and changes of our own through the
 * addon's writer thread, so that a kernel that is slow to answer (94 ms while somebody holds its rtnl lock) never
 * holds up the loop.
 */
import type { OsError } from "../base/result.ts";
import type { AddressFact, AddressRequest, LinkFact } from "../wire/netlink/facts.ts";
import type { Loop } from "./loop.ts";

export type NetlinkEvent =
  /** New, or changed in any of its fields. */
  | { readonly kind: "LinkChanged"; readonly link: LinkFact }
  | { readonly kind: "LinkRemoved"; readonly link: LinkFact }
  /** New or changed. `interface` is the name of its link at that time. */
  | {
      readonly kind: "AddressAdded";
      readonly interface: string;
      readonly address: AddressFact;
      readonly origin: ChangeOrigin;
    }
  | {
      readonly kind: "AddressRemoved";
      readonly interface: string;
      readonly address: AddressFact;
      readonly origin: ChangeOrigin;
    }
  /** Everything there is has been told, the first time or again after the kernel dropped messages. */
  | { readonly kind: "Synchronised"; readonly afterLoss: boolean };

/**
 * `self`: the echo of a request of ours for this very address. A secondary that the kernel removes along with a
 * primary of ours is `other`.
 */
export type ChangeOrigin = "self" | "other";

/** Called once, from the loop, with undefined on success. */
export type ChangeDone = (error: OsError | undefined) => void;

export interface Netlink {
  /** Whether the first dump is complete. */
  readonly synchronised: boolean;
  linkByName(name: string): LinkFact | undefined;
  linkByIndex(index: number): LinkFact | undefined;
  links(): readonly LinkFact[];
  addresses(): readonly AddressFact[];
  /** Adds, or replaces lifetime and flags of, an address. One that exists already counts as done. */
  addAddress(request: AddressRequest, done: ChangeDone): void;
  /** One that is gone already counts as done. */
  removeAddress(request: AddressRequest, done: ChangeDone): void;
  /** Requests that were submitted and not answered yet. */
  pending(): number;
  close(): void;
}

export interface NetlinkOptions {
  /** Bytes of the monitor's receive buffer; default 1 MiB. */
  readonly receiveBuffer?: number;
  /** Requests that may wait for the writer thread; one more fails with ENOBUFS. Default 4096. */
  readonly queueLimit?: number;
}

export type OpenNetlink = (
  loop: Loop,
  listener: (event: NetlinkEvent) => void,
  options?: NetlinkOptions,
) => Netlink;
