/**
 * The kernel's interfaces and addresses: a monitor that tells every change, and changes of our own, of routes and rules
 * too, through the addon's writer thread, so that a kernel that is slow to answer (94 ms while somebody holds its rtnl lock) never
 * holds up the loop.
 */
import type { OsError } from "../base/result.ts";
import type { RoutingModel } from "../model/model.ts";
import { decodeAddress, encodeAddAddress, encodeRemoveAddress } from "../wire/netlink/address.ts";
import {
  NETLINK_ROUTE,
  NLM_F_DUMP_INTR,
  NLMSG_DONE,
  NLMSG_ERROR,
  RTM_DELADDR,
  RTM_DELLINK,
  RTM_GETADDR,
  RTM_GETLINK,
  RTM_NEWADDR,
  RTM_NEWLINK,
  RTMGRP_IPV4_IFADDR,
  RTMGRP_IPV6_IFADDR,
  RTMGRP_LINK,
} from "../wire/netlink/constants.ts";
import type { AddressFact, AddressRequest, LinkFact } from "../wire/netlink/facts.ts";
import { decodeLink } from "../wire/netlink/link.ts";
import type { NetlinkMessage } from "../wire/netlink/message.ts";
import { decodeAcknowledgement, encodeDump, splitMessages } from "../wire/netlink/message.ts";
import { encodeRouting } from "./encode-routing.ts";
import type { Loop, Registration } from "./loop.ts";
import { check, errnoName, native } from "./native.ts";
import { EchoFilter } from "./netlink-echo.ts";
import type { TableEvent } from "./netlink-table.ts";
import { NetlinkTable } from "./netlink-table.ts";
import type { NetlinkWriter } from "./netlink-writer.ts";
import { openNetlinkWriter } from "./netlink-writer.ts";
import type { RoutingMonitor } from "./routing-monitor.ts";
import { createRoutingMonitor } from "./routing-monitor.ts";
import { interfaceIndex } from "./system.ts";

export type NetlinkEvent =
  | TableEvent
  /** Somebody else has deleted a route or rule that is watched. */
  | { readonly kind: "RoutingRemoved"; readonly item: string }
  /** Everything there is has been told, the first time or again after the kernel dropped messages. */
  | { readonly kind: "Synchronised"; readonly afterLoss: boolean };

/** Called once, from the loop, with undefined on success. */
export type ChangeDone = (error: OsError | undefined) => void;

export interface Netlink {
  /** Whether the first dump is complete. */
  readonly synchronised: boolean;
  linkByName(name: string): LinkFact | undefined;
  linkByIndex(index: number): LinkFact | undefined;
  /** Index of an interface that was renamed from this name. */
  formerIndex(name: string): number | undefined;
  links(): readonly LinkFact[];
  addresses(): readonly AddressFact[];
  /** Adds, or replaces lifetime and flags of, an address. One that exists already counts as done. */
  addAddress(request: AddressRequest, done: ChangeDone): void;
  /** One that is gone already, or whose interface is, counts as done. */
  removeAddress(request: AddressRequest, done: ChangeDone): void;
  /** Adds or removes a route or rule. One that is there, or gone, already counts as done. */
  changeRouting(operation: "add" | "remove", item: RoutingModel, done: ChangeDone): void;
  /** Tells from now on, as `RoutingRemoved`, when others delete one of these. */
  watchRouting(items: readonly RoutingModel[]): void;
  /**
   * Any other request, in order with the rest. What the kernel said of it until then has been told before `done`. The
   * builder gets the sequence number that its message must carry.
   */
  request(call: string, subject: string, build: (sequence: number) => Uint8Array, done: ChangeDone): void;
  /** Requests that were submitted and not answered yet. */
  pending(): number;
  /** Requests for changes submitted so far. */
  submitted(): number;
  close(): void;
}

export interface NetlinkOptions {
  /** Bytes of each monitor's receive buffer; default 1 MiB. */
  readonly receiveBuffer?: number;
  /** Requests that may wait for the writer thread; one more fails with ENOBUFS. Default 4096. */
  readonly queueLimit?: number;
}

const DEFAULT_RECEIVE_BUFFER = 1 << 20;
const DEFAULT_QUEUE_LIMIT = 4096;
/** The kernel's dumps come in datagrams of up to 32 KiB. */
const DATAGRAM = 1 << 16;
/** Datagrams taken before other work of the loop gets its turn. */
const DATAGRAMS_A_TURN = 16;
/** Failures of a dump that pass by themselves. */
const PASSING: readonly string[] = ["EBUSY", "EINTR", "ENOBUFS"];
const ALREADY_THERE: readonly string[] = ["EEXIST"];
const ALREADY_GONE: readonly string[] = ["EADDRNOTAVAIL", "ENODEV"];
const ROUTING_GONE: readonly string[] = ["ESRCH", "ENOENT", "ENODEV"];

/**
 * Opens monitor and writer in the network namespace of the calling thread and starts the first dump; `listener` is
 * told of everything that is there, then `Synchronised`, then every change. Throws SystemError.
 */
export function openNetlink(
  loop: Loop,
  listener: (event: NetlinkEvent) => void,
  options: NetlinkOptions = {},
): Netlink {
  return new KernelNetlink(loop, listener, options);
}

class KernelNetlink implements Netlink {
  readonly #fd: number;
  readonly #port: number;
  readonly #registration: Registration;
  readonly #writer: NetlinkWriter;
  readonly #buffer = new Uint8Array(DATAGRAM);
  readonly #table: NetlinkTable;
  readonly #echoes: EchoFilter;
  readonly #routing: RoutingMonitor;
  readonly #listener: (event: NetlinkEvent) => void;
  #open = true;
  #synchronised = false;
  /** What the monitor socket is being asked for, or nothing. */
  #dump:
    | { readonly kind: "links" | "addresses"; readonly sequence: number; interrupted: boolean }
    | undefined;
  #dumpSequence = 0;
  #lost = false;
  #afterLoss = false;

  constructor(loop: Loop, listener: (event: NetlinkEvent) => void, options: NetlinkOptions) {
    this.#listener = listener;
    this.#table = new NetlinkTable((event) => {
      if (this.#open) listener(event);
    });
    const groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR;
    const size = options.receiveBuffer ?? DEFAULT_RECEIVE_BUFFER;
    this.#fd = check("netlink", "monitor", native.netlinkOpen(NETLINK_ROUTE, groups, size));
    this.#port = check("getsockname", "netlink monitor", native.netlinkPort(this.#fd));
    this.#writer = openNetlinkWriter(loop, options.queueLimit ?? DEFAULT_QUEUE_LIMIT);
    this.#echoes = new EchoFilter(this.#writer.port);
    this.#routing = createRoutingMonitor(loop, this.#writer.port, size, this.#indexOf, (item) => {
      if (this.#open) listener({ kind: "RoutingRemoved", item });
    });
    this.#registration = loop.onReadable(this.#fd, () => this.#read(DATAGRAMS_A_TURN));
    this.#startDump("links");
  }

  /** Requests of a warm start come before the tables have been read. */
  readonly #indexOf = (name: string): number | undefined => {
    const known = this.#table.linkByName(name)?.index;
    return known === undefined && !this.#synchronised ? interfaceIndex(name) : known;
  };

  get synchronised(): boolean {
    return this.#synchronised;
  }

  linkByName(name: string): LinkFact | undefined {
    return this.#table.linkByName(name);
  }

  formerIndex(name: string): number | undefined {
    return this.#table.formerIndex(name);
  }

  linkByIndex(index: number): LinkFact | undefined {
    return this.#table.linkByIndex(index);
  }

  links(): readonly LinkFact[] {
    return this.#table.links();
  }

  addresses(): readonly AddressFact[] {
    return this.#table.addresses();
  }

  addAddress(request: AddressRequest, done: ChangeDone): void {
    const sequence = this.#writer.nextSequence();
    const bytes = encodeAddAddress(request, sequence);
    this.#change("add", request, sequence, bytes, ALREADY_THERE, done);
  }

  removeAddress(request: AddressRequest, done: ChangeDone): void {
    const sequence = this.#writer.nextSequence();
    const bytes = encodeRemoveAddress(request, sequence);
    this.#change("remove", request, sequence, bytes, ALREADY_GONE, done);
  }

  changeRouting(operation: "add" | "remove", item: RoutingModel, done: ChangeDone): void {
    const sequence = this.#writer.nextSequence();
    const encoded = encodeRouting(operation, item, this.#indexOf, sequence);
    if (encoded.bytes === undefined) {
      // A route by way of an interface that is gone is gone as well. The answer must not come within the call.
      const error = operation === "add" ? encoded.error : undefined;
      queueMicrotask(() => this.#open && done(error));
      return;
    }
    const harmless = operation === "add" ? ALREADY_THERE : ROUTING_GONE;
    this.#writer.submit(encoded.call, item.key, sequence, encoded.bytes, (error) =>
      done(error !== undefined && harmless.includes(error.errno) ? undefined : error),
    );
  }

  watchRouting(items: readonly RoutingModel[]): void {
    this.#routing.watch(items);
  }

  request(call: string, subject: string, build: (sequence: number) => Uint8Array, done: ChangeDone): void {
    const sequence = this.#writer.nextSequence();
    this.#writer.submit(call, subject, sequence, build(sequence), (error) => {
      this.#read(Number.POSITIVE_INFINITY);
      done(error);
    });
  }

  pending(): number {
    return this.#writer.pending();
  }

  submitted(): number {
    return this.#writer.submitted();
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#routing.close();
    this.#registration.close();
    check("close", "netlink monitor", native.close(this.#fd));
    this.#writer.close();
  }

  #change(
    operation: "add" | "remove",
    request: AddressRequest,
    sequence: number,
    bytes: Uint8Array,
    harmless: readonly string[],
    done: ChangeDone,
  ): void {
    const name = this.#table.linkByIndex(request.index)?.name ?? `interface ${request.index}`;
    const subject = `${request.address}/${request.prefixLength} dev ${name}`;
    const call = operation === "add" ? "RTM_NEWADDR" : "RTM_DELADDR";
    this.#echoes.expect(operation, request, sequence);
    this.#writer.submit(call, subject, sequence, bytes, (error) => {
      // The notification was queued before the acknowledgement: what the monitor holds now includes it.
      this.#read(Number.POSITIVE_INFINITY);
      this.#echoes.forget(sequence, error === undefined);
      done(error !== undefined && harmless.includes(error.errno) ? undefined : error);
    });
  }

  /** Takes up to `limit` datagrams from the monitor. */
  #read(limit: number): void {
    for (let taken = 0; this.#open && taken < limit; taken++) {
      const length = native.receive(this.#fd, this.#buffer);
      if (length < 0) {
        const errno = errnoName(length);
        if (errno === "EAGAIN") return;
        if (errno !== "ENOBUFS") check("recv", "netlink monitor", length);
        this.#resynchronise();
      } else if (length > DATAGRAM) {
        this.#resynchronise();
      } else {
        for (const message of splitMessages(this.#buffer.subarray(0, length))) this.#handle(message);
      }
    }
  }

  /** Notifications were lost (a dump's parts never are): everything is dumped again, at once or after that dump. */
  #resynchronise(): void {
    this.#lost = true;
    if (this.#dump === undefined) this.#startDump("links");
  }

  #startDump(kind: "links" | "addresses"): void {
    if (kind === "links") {
      this.#afterLoss = this.#lost;
      this.#lost = false;
      this.#table.beginRefresh();
    }
    this.#dumpSequence++;
    this.#dump = { kind, sequence: this.#dumpSequence, interrupted: false };
    const request = encodeDump(kind === "links" ? RTM_GETLINK : RTM_GETADDR, this.#dumpSequence);
    const sent = native.send(this.#fd, request);
    if (sent < 0) check("send", "netlink monitor", sent);
  }

  #handle(message: NetlinkMessage): void {
    const isDump = message.port === this.#port;
    if (isDump && (message.flags & NLM_F_DUMP_INTR) !== 0 && this.#dump?.sequence === message.sequence) {
      this.#dump.interrupted = true;
    }
    switch (message.type) {
      case NLMSG_DONE:
      case NLMSG_ERROR:
        if (isDump && this.#dump?.sequence === message.sequence) this.#dumpEnded(message);
        return;
      case RTM_NEWLINK:
      case RTM_DELLINK: {
        const link = decodeLink(message);
        if (link === undefined) return;
        if (message.type === RTM_NEWLINK) this.#table.putLink(link);
        else this.#table.removeLink(link.index);
        return;
      }
      case RTM_NEWADDR:
      case RTM_DELADDR: {
        const address = decodeAddress(message);
        if (address === undefined) return;
        const operation = message.type === RTM_NEWADDR ? "add" : "remove";
        const origin = !isDump && this.#echoes.isEcho(operation, message, address) ? "self" : "other";
        if (operation === "add") this.#table.putAddress(address, origin);
        else {
          const along = origin === "other" && !isDump && this.#echoes.isCausedByUs(message);
          this.#table.removeAddress(address, along ? "along" : origin);
        }
        return;
      }
    }
  }

  #dumpEnded(message: NetlinkMessage): void {
    const errno = decodeAcknowledgement(message)?.errno ?? 0;
    const ended = this.#dump;
    this.#dump = undefined;
    if (errno !== 0 && !PASSING.includes(errnoName(errno))) check("dump", "netlink monitor", -errno);
    if (errno !== 0 || this.#lost || ended?.interrupted) {
      this.#lost ||= this.#afterLoss;
      this.#startDump("links");
    } else if (ended?.kind === "links") {
      this.#startDump("addresses");
    } else {
      this.#table.endRefresh();
      this.#synchronised = true;
      this.#listener({ kind: "Synchronised", afterLoss: this.#afterLoss });
    }
  }
}
