/**
 * A raw socket for IP protocol 112 on one interface and family. The kernel writes the IP header: TTL 255, traffic
 * class 0xC0 (internetwork control), no DF bit, source address as asked for. For IPv6 it also fills in and verifies the
 * checksum at offset 6. For protocol 51 (IPv4 only) whole packets are sent, since the sender signs the IP header.
 */

import { present } from "../base/assert.ts";
import type { IpAddress, IpFamily } from "../base/ip.ts";
import { ipToBytes } from "../base/ip.ts";
import type { OsError } from "../base/result.ts";
import { AH_PROTOCOL } from "../wire/ah.ts";
import { VRRP_PROTOCOL } from "../wire/vrrp.ts";
import type { Loop } from "./loop.ts";
import { check, errnoName, native, osError } from "./native.ts";
import {
  AF_INET,
  AF_INET6,
  enlargeReceiveBuffer,
  IP_FREEBIND,
  IP_HDRINCL,
  IP_MTU_DISCOVER,
  IP_MULTICAST_ALL,
  IP_MULTICAST_LOOP,
  IP_MULTICAST_TTL,
  IP_PKTINFO,
  IP_PMTUDISC_DONT,
  IP_RECVTTL,
  IP_TOS,
  IP_TTL,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPV6_CHECKSUM,
  IPV6_FREEBIND,
  IPV6_MULTICAST_ALL,
  IPV6_MULTICAST_HOPS,
  IPV6_MULTICAST_LOOP,
  IPV6_RECVHOPLIMIT,
  IPV6_RECVPKTINFO,
  IPV6_TCLASS,
  IPV6_UNICAST_HOPS,
  ReceiveBatch,
  SendBatch,
  SO_BINDTODEVICE,
  SO_PRIORITY,
  SOCK_RAW,
  SOL_SOCKET,
  setOption,
} from "./socket.ts";

/** One received packet, as the engine takes it; the same object and buffer are used again for the next one. */
export interface ReceivedVrrp {
  readonly kind: "PacketReceived";
  readonly interface: string;
  readonly family: IpFamily;
  readonly source: IpAddress;
  readonly destination: IpAddress;
  /** TTL or hop limit. */
  readonly hopLimit: number;
  /** The message after the IP header. */
  readonly payload: Uint8Array;
  /** The kernel has verified the checksum: IPv6. (It drops bad ones itself.) */
  readonly checksumVerified: boolean;
  /** Protocol 51 only. */
  readonly ipHeader?: Uint8Array;
}

export interface VrrpSocketOptions {
  /** Empty: any interface, and only what is sent to `source`, which need not be there yet. */
  readonly interface: string;
  readonly index: number;
  readonly family: IpFamily;
  /** False for an interface that is only sent from, with the address of another one: it joins no group. Default true. */
  readonly receives?: boolean;
  readonly source?: IpAddress;
  /** The VRF of a socket without interface. */
  readonly vrf?: string | undefined;
  /** Protocol 51 rather than 112. */
  readonly ah?: boolean;
  /** Default 224.0.0.18 or ff02::12; none for unicast alone. */
  readonly multicastGroups?: readonly IpAddress[];
  /** Told what reading failed with (ENETDOWN when the interface goes down): the socket stays open. */
  readonly onError?: (error: OsError) => void;
}

export interface VrrpSocket {
  /**
   * Sends one message at once; undefined on success. The checksum of IPv6 is filled in by the kernel, whatever stands
   * there; that of IPv4 is the caller's. Hop limit -1 is 255.
   */
  send(payload: Uint8Array, from: IpAddress, to: IpAddress, hopLimit: number): OsError | undefined;
  /** Puts one message into the batch that {@link flush} sends with one system call. False if the batch is full. */
  queue(payload: Uint8Array, from: IpAddress, to: IpAddress, hopLimit: number): boolean;
  /** Sends what was queued; the errors, in order, of those that failed. */
  flush(): readonly OsError[];
  /** Joins the groups that are new and leaves those that are no longer wanted. Throws SystemError. */
  setGroups(groups: readonly IpAddress[]): void;
  close(): void;
}

const GROUPS: Readonly<Record<IpFamily, IpAddress>> = { ipv4: "224.0.0.18", ipv6: "ff02::12" };
/** Internetwork control (RFC 2474's class selector 6). */
const TRAFFIC_CLASS = 0xc0;
const CHECKSUM_OFFSET = 6;
/** The highest that needs no privilege. */
const QUEUE_PRIORITY = 6;
/** 255 IPv6 addresses, header and trailer fit. */
const MESSAGE_SIZE = 4608;
const RECEIVE_SLOTS = 32;
const SEND_SLOTS = 32;
const RECEIVE_BUFFER = 1 << 20;

/**
 * Opens, binds to the interface and joins the group. Throws SystemError. After the interface was deleted and made
 * again (another index), close it and open a new one.
 */
export function openVrrpSocket(
  loop: Loop,
  options: VrrpSocketOptions,
  onPacket: (packet: ReceivedVrrp) => void,
): VrrpSocket {
  const { family, index } = options;
  const subject = `VRRP socket ${options.interface} ${family}`;
  const domain = family === "ipv4" ? AF_INET : AF_INET6;
  const fd = check(
    "socket",
    subject,
    native.socket(domain, SOCK_RAW, options.ah === true ? AH_PROTOCOL : VRRP_PROTOCOL),
  );
  try {
    configure(fd, options, subject);
  } catch (error) {
    native.close(fd);
    throw error;
  }
  let joined = options.multicastGroups ?? [GROUPS[family]];
  const receiver = new ReceiveBatch(RECEIVE_SLOTS, MESSAGE_SIZE);
  const single = new SendBatch(1, MESSAGE_SIZE, family);
  let queued: SendBatch | undefined;
  let open = true;
  const packet: Writable<ReceivedVrrp> = {
    kind: "PacketReceived",
    interface: options.interface,
    family,
    source: "",
    destination: "",
    hopLimit: 0,
    payload: NO_BYTES,
    checksumVerified: family === "ipv6",
  };
  const registration = loop.onReadable(fd, () => {
    const count = receiver.receive(fd);
    if (count < 0 && errnoName(count) !== "EAGAIN") options.onError?.(osError("recvmmsg", subject, count));
    for (let slot = 0; slot < count && open; slot++) {
      describe(receiver, slot, packet, options.ah === true);
      onPacket(packet);
    }
  });
  return {
    send(payload, from, to, hopLimit) {
      if (!single.add(payload, from, to, index, hopLimit)) return osError("sendmmsg", subject, EMSGSIZE);
      return single.send(fd, subject)[0];
    },
    queue(payload, from, to, hopLimit) {
      queued ??= new SendBatch(SEND_SLOTS, MESSAGE_SIZE, family);
      return queued.add(payload, from, to, index, hopLimit);
    },
    flush: () => queued?.send(fd, subject) ?? [],
    setGroups(groups) {
      for (const group of groups) if (!joined.includes(group)) changeGroup(fd, "join", group, index, subject);
      for (const group of joined)
        if (!groups.includes(group)) changeGroup(fd, "leave", group, index, subject);
      joined = groups;
    },
    close() {
      if (!open) return;
      open = false;
      registration.close();
      check("close", subject, native.close(fd));
    },
  };
}
const EMSGSIZE = 90;

function configure(fd: number, options: VrrpSocketOptions, subject: string): void {
  const { interface: name, family, index, source } = options;
  const device = name === "" ? options.vrf : name;
  if (device !== undefined) setOption(fd, SOL_SOCKET, SO_BINDTODEVICE, device, `${subject} SO_BINDTODEVICE`);
  setOption(fd, SOL_SOCKET, SO_PRIORITY, QUEUE_PRIORITY, `${subject} SO_PRIORITY`);
  enlargeReceiveBuffer(fd, RECEIVE_BUFFER);
  if (family === "ipv4") configureIpv4(fd, subject, options.ah === true);
  else configureIpv6(fd, subject);
  if (name === "") {
    bindToSource(fd, family, present(source, "a source address"), subject);
    return;
  }
  const domain = family === "ipv4" ? AF_INET : AF_INET6;
  check("setsockopt", `${subject} MULTICAST_IF`, native.setMulticastInterface(fd, domain, index));
  if (options.receives === false) {
    if (family === "ipv6") setOption(fd, IPPROTO_IPV6, IPV6_FREEBIND, 1, `${subject} IPV6_FREEBIND`);
    return;
  }
  for (const group of options.multicastGroups ?? [GROUPS[family]])
    changeGroup(fd, "join", group, index, subject);
}

function bindToSource(fd: number, family: IpFamily, source: IpAddress, subject: string): void {
  const [level, option] = family === "ipv4" ? [IPPROTO_IP, IP_FREEBIND] : [IPPROTO_IPV6, IPV6_FREEBIND];
  setOption(fd, level, option, 1, `${subject} FREEBIND`);
  const bytes = present(ipToBytes(source), `bytes of address ${source}`);
  check("bind", `${subject} ${source}`, native.bindInet(fd, bytes, 0, 0));
}

function changeGroup(
  fd: number,
  change: "join" | "leave",
  group: IpAddress,
  index: number,
  subject: string,
): void {
  const bytes = present(ipToBytes(group), `bytes of address ${group}`);
  const result = change === "join" ? native.joinGroup(fd, bytes, index) : native.leaveGroup(fd, bytes, index);
  check("setsockopt", `${subject} ${change} ${group}`, result);
}

function configureIpv4(fd: number, subject: string, ah: boolean): void {
  const settings: readonly (readonly [number, number])[] = [
    [IP_MULTICAST_ALL, 0],
    [IP_MULTICAST_LOOP, 0],
    [IP_MULTICAST_TTL, 255],
    [IP_TTL, 255],
    [IP_TOS, TRAFFIC_CLASS],
    [IP_MTU_DISCOVER, IP_PMTUDISC_DONT],
    [IP_PKTINFO, 1],
    [IP_RECVTTL, 1],
    [IP_HDRINCL, ah ? 1 : 0],
  ];
  for (const [name, value] of settings)
    setOption(fd, IPPROTO_IP, name, value, `${subject} IP option ${name}`);
}

function configureIpv6(fd: number, subject: string): void {
  const settings: readonly (readonly [number, number])[] = [
    [IPV6_MULTICAST_ALL, 0],
    [IPV6_MULTICAST_LOOP, 0],
    [IPV6_MULTICAST_HOPS, 255],
    [IPV6_UNICAST_HOPS, 255],
    [IPV6_TCLASS, TRAFFIC_CLASS],
    [IPV6_CHECKSUM, CHECKSUM_OFFSET],
    [IPV6_RECVPKTINFO, 1],
    [IPV6_RECVHOPLIMIT, 1],
  ];
  for (const [name, value] of settings) {
    setOption(fd, IPPROTO_IPV6, name, value, `${subject} IPv6 option ${name}`);
  }
}

function describe(batch: ReceiveBatch, slot: number, packet: Writable<ReceivedVrrp>, ah: boolean): void {
  packet.source = batch.source(slot);
  packet.destination = batch.destination(slot);
  packet.hopLimit = batch.hopLimit(slot);
  // An IPv4 raw socket delivers the IP header too.
  const header = packet.family === "ipv4" ? batch.ipv4HeaderLength(slot) : 0;
  if (ah) packet.ipHeader = batch.message(slot).slice(0, header);
  packet.payload = batch.message(slot, header);
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };
const NO_BYTES = new Uint8Array(0);
