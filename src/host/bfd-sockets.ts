/**
 * UDP sockets for BFD: one that listens for each port and family in use (RFC 5881 section 4, RFC 5883 section 5), and a
 * connected one for each session, whose source port is of the dynamic range. Decides nothing: a socket that could not be
 * opened is asked for again with the next packet, and told of once until it works.
 */
import { randomInt } from "node:crypto";
import { present } from "../base/assert.ts";
import type { IpAddress, IpFamily } from "../base/ip.ts";
import { ipToBytes } from "../base/ip.ts";
import type { OsError } from "../base/result.ts";
import type { BfdPacketReceived } from "../bfd/input.ts";
import type { BfdModel } from "../model/model.ts";
import type { Loop } from "./loop.ts";
import { check, errnoName, native, osError, SystemError } from "./native.ts";
import {
  AF_INET,
  AF_INET6,
  enlargeReceiveBuffer,
  IP_PKTINFO,
  IP_RECVTTL,
  IP_TOS,
  IP_TTL,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPV6_RECVHOPLIMIT,
  IPV6_RECVPKTINFO,
  IPV6_TCLASS,
  IPV6_UNICAST_HOPS,
  IPV6_V6ONLY,
  ReceiveBatch,
  SO_PRIORITY,
  SOCK_DGRAM,
  SOL_SOCKET,
  setOption,
} from "./socket.ts";

export interface BfdSocketsListener {
  packet(packet: BfdPacketReceived): void;
  /** The system refused a socket or a packet. */
  trouble(error: OsError): void;
}

/** What the sockets need to know of interfaces. */
export interface BfdInterfaces {
  nameOf(index: number): string | undefined;
  /** Index of the interface that has the address. */
  withAddress(address: IpAddress): number | undefined;
}

const PORT = { single: 3784, multihop: 4784 } as const;
const FIRST_SOURCE_PORT = 49_152;
const LAST_SOURCE_PORT = 65_535;
/** Ports that may be taken before one is free. */
const PORT_CHOICES = 8;
/** Internetwork control, as for VRRP. */
const TRAFFIC_CLASS = 0xc0;
const QUEUE_PRIORITY = 6;
const RECEIVE_SLOTS = 16;
/** An authenticated packet, which is dropped, may have this much. */
const MESSAGE_SIZE = 256;
const RECEIVE_BUFFER = 1 << 18;
const EADDRINUSE = -98;
const ECONNREFUSED = -111;
/** The packet is lost; the socket is as good as before. */
const PASSING: readonly string[] = ["EAGAIN", "ENOBUFS", "ECONNREFUSED", "EPERM"];

interface Receiver {
  readonly family: IpFamily;
  readonly multihop: boolean;
  close(): void;
}

interface Sender {
  readonly model: BfdModel;
  fd: number | undefined;
}

export class BfdSockets {
  readonly #loop: Loop;
  readonly #interfaces: BfdInterfaces;
  readonly #listener: BfdSocketsListener;
  #models: readonly BfdModel[] = [];
  readonly #receivers: Receiver[] = [];
  readonly #senders = new Map<string, Sender>();
  /** Subjects of troubles that were told of. */
  readonly #told = new Set<string>();

  constructor(loop: Loop, interfaces: BfdInterfaces, listener: BfdSocketsListener) {
    this.#loop = loop;
    this.#interfaces = interfaces;
    this.#listener = listener;
  }

  /** Opens what these sessions need. A session whose path differs gets another socket; the rest is not touched. */
  configure(models: readonly BfdModel[]): void {
    this.#models = models;
    const wanted = new Map(models.map((model) => [model.name, model]));
    for (const [name, sender] of this.#senders) {
      const next = wanted.get(name);
      if (next !== undefined && isSameSender(sender.model, next)) continue;
      closeSender(sender);
      this.#senders.delete(name);
    }
    for (const model of models) {
      if (!this.#senders.has(model.name)) this.#senders.set(model.name, { model, fd: undefined });
    }
    for (const receiver of this.#receivers.splice(0)) {
      if (models.some((model) => isFor(receiver, model))) this.#receivers.push(receiver);
      else receiver.close();
    }
    this.#listen();
  }

  send(session: string, payload: Uint8Array): void {
    const sender = this.#senders.get(session);
    if (sender === undefined) return;
    this.#listen();
    const subject = `BFD session ${session}`;
    if (sender.fd === undefined && !this.#try(subject, () => this.#open(sender, subject))) return;
    if (sender.fd === undefined) return;
    let sent = native.send(sender.fd, payload);
    // A refusal of an earlier packet is reported once, in place of sending this one.
    if (sent === ECONNREFUSED) sent = native.send(sender.fd, payload);
    if (sent >= 0) {
      this.#told.delete(subject);
      return;
    }
    if (!PASSING.includes(errnoName(sent))) closeSender(sender);
    if (sent !== ECONNREFUSED) this.#tell(osError("send", subject, sent));
  }

  close(): void {
    for (const receiver of this.#receivers.splice(0)) receiver.close();
    for (const sender of this.#senders.values()) closeSender(sender);
    this.#senders.clear();
  }

  #listen(): void {
    for (const model of this.#models) {
      if (this.#receivers.some((receiver) => isFor(receiver, model))) continue;
      const port = model.multihop ? PORT.multihop : PORT.single;
      this.#try(`BFD port ${port} ${model.family}`, () => {
        this.#receivers.push(this.#openReceiver(model.family, model.multihop, port));
      });
    }
  }

  #openReceiver(family: IpFamily, multihop: boolean, port: number): Receiver {
    const subject = `BFD port ${port} ${family}`;
    const fd = check("socket", subject, native.socket(domainOf(family), SOCK_DGRAM, 0));
    try {
      configureReceiver(fd, family, subject);
      const any = new Uint8Array(family === "ipv4" ? 4 : 16);
      check("bind", subject, native.bindInet(fd, any, port, 0));
    } catch (error) {
      native.close(fd);
      throw error;
    }
    const batch = new ReceiveBatch(RECEIVE_SLOTS, MESSAGE_SIZE);
    let open = true;
    const registration = this.#loop.onReadable(fd, () => {
      const count = batch.receive(fd);
      if (count < 0 && errnoName(count) !== "EAGAIN") this.#tell(osError("recvmmsg", subject, count));
      for (let slot = 0; slot < count && open; slot++) this.#deliver(batch, slot, multihop);
    });
    return {
      family,
      multihop,
      close() {
        if (!open) return;
        open = false;
        registration.close();
        check("close", subject, native.close(fd));
      },
    };
  }

  #deliver(batch: ReceiveBatch, slot: number, multihop: boolean): void {
    this.#listener.packet({
      kind: "PacketReceived",
      multihop,
      interface: this.#interfaces.nameOf(batch.interfaceIndex(slot)),
      source: batch.source(slot),
      destination: batch.destination(slot),
      hopLimit: batch.hopLimit(slot),
      payload: batch.message(slot),
    });
  }

  #open(sender: Sender, subject: string): void {
    const { model } = sender;
    const fd = check("socket", subject, native.socket(domainOf(model.family), SOCK_DGRAM, 0));
    try {
      configureSender(fd, model, subject);
      const scope = this.#scopeOf(model);
      bindSourcePort(fd, model, scope, subject);
      const port = model.multihop ? PORT.multihop : PORT.single;
      const neighbour = bytesOf(model.neighbour);
      check("connect", `${subject} to ${model.neighbour}`, native.connectInet(fd, neighbour, port, scope));
    } catch (error) {
      native.close(fd);
      throw error;
    }
    sender.fd = fd;
  }

  /** Interface index, which the kernel looks at for link-local addresses only. */
  #scopeOf(model: BfdModel): number {
    if (model.interface !== undefined) return Math.max(0, native.interfaceIndex(model.interface));
    if (model.family === "ipv4" || model.source === undefined) return 0;
    return this.#interfaces.withAddress(model.source) ?? 0;
  }

  /** Whether it could be done. */
  #try(subject: string, action: () => void): boolean {
    try {
      action();
      return true;
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      this.#tell({ ...error.osError, subject });
      return false;
    }
  }

  #tell(error: OsError): void {
    if (this.#told.has(error.subject)) return;
    this.#told.add(error.subject);
    this.#listener.trouble(error);
  }
}

function isFor(receiver: Receiver, model: BfdModel): boolean {
  return receiver.family === model.family && receiver.multihop === model.multihop;
}

function isSameSender(a: BfdModel, b: BfdModel): boolean {
  return (
    a.neighbour === b.neighbour &&
    a.source === b.source &&
    a.interface === b.interface &&
    a.multihop === b.multihop &&
    a.hopLimit === b.hopLimit
  );
}

function closeSender(sender: Sender): void {
  if (sender.fd !== undefined) native.close(sender.fd);
  sender.fd = undefined;
}

function domainOf(family: IpFamily): number {
  return family === "ipv4" ? AF_INET : AF_INET6;
}

function bytesOf(address: IpAddress): Uint8Array {
  return present(ipToBytes(address), `bytes of address ${address}`);
}

function configureReceiver(fd: number, family: IpFamily, subject: string): void {
  enlargeReceiveBuffer(fd, RECEIVE_BUFFER);
  if (family === "ipv4") {
    setOption(fd, IPPROTO_IP, IP_PKTINFO, 1, `${subject} IP_PKTINFO`);
    setOption(fd, IPPROTO_IP, IP_RECVTTL, 1, `${subject} IP_RECVTTL`);
    return;
  }
  setOption(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1, `${subject} IPV6_V6ONLY`);
  setOption(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1, `${subject} IPV6_RECVPKTINFO`);
  setOption(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1, `${subject} IPV6_RECVHOPLIMIT`);
}

function configureSender(fd: number, { family, hopLimit }: BfdModel, subject: string): void {
  setOption(fd, SOL_SOCKET, SO_PRIORITY, QUEUE_PRIORITY, `${subject} SO_PRIORITY`);
  if (family === "ipv4") {
    setOption(fd, IPPROTO_IP, IP_TTL, hopLimit, `${subject} IP_TTL`);
    setOption(fd, IPPROTO_IP, IP_TOS, TRAFFIC_CLASS, `${subject} IP_TOS`);
    return;
  }
  setOption(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, hopLimit, `${subject} IPV6_UNICAST_HOPS`);
  setOption(fd, IPPROTO_IPV6, IPV6_TCLASS, TRAFFIC_CLASS, `${subject} IPV6_TCLASS`);
}

/** RFC 5881 section 4: a port of 49152..65535, the same for the session's whole life. */
function bindSourcePort(fd: number, model: BfdModel, scope: number, subject: string): void {
  const source =
    model.source === undefined ? new Uint8Array(model.family === "ipv4" ? 4 : 16) : bytesOf(model.source);
  let result = 0;
  for (let choice = 0; choice < PORT_CHOICES; choice++) {
    result = native.bindInet(fd, source, randomInt(FIRST_SOURCE_PORT, LAST_SOURCE_PORT + 1), scope);
    if (result !== EADDRINUSE) break;
  }
  check("bind", `${subject} from ${model.source ?? "any address"}`, result);
}
