import { readUint16, readUint32, writeUint16, writeUint32 } from "./bytes.ts";

/**
 * IP addresses. An `IpAddress` is canonical text (dotted quad, or RFC 5952 for IPv6), so that equality is `===`
 * and values can be recorded, sent and shown as they are; bytes exist only at the wire.
 */
export type IpAddress = string;
export type IpFamily = "ipv4" | "ipv6";

/** An address with its prefix length, as `10.0.0.1/24` is written. */
export interface IpPrefix {
  readonly address: IpAddress;
  readonly prefixLength: number;
}

export function familyOf(address: IpAddress): IpFamily {
  return address.includes(":") ? "ipv6" : "ipv4";
}

/** 32 for IPv4, 128 for IPv6. */
export function maxPrefixLength(family: IpFamily): number {
  return family === "ipv4" ? 32 : 128;
}

/** Canonical text of an IPv4 or IPv6 address, or undefined if the text is none. No zone, no prefix length. */
export function parseIp(text: string): IpAddress | undefined {
  const bytes = ipToBytes(text);
  return bytes === undefined ? undefined : bytesToIp(bytes);
}

/** `address[/length]`; undefined if it is neither. The length may exceed the maximum: the caller reports that. */
export function parseIpPrefix(
  text: string,
): { readonly address: IpAddress; readonly prefixLength: number | undefined } | undefined {
  const slash = text.indexOf("/");
  const address = parseIp(slash < 0 ? text : text.slice(0, slash));
  if (address === undefined) return undefined;
  if (slash < 0) return { address, prefixLength: undefined };
  const length = text.slice(slash + 1);
  return /^\d{1,3}$/.test(length) ? { address, prefixLength: Number(length) } : undefined;
}

/** 4 or 16 bytes in network order, or undefined if the text is no address. */
export function ipToBytes(text: string): Uint8Array | undefined {
  if (text.includes(":")) return ipv6ToBytes(text);
  const value = parseIpv4(text, 0);
  if (value < 0) return undefined;
  const bytes = new Uint8Array(4);
  writeUint32(bytes, 0, value);
  return bytes;
}

/** The 32 bits of a dotted quad, or undefined if the text is none. Allocates nothing. */
export function ipv4ToNumber(text: string): number | undefined {
  const value = parseIpv4(text, 0);
  return value < 0 ? undefined : value;
}

/** Canonical text of 4 or 16 bytes in network order. Throws RangeError for another length. */
export function bytesToIp(bytes: Uint8Array): IpAddress {
  if (bytes.length !== 4 && bytes.length !== 16) {
    throw new RangeError(`an IP address has 4 or 16 bytes, not ${bytes.length}`);
  }
  return readIp(bytes, 0, bytes.length === 4 ? "ipv4" : "ipv6");
}

/** Bytes of an address on the wire: 4 or 16. */
export function ipLength(family: IpFamily): 4 | 16 {
  return family === "ipv4" ? 4 : 16;
}

/** Canonical text of the address at `offset`, which the caller knows to lie within the bytes. Made once a packet: cheap. */
export function readIp(bytes: Uint8Array, offset: number, family: IpFamily): IpAddress {
  if (family === "ipv6") return formatIpv6(bytes, offset);
  return `${bytes[offset] ?? 0}.${bytes[offset + 1] ?? 0}.${bytes[offset + 2] ?? 0}.${bytes[offset + 3] ?? 0}`;
}

/** Negative, zero or positive as a < b, a = b, a > b by numeric value; families must be equal (IPv4 sorts first). */
export function compareIp(a: IpAddress, b: IpAddress): number {
  if (a === b) return 0;
  const small = ipv4ToNumber(a);
  const other = ipv4ToNumber(b);
  if (small !== undefined && other !== undefined) return small - other;
  const left = ipToBytes(a);
  const right = ipToBytes(b);
  if (left === undefined || right === undefined) throw new RangeError(`not IP addresses: ${a}, ${b}`);
  if (left.length !== right.length) return left.length - right.length;
  for (let i = 0; i < left.length; i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The first address of a network. */
export function withoutHostBits(address: IpAddress, length: number): IpAddress {
  const bytes = Uint8Array.from(ipToBytes(address) ?? []);
  for (const [index, byte] of bytes.entries()) {
    const kept = Math.min(8, Math.max(0, length - index * 8));
    bytes[index] = byte & (0xff00 >> kept);
  }
  return bytesToIp(bytes);
}

/** The address `offset` further on. It must not leave the last 32 bits. */
export function ipAfter(address: IpAddress, offset: number): IpAddress {
  const bytes = ipToBytes(address);
  if (bytes === undefined) throw new RangeError(`no IP address: ${address}`);
  const at = bytes.length - 4;
  writeUint32(bytes, at, readUint32(bytes, at) + offset);
  return readIp(bytes, 0, bytes.length === 4 ? "ipv4" : "ipv6");
}

/** How many addresses lie from `first` to `last`; undefined where more than the last 32 bits differ. */
export function ipDistance(first: IpAddress, last: IpAddress): number | undefined {
  const [from, to] = [ipToBytes(first), ipToBytes(last)];
  if (from === undefined || to === undefined || from.length !== to.length) return undefined;
  const at = from.length - 4;
  const isNear = from.subarray(0, at).every((byte, index) => byte === to[index]);
  return isNear ? readUint32(to, at) - readUint32(from, at) : undefined;
}

export function isMulticast(address: IpAddress): boolean {
  const first = ipToBytes(address)?.[0] ?? 0;
  return familyOf(address) === "ipv4" ? first >= 224 && first <= 239 : first === 0xff;
}

/** fe80::/10. */
export function isIpv6LinkLocal(address: IpAddress): boolean {
  if (familyOf(address) !== "ipv6") return false;
  const bytes = ipToBytes(address);
  return bytes !== undefined && bytes[0] === 0xfe && ((bytes[1] ?? 0) & 0xc0) === 0x80;
}

/** Whether the address lies in the network of the prefix. */
export function prefixContains(prefix: IpPrefix, address: IpAddress): boolean {
  const network = ipToBytes(prefix.address);
  const bytes = ipToBytes(address);
  if (network === undefined || bytes === undefined || network.length !== bytes.length) return false;
  for (let bit = 0; bit < prefix.prefixLength; bit += 8) {
    const mask = prefix.prefixLength - bit >= 8 ? 0xff : (0xff << (8 - (prefix.prefixLength - bit))) & 0xff;
    const index = bit >> 3;
    if (((network[index] ?? 0) & mask) !== ((bytes[index] ?? 0) & mask)) return false;
  }
  return true;
}

const DOT = 0x2e;
const COLON = 0x3a;

/** The dotted quad from `start` to the end of the text as 32 bits, or -1. No octet may have a leading zero (octal?). */
function parseIpv4(text: string, start: number): number {
  const end = text.length;
  let value = 0;
  let octets = 0;
  for (let at = start; octets < 4; at++) {
    const first = at;
    let octet = 0;
    for (; at < end && text.charCodeAt(at) !== DOT; at++) {
      const digit = text.charCodeAt(at) - 0x30;
      if (digit < 0 || digit > 9 || at - first === 3) return -1;
      octet = octet * 10 + digit;
    }
    if (at === first || octet > 255 || (at - first > 1 && text.charCodeAt(first) === 0x30)) return -1;
    value = value * 256 + octet;
    octets++;
    if (octets === 4) return at === end ? value : -1;
    if (at === end) return -1;
  }
  return -1;
}

/** One pass over the text: groups fill the bytes from the left, and at the end those after `::` move to the right. */
function ipv6ToBytes(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(16);
  const end = text.length;
  let filled = 0;
  let gap = text.startsWith("::") ? 0 : -1;
  for (let at = gap < 0 ? 0 : 2; at < end; ) {
    if (filled === 16) return undefined;
    const colon = text.indexOf(":", at);
    const stop = colon < 0 ? end : colon;
    if (colon < 0 && text.includes(".", at)) {
      const quad = parseIpv4(text, at);
      if (quad < 0 || filled > 12) return undefined;
      writeUint32(bytes, filled, quad);
      filled += 4;
      break;
    }
    const group = parseGroup(text, at, stop);
    if (group < 0) return undefined;
    writeUint16(bytes, filled, group);
    filled += 2;
    if (stop === end) break;
    at = stop + 1;
    if (at === end) return undefined;
    if (text.charCodeAt(at) === COLON) {
      if (gap >= 0) return undefined;
      gap = filled;
      at++;
    }
  }
  if (gap < 0) return filled === 16 ? bytes : undefined;
  if (filled > 14) return undefined;
  const tail = filled - gap;
  bytes.copyWithin(16 - tail, gap, filled);
  return bytes.fill(0, gap, 16 - tail);
}

/** One to four hex digits in [start, stop), or -1. */
function parseGroup(text: string, start: number, stop: number): number {
  if (stop === start || stop - start > 4) return -1;
  let value = 0;
  for (let at = start; at < stop; at++) {
    const code = text.charCodeAt(at);
    const lower = code | 0x20;
    if (code >= 0x30 && code <= 0x39) value = value * 16 + code - 0x30;
    else if (lower >= 0x61 && lower <= 0x66) value = value * 16 + lower - 0x57;
    else return -1;
  }
  return value;
}

/**
 * RFC 5952: lower case, no leading zeros, the first of the longest runs of two or more zero groups shortened. Addresses
 * with an embedded IPv4 address have no form of their own: canonical text need not know well-known prefixes.
 */
function formatIpv6(bytes: Uint8Array, offset: number): string {
  let bestStart = 8;
  let bestLength = 1;
  let run = 0;
  for (let group = 0; group < 8; group++) {
    run = readUint16(bytes, offset + 2 * group) === 0 ? run + 1 : 0;
    if (run > bestLength) {
      bestLength = run;
      bestStart = group + 1 - run;
    }
  }
  const bestEnd = bestStart + bestLength;
  let text = bestStart === 0 ? ":" : "";
  for (let group = 0; group < 8; group++) {
    if (group === bestStart) text += ":";
    if (group >= bestStart && group < bestEnd) continue;
    text += readUint16(bytes, offset + 2 * group).toString(16);
    if (group < 7) text += ":";
  }
  return text;
}
