/** Socket constants by their names in Linux's headers, and buffers for many messages with one system call. */
import { assert, present } from "../base/assert.ts";
import type { IpAddress, IpFamily } from "../base/ip.ts";
import type { OsError } from "../base/result.ts";
import { AddressCache } from "../wire/address-cache.ts";
import { readIpv4HeaderLength } from "../wire/ipv4.ts";
import { check, native, osError } from "./native.ts";

export const AF_INET = 2;
export const AF_INET6 = 10;
export const AF_PACKET = 17;
export const SOCK_DGRAM = 2;
export const SOCK_RAW = 3;

export const SOL_SOCKET = 1;
export const SO_RCVBUF = 8;
export const SO_PRIORITY = 12;
export const SO_BINDTODEVICE = 25;
export const SO_RCVBUFFORCE = 33;

export const IPPROTO_IP = 0;
export const IP_TOS = 1;
export const IP_TTL = 2;
export const IP_HDRINCL = 3;
export const IP_PKTINFO = 8;
export const IP_MTU_DISCOVER = 10;
export const IP_RECVTTL = 12;
export const IP_FREEBIND = 15;
export const IP_MULTICAST_TTL = 33;
export const IP_MULTICAST_LOOP = 34;
export const IP_MULTICAST_ALL = 49;
export const IP_PMTUDISC_DONT = 0;

export const IPPROTO_IPV6 = 41;
export const IPV6_CHECKSUM = 7;
export const IPV6_UNICAST_HOPS = 16;
export const IPV6_MULTICAST_HOPS = 18;
export const IPV6_MULTICAST_LOOP = 19;
export const IPV6_MTU_DISCOVER = 23;
export const IPV6_V6ONLY = 26;
export const IPV6_MULTICAST_ALL = 29;
export const IPV6_RECVPKTINFO = 49;
export const IPV6_RECVHOPLIMIT = 51;
export const IPV6_TCLASS = 67;
export const IPV6_FREEBIND = 78;

export const ETH_P_IP = 0x0800;
export const ETH_P_ARP = 0x0806;
export const ETH_P_IPV6 = 0x86dd;

/** Layout of a slot and of its integers: see `native/batch.c`. */
const ADDRESSES = 32;
const DESTINATION = 16;
const META_FIELDS = 6;
const META_LENGTH = 0;
const META_IFINDEX = 1;
const META_HOPS = 2;
const META_FAMILY = 3;
const META_RESULT = 4;

/** Sets one option; SystemError names the option and the socket's subject. */
export function setOption(
  fd: number,
  level: number,
  name: number,
  value: number | Uint8Array | string,
  what: string,
): void {
  check("setsockopt", what, native.setOption(fd, level, name, value));
}

/** Asks for a receive buffer of that many bytes, beyond the system's limit where privileges allow it. */
export function enlargeReceiveBuffer(fd: number, bytes: number): void {
  if (native.setOption(fd, SOL_SOCKET, SO_RCVBUFFORCE, bytes) < 0) {
    setOption(fd, SOL_SOCKET, SO_RCVBUF, bytes, "SO_RCVBUF");
  }
}

/** Slots that are filled by one recvmmsg and read in place. */
export class ReceiveBatch {
  readonly slots: number;
  readonly #slotSize: number;
  readonly #buffer: Uint8Array;
  readonly #meta: Int32Array;
  readonly #views: (Uint8Array | undefined)[];
  readonly #cache = new AddressCache();

  /** `slots` up to 64, for messages up to `messageSize` bytes. */
  constructor(slots: number, messageSize: number) {
    assert(slots >= 1 && slots <= 64, "a batch has 1 to 64 slots");
    this.slots = slots;
    this.#slotSize = ADDRESSES + messageSize;
    this.#buffer = new Uint8Array(slots * this.#slotSize);
    this.#meta = new Int32Array(slots * META_FIELDS);
    this.#views = new Array<Uint8Array | undefined>(slots);
  }

  /** How many messages were received, or minus errno. */
  receive(fd: number): number {
    return native.receiveBatch(fd, this.#buffer, this.#slotSize, this.#meta);
  }

  /** The message without its first `skip` bytes; valid until the next {@link receive}. */
  message(slot: number, skip = 0): Uint8Array {
    const start = slot * this.#slotSize + ADDRESSES + skip;
    const length = Math.max(0, this.#field(slot, META_LENGTH) - skip);
    const known = this.#views[slot];
    // Messages of one peer have one length: the view of last time mostly fits.
    if (known !== undefined && known.byteOffset === start && known.length === length) return known;
    const view = this.#buffer.subarray(start, start + length);
    this.#views[slot] = view;
    return view;
  }

  /** Bytes of the IPv4 header the message begins with. */
  ipv4HeaderLength(slot: number): number {
    return readIpv4HeaderLength(this.#buffer, slot * this.#slotSize + ADDRESSES);
  }

  truncated(slot: number): boolean {
    return this.#field(slot, META_RESULT) !== 0;
  }

  /** TTL or hop limit, -1 if the kernel did not say. */
  hopLimit(slot: number): number {
    return this.#field(slot, META_HOPS);
  }

  interfaceIndex(slot: number): number {
    return this.#field(slot, META_IFINDEX);
  }

  source(slot: number): IpAddress {
    return this.#address(slot, 0);
  }

  destination(slot: number): IpAddress {
    return this.#address(slot, DESTINATION);
  }

  #address(slot: number, offset: number): IpAddress {
    const length = this.#field(slot, META_FAMILY) === AF_INET ? 4 : 16;
    return this.#cache.text(this.#buffer, slot * this.#slotSize + offset, length);
  }

  #field(slot: number, field: number): number {
    return this.#meta[slot * META_FIELDS + field] ?? 0;
  }
}

/** Slots that are filled one by one and sent by one sendmmsg. */
export class SendBatch {
  readonly #slots: number;
  readonly #slotSize: number;
  readonly #family: number;
  readonly #buffer: Uint8Array;
  readonly #meta: Int32Array;
  readonly #subjects: IpAddress[] = [];
  readonly #cache = new AddressCache();
  #count = 0;

  constructor(slots: number, messageSize: number, family: IpFamily) {
    assert(slots >= 1 && slots <= 64, "a batch has 1 to 64 slots");
    this.#slots = slots;
    this.#slotSize = ADDRESSES + messageSize;
    this.#family = family === "ipv4" ? AF_INET : AF_INET6;
    this.#buffer = new Uint8Array(slots * this.#slotSize);
    this.#meta = new Int32Array(slots * META_FIELDS);
  }

  get count(): number {
    return this.#count;
  }

  /** Copies a message into the next slot; false if none is free, or the message is too long. Hop limit -1: the socket's. */
  add(payload: Uint8Array, from: IpAddress, to: IpAddress, ifindex: number, hopLimit: number): boolean {
    if (this.#count >= this.#slots || payload.length > this.#slotSize - ADDRESSES) return false;
    const slot = this.#count;
    const start = slot * this.#slotSize;
    this.#buffer.set(present(this.#cache.bytes(from), `bytes of address ${from}`), start);
    this.#buffer.set(present(this.#cache.bytes(to), `bytes of address ${to}`), start + DESTINATION);
    this.#buffer.set(payload, start + ADDRESSES);
    const meta = slot * META_FIELDS;
    this.#meta[meta + META_LENGTH] = payload.length;
    this.#meta[meta + META_IFINDEX] = ifindex;
    this.#meta[meta + META_HOPS] = hopLimit;
    this.#meta[meta + META_FAMILY] = this.#family;
    this.#subjects[slot] = to;
    this.#count++;
    return true;
  }

  /** Sends all slots and empties the batch. The errors of those that failed, in order. */
  send(fd: number, subject: string): readonly OsError[] {
    const count = this.#count;
    this.#count = 0;
    if (count === 0) return NO_ERRORS;
    const sent = native.sendBatch(fd, this.#buffer, this.#slotSize, this.#meta, count);
    if (sent === count) return NO_ERRORS;
    if (sent < 0) return [osError("sendmmsg", subject, sent)];
    const errors: OsError[] = [];
    for (let slot = 0; slot < count; slot++) {
      const result = this.#meta[slot * META_FIELDS + META_RESULT] ?? 0;
      if (result < 0) errors.push(osError("sendmmsg", `${subject} to ${this.#subjects[slot]}`, result));
    }
    return errors;
  }
}

const NO_ERRORS: readonly OsError[] = [];
