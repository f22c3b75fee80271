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
  return text.includes(":") ? ipv6ToBytes(text) : ipv4ToBytes(text);
}

/** Canonical text of 4 or 16 bytes in network order. Throws RangeError for another length. */
export function bytesToIp(bytes: Uint8Array): IpAddress {
  if (bytes.length === 4) return bytes.join(".");
  if (bytes.length !== 16) throw new RangeError(`an IP address has 4 or 16 bytes, not ${bytes.length}`);
  return formatIpv6(bytes);
}

/** Negative, zero or positive as a < b, a = b, a > b by numeric value; families must be equal (IPv4 sorts first). */
export function compareIp(a: IpAddress, b: IpAddress): number {
  if (a === b) return 0;
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

function ipv4ToBytes(text: string): Uint8Array | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  const bytes = new Uint8Array(4);
  for (let i = 0; i < 4; i++) {
    const part = parts[i] ?? "";
    if (!/^\d{1,3}$/.test(part) || Number(part) > 255 || (part.length > 1 && part.startsWith("0"))) return undefined;
    bytes[i] = Number(part);
  }
  return bytes;
}

function ipv6ToBytes(text: string): Uint8Array | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const head = groupsToBytes(halves[0] ?? "", halves.length === 1);
  const tail = halves.length === 2 ? groupsToBytes(halves[1] ?? "", true) : [];
  if (head === undefined || tail === undefined) return undefined;
  const length = head.length + tail.length;
  if (halves.length === 1 ? length !== 16 : length > 14) return undefined;
  const bytes = new Uint8Array(16);
  bytes.set(head, 0);
  bytes.set(tail, 16 - tail.length);
  return bytes;
}

function groupsToBytes(text: string, mayEndInIpv4: boolean): number[] | undefined {
  if (text === "") return [];
  const groups = text.split(":");
  const bytes: number[] = [];
  for (const [index, group] of groups.entries()) {
    if (group.includes(".")) {
      const quad = mayEndInIpv4 && index === groups.length - 1 ? ipv4ToBytes(group) : undefined;
      if (quad === undefined) return undefined;
      bytes.push(...quad);
    } else {
      if (!/^[0-9a-fA-F]{1,4}$/.test(group)) return undefined;
      const value = Number.parseInt(group, 16);
      bytes.push(value >> 8, value & 0xff);
    }
  }
  return bytes;
}

/** RFC 5952: lower case, no leading zeros, the longest run of two or more zero groups shortened. */
function formatIpv6(bytes: Uint8Array): string {
  const groups: number[] = [];
  for (let i = 0; i < 16; i += 2) groups.push(((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0));
  let bestStart = -1;
  let bestLength = 1;
  for (let start = 0; start < 8; ) {
    let end = start;
    while (end < 8 && groups[end] === 0) end++;
    if (end - start > bestLength) {
      bestStart = start;
      bestLength = end - start;
    }
    start = end === start ? start + 1 : end;
  }
  const hex = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(":");
  if (bestStart < 0) return hex(groups);
  return `${hex(groups.slice(0, bestStart))}::${hex(groups.slice(bestStart + bestLength))}`;
}
