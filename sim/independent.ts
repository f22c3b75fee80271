/**
 * A second reading of VRRP messages and checksums, for the world's own use: the fake kernel sums with it and the
 * checkers judge with it. It shares nothing with `src/wire`, so that a mistake there is seen.
 */
import type { IpAddress, IpFamily } from "../src/base/ip.ts";
import { bytesToIp, ipToBytes } from "../src/base/ip.ts";
import type { Micros } from "../src/base/time.ts";

/** `group`: with pseudo-header, and the multicast group where a peer's address should be. */
export type ChecksumReading = "pseudo-header" | "message-only" | "group";

export interface AdvertReading {
  readonly version: number;
  readonly type: number;
  readonly virtualRouterId: number;
  readonly priority: number;
  readonly interval: Micros;
  readonly authType: number;
  readonly password: string;
  readonly addresses: readonly IpAddress[];
  /** Readings of the checksum under which the message is right; empty if it is damaged. */
  readonly checksums: readonly ChecksumReading[];
  /** Bytes of the message itself. */
  readonly length: number;
  /** Bytes after the end of the message. */
  readonly trailing: number;
}

/** The message, or undefined if it is too short to hold what it announces. `group` is what old unicast routers sum. */
export function readAdvert(
  payload: Uint8Array,
  source: IpAddress,
  destination: IpAddress,
  family: IpFamily,
  group?: IpAddress,
): AdvertReading | undefined {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  if (payload.length < 8) return undefined;
  const version = view.getUint8(0) >> 4;
  const count = view.getUint8(3);
  const size = family === "ipv4" ? 4 : 16;
  const authLength = version === 2 ? 8 : 0;
  const length = 8 + count * size + authLength;
  if (payload.length < length) return undefined;
  const addresses: IpAddress[] = [];
  for (let at = 8; at < 8 + count * size; at += size)
    addresses.push(bytesToIp(payload.subarray(at, at + size)));
  return {
    version,
    type: view.getUint8(0) & 15,
    virtualRouterId: view.getUint8(1),
    priority: view.getUint8(2),
    interval: version === 2 ? view.getUint8(5) * 1_000_000 : (view.getUint16(4) & 0xfff) * 10_000,
    authType: version === 2 ? view.getUint8(4) : 0,
    password: version === 2 ? textOf(payload.subarray(length - 8, length)) : "",
    addresses,
    // An IPv6 stack sums all that there is, this protocol over IPv4 only the message.
    checksums: rightChecksums(
      family === "ipv6" ? payload : payload.subarray(0, length),
      { version, source, destination, family },
      group,
    ),
    length,
    trailing: payload.length - length,
  };
}

/** Whether an IPv6 stack would let the message pass: the checksum with pseudo-header over all of it. */
export function kernelAcceptsIpv6(payload: Uint8Array, source: IpAddress, destination: IpAddress): boolean {
  return onesComplementSum(pseudoHeader(source, destination), payload, payload.length + 112) === 0xffff;
}

/** A copy with the checksum as an IPv6 stack fills it in at offset 6. */
export function withKernelChecksum(
  payload: Uint8Array,
  source: IpAddress,
  destination: IpAddress,
): Uint8Array {
  return withChecksum(payload, pseudoHeader(source, destination), payload.length + 112);
}

/** A copy with a right checksum: IPv4 version 2 sums the message only, everything else with its pseudo-header. */
export function withRightChecksum(
  payload: Uint8Array,
  source: IpAddress,
  destination: IpAddress,
  family: IpFamily,
): Uint8Array {
  const isBare = family === "ipv4" && (payload[0] ?? 0) >> 4 === 2;
  return isBare
    ? withChecksum(payload, new Uint8Array(0), 0)
    : withChecksum(payload, pseudoHeader(source, destination), payload.length + 112);
}

/** One's-complement sum of 16-bit words of two parts and a constant, carries taken in as they arise. */
export function onesComplementSum(first: Uint8Array, second: Uint8Array, constant: number): number {
  let sum = carry(constant);
  for (const part of [first, second]) {
    for (let at = 0; at < part.length; at += 2) {
      sum = carry(sum + (part[at] ?? 0) * 256 + (part[at + 1] ?? 0));
    }
  }
  return sum;
}

function withChecksum(payload: Uint8Array, pseudo: Uint8Array, constant: number): Uint8Array {
  const copy = payload.slice();
  copy[6] = 0;
  copy[7] = 0;
  const checksum = 0xffff - onesComplementSum(pseudo, copy, constant);
  copy[6] = checksum >> 8;
  copy[7] = checksum & 255;
  return copy;
}

function rightChecksums(
  message: Uint8Array,
  about: {
    readonly version: number;
    readonly source: IpAddress;
    readonly destination: IpAddress;
    readonly family: IpFamily;
  },
  group: IpAddress | undefined,
): ChecksumReading[] {
  const { version, source, destination, family } = about;
  const found: ChecksumReading[] = [];
  const sumsTo = (to: IpAddress): boolean =>
    onesComplementSum(pseudoHeader(source, to), message, message.length + 112) === 0xffff;
  if (version !== 2 && sumsTo(destination)) found.push("pseudo-header");
  if (version !== 2 && group !== undefined && sumsTo(group)) found.push("group");
  if (family === "ipv4" && onesComplementSum(message, new Uint8Array(0), 0) === 0xffff)
    found.push("message-only");
  return found;
}

function pseudoHeader(source: IpAddress, destination: IpAddress): Uint8Array {
  const from = ipToBytes(source) ?? new Uint8Array(0);
  const to = ipToBytes(destination) ?? new Uint8Array(0);
  const both = new Uint8Array(from.length + to.length);
  both.set(from);
  both.set(to, from.length);
  return both;
}

function carry(sum: number): number {
  return sum > 0xffff ? (sum & 0xffff) + (sum >>> 16) : sum;
}

function textOf(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes).replace(/\0+$/, "");
}
