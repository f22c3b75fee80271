/** Tells the kernel's echoes of our own changes from what others did. */
import { familyOf } from "../base/ip.ts";
import type { AddressFact, AddressRequest } from "../wire/netlink/facts.ts";
import type { NetlinkMessage } from "../wire/netlink/message.ts";

export type AddressOperation = "add" | "remove";

/**
 * The kernel marks IPv4 notifications with the requester's port id and sequence number, also those about secondaries it
 * removed along with the address that was asked for: so the address counts too. IPv6 notifications carry neither port
 * nor sequence: there a request for this operation, interface and address makes it ours. That of an addition may come
 * from a work queue after the acknowledgement, and is waited for once.
 */
export class EchoFilter {
  readonly #port: number;
  readonly #bySequence = new Map<number, { readonly key: string; readonly mayComeLate: boolean }>();
  readonly #underway = new Map<string, { count: number; echoed: boolean }>();
  /** Additions that were acknowledged before the kernel told of them. */
  readonly #late = new Set<string>();

  constructor(port: number) {
    this.#port = port;
  }

  /** Before a request is submitted. */
  expect(operation: AddressOperation, request: AddressRequest, sequence: number): void {
    const key = keyOf(operation, request.index, request.address);
    const mayComeLate = operation === "add" && familyOf(request.address) === "ipv6";
    this.#bySequence.set(sequence, { key, mayComeLate });
    this.#late.delete(keyOf("add", request.index, request.address));
    const underway = this.#underway.get(key);
    if (underway === undefined) this.#underway.set(key, { count: 1, echoed: false });
    else underway.count += 1;
  }

  /** After its acknowledgement, and after all that the monitor held then was read. */
  forget(sequence: number, succeeded: boolean): void {
    const request = this.#bySequence.get(sequence);
    if (request === undefined) return;
    const { key, mayComeLate } = request;
    this.#bySequence.delete(sequence);
    const underway = this.#underway.get(key);
    if (underway === undefined) return;
    underway.count -= 1;
    if (underway.count > 0) return;
    this.#underway.delete(key);
    if (succeeded && mayComeLate && !underway.echoed) this.#late.add(key);
  }

  /** Whether a request of ours made the kernel do this, be it to another address. Only IPv4 is told so. */
  isCausedByUs(message: NetlinkMessage): boolean {
    return message.port === this.#port && this.#bySequence.has(message.sequence);
  }

  isEcho(operation: AddressOperation, message: NetlinkMessage, address: AddressFact): boolean {
    const key = keyOf(operation, address.index, address.address);
    if (message.port === this.#port) return this.#bySequence.get(message.sequence)?.key === key;
    if (message.port !== 0 || address.family !== "ipv6") return false;
    const underway = this.#underway.get(key);
    if (underway === undefined) return this.#late.delete(key);
    underway.echoed = true;
    return true;
  }
}

function keyOf(operation: AddressOperation, index: number, address: string): string {
  return `${operation} ${index} ${address}`;
}
