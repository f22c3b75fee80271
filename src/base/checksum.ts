import { present } from "./assert.ts";
import { readUint16 } from "./bytes.ts";
import type { IpAddress } from "./ip.ts";
import { ipToBytes, ipv4ToNumber } from "./ip.ts";

/** One's-complement sum of 16-bit words (RFC 1071), not yet folded or inverted; an odd last byte is padded with zero. */
export function sumWords(bytes: Uint8Array, initial = 0): number {
  let sum = initial;
  const even = bytes.length & ~1;
  for (let i = 0; i < even; i += 2) sum += readUint16(bytes, i);
  if (even !== bytes.length) sum += (bytes[even] ?? 0) << 8;
  return sum;
}

/** The Internet checksum of a sum made by {@link sumWords}: folded to 16 bits and inverted. */
export function finishChecksum(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded % 0x1_0000) + Math.floor(folded / 0x1_0000);
  return ~folded & 0xffff;
}

/**
 * Sum of the pseudo-header that goes before an upper-layer message: source, destination, protocol and the message's
 * length in bytes. IPv4 (RFC 9293 section 3.1) and IPv6 (RFC 8200 section 8.1) lay it out differently, which a sum of
 * 16-bit words does not see. Throws BugError for a text that is no address.
 */
export function sumPseudoHeader(
  source: IpAddress,
  destination: IpAddress,
  protocol: number,
  length: number,
): number {
  return sumAddress(source) + sumAddress(destination) + protocol + length;
}

function sumAddress(address: IpAddress): number {
  const small = ipv4ToNumber(address);
  if (small !== undefined) return (small >>> 16) + (small & 0xffff);
  return sumWords(present(ipToBytes(address), `bytes of address ${address}`));
}
