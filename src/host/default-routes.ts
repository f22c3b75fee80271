/**
 * The default routes of this host, followed on a netlink socket of their own: a filter in the kernel keeps the changes of
 * all other routes away, of which a router may have very many.
 */
import {
  NETLINK_ROUTE,
  NLM_F_MULTI,
  NLMSG_DONE,
  NLMSG_ERROR,
  RTM_DELROUTE,
  RTM_GETROUTE,
  RTM_NEWROUTE,
  RTMGRP_IPV4_ROUTE,
  RTMGRP_IPV6_ROUTE,
} from "../wire/netlink/constants.ts";
import type { DefaultRoute, NextHop } from "../wire/netlink/default-route.ts";
import { decodeDefaultRoute } from "../wire/netlink/default-route.ts";
import type { NetlinkMessage } from "../wire/netlink/message.ts";
import { encodeDump, splitMessages } from "../wire/netlink/message.ts";
import type { Loop } from "./loop.ts";
import { check, errnoName, native } from "./native.ts";

export interface DefaultRoutes {
  close(): void;
}

const RECEIVE_BUFFER = 1 << 18;
const DATAGRAM = 1 << 16;
const DATAGRAMS_A_TURN = 16;
/** Gateways told of; more than a handful is a mistake. */
const MOST_HOPS = 64;

/** Classic BPF: numbers as in linux/bpf_common.h. Loads are in network byte order, netlink is in the host's. */
const LOAD_BYTE = 0x30;
const JUMP_EQUAL = 0x15;
const JUMP_SET = 0x45;
const RETURN = 0x06;
/** Offsets: low byte of the type, of the flags, and rtm_dst_len. */
const FLAGS = lowByteAt(6);
const DESTINATION_LENGTH = 17;

/** A part of a dump, its end, or a default route. */
const FILTER = Uint32Array.of(
  ...[LOAD_BYTE, 0, 0, FLAGS],
  ...[JUMP_SET, 4, 0, NLM_F_MULTI],
  ...[LOAD_BYTE, 0, 0, lowByteAt(4)],
  ...[JUMP_EQUAL, 2, 0, NLMSG_ERROR],
  ...[LOAD_BYTE, 0, 0, DESTINATION_LENGTH],
  ...[JUMP_EQUAL, 0, 1, 0],
  ...[RETURN, 0, 0, DATAGRAM],
  ...[RETURN, 0, 0, 0],
);

/** Opens the socket and asks for what there is; `listener` is told of all hops whenever they may have changed. */
export function openDefaultRoutes(loop: Loop, listener: (hops: readonly NextHop[]) => void): DefaultRoutes {
  return new KernelDefaultRoutes(loop, listener);
}

class KernelDefaultRoutes implements DefaultRoutes {
  readonly #fd: number;
  readonly #registration: { close(): void };
  readonly #listener: (hops: readonly NextHop[]) => void;
  readonly #buffer = new Uint8Array(DATAGRAM);
  #routes = new Map<string, DefaultRoute>();
  #told = "";
  #sequence = 0;
  #dumping = false;
  #lost = false;
  #open = true;

  constructor(loop: Loop, listener: (hops: readonly NextHop[]) => void) {
    this.#listener = listener;
    const groups = RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE;
    this.#fd = check("netlink", "routes", native.netlinkOpen(NETLINK_ROUTE, groups, RECEIVE_BUFFER));
    check("SO_ATTACH_FILTER", "netlink routes", native.attachFilter(this.#fd, FILTER));
    this.#registration = loop.onReadable(this.#fd, () => this.#read());
    this.#dump();
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#registration.close();
    native.close(this.#fd);
  }

  #dump(): void {
    this.#routes = new Map();
    this.#dumping = true;
    this.#lost = false;
    check("send", "netlink routes", native.send(this.#fd, encodeDump(RTM_GETROUTE, ++this.#sequence)));
  }

  #read(): void {
    for (let taken = 0; this.#open && taken < DATAGRAMS_A_TURN; taken++) {
      const length = native.receive(this.#fd, this.#buffer);
      if (length < 0 && errnoName(length) === "EAGAIN") break;
      if (length < 0 && errnoName(length) !== "ENOBUFS") check("recv", "netlink routes", length);
      if (length < 0 || length > DATAGRAM) this.#lost = true;
      else for (const message of splitMessages(this.#buffer.subarray(0, length))) this.#handle(message);
    }
    if (this.#dumping) return;
    if (this.#lost) this.#dump();
    else this.#tell();
  }

  #handle(message: NetlinkMessage): void {
    if (message.type === NLMSG_DONE || message.type === NLMSG_ERROR) {
      if (message.sequence === this.#sequence) this.#dumping = false;
      return;
    }
    const route = decodeDefaultRoute(message);
    if (route === undefined) return;
    if (message.type === RTM_NEWROUTE) this.#routes.set(route.key, route);
    else if (message.type === RTM_DELROUTE) this.#routes.delete(route.key);
  }

  #tell(): void {
    const hops = [...this.#routes.values()].flatMap((route) => route.hops).slice(0, MOST_HOPS);
    const text = JSON.stringify(hops);
    if (text === this.#told) return;
    this.#told = text;
    this.#listener(hops);
  }
}

/** Where the low byte of a 16-bit field in host order stands. */
function lowByteAt(offset: number): number {
  const isLittle = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
  return isLittle ? offset : offset + 1;
}
