/**
 * Tells when somebody deletes a route or rule that is ours. It has a netlink socket of its own, and only while there is
 * something to watch: the kernel hands it nothing but deletions of routes with our protocol number, so that a full routing
 * table beside us costs nothing.
 */
import type { RoutingModel } from "../model/model.ts";
import {
  NETLINK_ROUTE,
  NLM_F_MULTI,
  NLMSG_DONE,
  NLMSG_ERROR,
  RTM_DELROUTE,
  RTM_DELRULE,
  RTM_GETROUTE,
  RTM_GETRULE,
  RTM_NEWROUTE,
  RTM_NEWRULE,
  RTMGRP_IPV4_ROUTE,
  RTMGRP_IPV4_RULE,
  RTMGRP_IPV6_ROUTE,
  RTMGRP_IPV6_RULE,
  RTPROT_KEEPALIVED,
} from "../wire/netlink/constants.ts";
import type { NetlinkMessage } from "../wire/netlink/message.ts";
import { encodeRoutingDump, splitMessages } from "../wire/netlink/message.ts";
import { decodeRoute } from "../wire/netlink/route.ts";
import { decodeRule } from "../wire/netlink/rule.ts";
import type { Loop, Registration } from "./loop.ts";
import { check, errnoName, native } from "./native.ts";
import type { IndexOf } from "./routing-match.ts";
import { RoutingWatch } from "./routing-match.ts";

const GROUPS = RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE | RTMGRP_IPV4_RULE | RTMGRP_IPV6_RULE;
const DATAGRAM = 1 << 16;
const DATAGRAMS_A_TURN = 16;
const SOL_NETLINK = 270;
/** Lets a dump be filtered by the protocol that made the routes. */
const NETLINK_GET_STRICT_CHK = 12;

/** In this order, one after the other: a socket has one dump at a time. */
const DUMPS = [
  { type: RTM_GETROUTE, family: "ipv4" },
  { type: RTM_GETROUTE, family: "ipv6" },
  { type: RTM_GETRULE, family: "ipv4" },
  { type: RTM_GETRULE, family: "ipv6" },
] as const;

export interface RoutingMonitor {
  /** What is to be watched from now on; without anything the socket is closed. */
  watch(items: readonly RoutingModel[]): void;
  close(): void;
}

/** `ownPort` is the port of our own requests, whose echoes are not told. `removed` gets the key of what is gone. */
export function createRoutingMonitor(
  loop: Loop,
  ownPort: number,
  receiveBuffer: number,
  indexOf: IndexOf,
  removed: (key: string) => void,
): RoutingMonitor {
  return new KernelRoutingMonitor(loop, ownPort, receiveBuffer, indexOf, removed);
}

interface OpenSocket {
  readonly fd: number;
  readonly port: number;
  readonly registration: Registration;
}

class KernelRoutingMonitor implements RoutingMonitor {
  readonly #loop: Loop;
  readonly #ownPort: number;
  readonly #receiveBuffer: number;
  readonly #removed: (key: string) => void;
  readonly #watched: RoutingWatch;
  readonly #buffer = new Uint8Array(DATAGRAM);
  #open: OpenSocket | undefined;
  /** The dump under way, by its place in {@link DUMPS}; undefined for none. */
  #dump: number | undefined;
  #dumpSequence = 0;
  #lost = false;
  #seen = new Set<string>();

  constructor(
    loop: Loop,
    ownPort: number,
    receiveBuffer: number,
    indexOf: IndexOf,
    removed: (key: string) => void,
  ) {
    this.#loop = loop;
    this.#ownPort = ownPort;
    this.#receiveBuffer = receiveBuffer;
    this.#removed = removed;
    this.#watched = new RoutingWatch(indexOf);
  }

  watch(items: readonly RoutingModel[]): void {
    this.#watched.set(items.filter(({ noTrack }) => !noTrack));
    if (this.#watched.size === 0) this.close();
    else this.#open ??= this.#begin();
  }

  close(): void {
    if (this.#open === undefined) return;
    this.#open.registration.close();
    check("close", "routing monitor", native.close(this.#open.fd));
    this.#open = undefined;
    this.#dump = undefined;
    this.#lost = false;
  }

  #begin(): OpenSocket {
    const fd = check(
      "netlink",
      "routing monitor",
      native.netlinkOpen(NETLINK_ROUTE, GROUPS, this.#receiveBuffer),
    );
    const port = check("getsockname", "routing monitor", native.netlinkPort(fd));
    check("SO_ATTACH_FILTER", "routing monitor", native.attachFilter(fd, onlyOurs()));
    // Before Linux 4.20 a dump is simply not filtered.
    native.setOption(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, 1);
    return { fd, port, registration: this.#loop.onReadable(fd, () => this.#read()) };
  }

  #read(): void {
    for (let taken = 0; taken < DATAGRAMS_A_TURN; taken++) {
      const open = this.#open;
      if (open === undefined) return;
      const length = native.receive(open.fd, this.#buffer);
      if (length >= 0 && length <= DATAGRAM) {
        for (const message of splitMessages(this.#buffer.subarray(0, length)))
          this.#handle(message, open.port);
        continue;
      }
      const errno = length < 0 ? errnoName(length) : "ENOBUFS";
      if (errno === "EAGAIN") return;
      if (errno !== "ENOBUFS") check("recv", "routing monitor", length);
      this.#lost = true;
      if (this.#dump === undefined) this.#startDumps();
    }
  }

  #handle(message: NetlinkMessage, port: number): void {
    const isDump = message.port === port && message.sequence === this.#dumpSequence;
    switch (message.type) {
      case NLMSG_DONE:
      case NLMSG_ERROR:
        if (isDump) this.#dumpEnded(message.type === NLMSG_DONE);
        return;
      case RTM_NEWROUTE:
      case RTM_NEWRULE:
        if (isDump) for (const key of this.#keysOf(message)) this.#seen.add(key);
        return;
      case RTM_DELROUTE:
      case RTM_DELRULE:
        if (message.port !== this.#ownPort) for (const key of this.#keysOf(message)) this.#removed(key);
        return;
    }
  }

  #keysOf(message: NetlinkMessage): readonly string[] {
    const route = decodeRoute(message);
    if (route !== undefined) return this.#watched.matchRoute(route);
    const rule = decodeRule(message);
    return rule === undefined ? [] : this.#watched.matchRule(rule);
  }

  /** Messages were lost: what the tables lack has gone meanwhile. */
  #startDumps(): void {
    this.#lost = false;
    this.#seen = new Set();
    this.#startDump(0);
  }

  #startDump(place: number): void {
    const { type, family } = DUMPS[place] ?? DUMPS[0];
    this.#dump = place;
    this.#dumpSequence++;
    const protocol = type === RTM_GETROUTE ? RTPROT_KEEPALIVED : 0;
    const request = encodeRoutingDump(type, family, protocol, this.#dumpSequence);
    if (this.#open !== undefined) check("send", "routing monitor", native.send(this.#open.fd, request));
  }

  #dumpEnded(complete: boolean): void {
    const next = (this.#dump ?? 0) + 1;
    this.#dump = undefined;
    if (!complete || this.#lost) {
      this.#startDumps();
    } else if (next < DUMPS.length) {
      this.#startDump(next);
    } else {
      for (const key of this.#watched.keys()) if (!this.#seen.has(key)) this.#removed(key);
    }
  }
}

/**
 * A socket filter that drops what is said of other people's routes: takes all but route messages, the parts of a dump, and
 * deletions of routes with our protocol number. Bytes at their place in struct nlmsghdr and struct rtmsg.
 */
function onlyOurs(): Uint32Array {
  const LOAD_HALF = 0x28;
  const LOAD_BYTE = 0x30;
  const JUMP_EQUAL = 0x15;
  const JUMP_ANY_BIT = 0x45;
  const RETURN = 0x06;
  const isLittle = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
  const inNetworkOrder = (value: number): number => (isLittle ? ((value & 0xff) << 8) | (value >> 8) : value);
  return Uint32Array.from(
    [
      [LOAD_HALF, 0, 0, 4],
      [JUMP_EQUAL, 3, 0, inNetworkOrder(RTM_DELROUTE)],
      [JUMP_EQUAL, 0, 5, inNetworkOrder(RTM_NEWROUTE)],
      [LOAD_HALF, 0, 0, 6],
      [JUMP_ANY_BIT, 3, 2, inNetworkOrder(NLM_F_MULTI)],
      [LOAD_BYTE, 0, 0, 21],
      [JUMP_EQUAL, 1, 0, RTPROT_KEEPALIVED],
      [RETURN, 0, 0, 0],
      [RETURN, 0, 0, 0xffff_ffff],
    ].flat(),
  );
}
