/** Tells the kernel's echoes of our own changes from what others did. */
import type { AddressFact, AddressRequest } from "../wire/netlink/facts.ts";
import type { NetlinkMessage } from "../wire/netlink/message.ts";

export type AddressOperation = "add" | "remove";

/**
 * The kernel marks IPv4 notifications with the requester's port id and sequence number, also those about secondaries it
 * removed along with the address that was asked for: so the address counts too. IPv6 notifications carry neither port
 * nor sequence: there a request that is under way for this operation, interface and address makes it ours.
 */
export class EchoFilter {
  readonly #port: number;
  readonly #bySequence = new Map<number, string>();
  readonly #underway = new Map<string, number>();

  constructor(port: number) {
    this.#port = port;
  }

  /** Before a request is submitted. */
  expect(operation: AddressOperation, request: AddressRequest, sequence: number): void {
    const key = keyOf(operation, request.index, request.address);
    this.#bySequence.set(sequence, key);
    this.#underway.set(key, (this.#underway.get(key) ?? 0) + 1);
  }

  /** After its acknowledgement, and after all that the monitor held then was read. */
  forget(sequence: number): void {
    const key = this.#bySequence.get(sequence);
    if (key === undefined) return;
    this.#bySequence.delete(sequence);
    const count = this.#underway.get(key) ?? 0;
    if (count > 1) this.#underway.set(key, count - 1);
    else this.#underway.delete(key);
  }

  isEcho(operation: AddressOperation, message: NetlinkMessage, address: AddressFact): boolean {
    const key = keyOf(operation, address.index, address.address);
    if (message.port === this.#port) return this.#bySequence.get(message.sequence) === key;
    return message.port === 0 && address.family === "ipv6" && this.#underway.has(key);
  }
}

function keyOf(operation: AddressOperation, index: number, address: string): string {
  return `${operation} ${index} ${address}`;
}
