import { readUint16 } from "./bytes.ts";

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
