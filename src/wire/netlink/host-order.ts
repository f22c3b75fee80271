/** Integers in the byte order of this machine, as netlink has them. Reads beyond the end give 0; nothing throws. */

const LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

export function readHost16(bytes: Uint8Array, offset: number): number {
  const first = bytes[offset] ?? 0;
  const second = bytes[offset + 1] ?? 0;
  return LITTLE_ENDIAN ? (second << 8) | first : (first << 8) | second;
}

/** Unsigned. */
export function readHost32(bytes: Uint8Array, offset: number): number {
  const first = readHost16(bytes, offset);
  const second = readHost16(bytes, offset + 2);
  return LITTLE_ENDIAN ? second * 0x1_0000 + first : first * 0x1_0000 + second;
}

/** Unsigned; exact up to 2^53. */
export function readHost64(bytes: Uint8Array, offset: number): number {
  const first = readHost32(bytes, offset);
  const second = readHost32(bytes, offset + 4);
  return LITTLE_ENDIAN ? second * 0x1_0000_0000 + first : first * 0x1_0000_0000 + second;
}

export function writeHost16(bytes: Uint8Array, offset: number, value: number): void {
  const low = value & 0xff;
  const high = (value >>> 8) & 0xff;
  bytes[offset] = LITTLE_ENDIAN ? low : high;
  bytes[offset + 1] = LITTLE_ENDIAN ? high : low;
}

export function writeHost32(bytes: Uint8Array, offset: number, value: number): void {
  const low = value & 0xffff;
  const high = Math.floor(value / 0x1_0000) & 0xffff;
  writeHost16(bytes, offset, LITTLE_ENDIAN ? low : high);
  writeHost16(bytes, offset + 2, LITTLE_ENDIAN ? high : low);
}
