/** A socket made as a check's target wants it: marked, bound to an interface, an address, a port, and connected. */
import { present } from "../../base/assert.ts";
import { ipToBytes, isIpv6LinkLocal } from "../../base/ip.ts";
import type { Target } from "../../model/director-models.ts";
import { check, native } from "../native.ts";
import { AF_INET, AF_INET6, IPPROTO_IP, SO_BINDTODEVICE, SOL_SOCKET } from "../socket.ts";

export const SOCK_STREAM = 1;
export const IPPROTO_ICMP = 1;
export const IPPROTO_ICMPV6 = 58;
export const SO_ERROR = 4;
const SO_REUSEADDR = 2;
const SO_LINGER = 13;
const SO_MARK = 36;
const IP_BIND_ADDRESS_NO_PORT = 24;
const EINPROGRESS = 115;

/** The bytes of an address; those of link-local addresses carry no zone. */
export function addressBytes(address: string): Uint8Array {
  return present(ipToBytes(address), `bytes of address ${address}`);
}

/** Opens, prepares and connects; the caller owns the descriptor. Throws SystemError. */
export function openTargetSocket(target: Target, type: number, protocol = 0): number {
  const bytes = addressBytes(target.address);
  const family = bytes.length === 4 ? AF_INET : AF_INET6;
  const fd = check("open", "a socket", native.socket(family, type, protocol));
  try {
    prepare(fd, target, protocol === 0);
    if (type === SOCK_STREAM && target.bindPort !== undefined) leaveNothing(fd);
    connect(fd, target, bytes, protocol === 0 ? target.port : 0);
    return fd;
  } catch (error) {
    native.close(fd);
    throw error;
  }
}

/** A port of its own has to be free for the next run: closing resets the connection, instead of keeping the port for a minute. */
function leaveNothing(fd: number): void {
  const linger = new Uint8Array(new Int32Array([1, 0]).buffer);
  check("prepare", "a socket", native.setOption(fd, SOL_SOCKET, SO_LINGER, linger));
}

function prepare(fd: number, target: Target, hasPorts: boolean): void {
  const { mark, bindInterface, bindAddress, bindPort } = target;
  if (mark !== undefined && mark !== 0) {
    check("mark packets with", String(mark), native.setOption(fd, SOL_SOCKET, SO_MARK, mark | 0));
  }
  if (bindInterface !== undefined) {
    const result = native.setOption(fd, SOL_SOCKET, SO_BINDTODEVICE, bindInterface);
    check("bind to interface", bindInterface, result);
  }
  const port = hasPorts ? (bindPort ?? 0) : 0;
  if (bindAddress !== undefined || port !== 0) bind(fd, target, port);
}

function bind(fd: number, target: Target, port: number): void {
  const address = target.bindAddress ?? (target.address.includes(":") ? "::" : "0.0.0.0");
  // Without a port of its own the kernel chooses one when it knows the destination: 28,000 for each target, not for all.
  const [level, option] = port === 0 ? [IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT] : [SOL_SOCKET, SO_REUSEADDR];
  check("prepare", "a socket", native.setOption(fd, level, option, 1));
  const result = native.bindInet(fd, addressBytes(address), port, scopeOf(address, target));
  check("bind to", port === 0 ? address : `${address} port ${port}`, result);
}

/** A connection that is under way is no failure. */
function connect(fd: number, target: Target, bytes: Uint8Array, port: number): void {
  const result = native.connectInet(fd, bytes, port, scopeOf(target.address, target));
  if (result !== -EINPROGRESS) check("connect", target.address, result);
}

/** The interface that a link-local address belongs to; 0 is none. */
function scopeOf(address: string, target: Target): number {
  if (target.bindInterface === undefined || !isIpv6LinkLocal(address)) return 0;
  return Math.max(0, native.interfaceIndex(target.bindInterface));
}
