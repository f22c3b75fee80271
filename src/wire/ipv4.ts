/** The IPv4 header (RFC 791). */
import { assert, present } from "../base/assert.ts";
import { readUint16, writeUint16 } from "../base/bytes.ts";
import { finishChecksum, sumWords } from "../base/checksum.ts";
import type { IpAddress } from "../base/ip.ts";
import { ipToBytes, readIp } from "../base/ip.ts";
import type { Result } from "../base/result.ts";
import { fail, ok } from "../base/result.ts";

/** Bytes of a header without options. */
export const IPV4_MIN_HEADER_LENGTH = 20;

export interface Ipv4Packet {
  /** Type of service; VRRP uses 0xc0, internetwork control. */
  readonly tos: number;
  readonly identification: number;
  readonly dontFragment: boolean;
  readonly moreFragments: boolean;
  /** In units of 8 bytes. */
  readonly fragmentOffset: number;
  readonly ttl: number;
  readonly protocol: number;
  readonly source: IpAddress;
  readonly destination: IpAddress;
  /** Empty, or a multiple of 4 bytes. */
  readonly options: Uint8Array;
  /** What the total length counts after the header; padding of the frame is not in it. */
  readonly payload: Uint8Array;
}

export type Ipv4DecodeError =
  | "too-short"
  | "not-version-4"
  /** The header is said to be shorter than 20 bytes, or longer than the packet. */
  | "header-length"
  /** Fewer bytes arrived than the total length says. */
  | "truncated";

/**
 * Meaning of a packet, header checksum not looked at. Options and payload are views of the same bytes. Never throws.
 * The total length decides what is payload; bytes beyond it are padding.
 */
export function decodeIpv4(bytes: Uint8Array): Result<Ipv4Packet, Ipv4DecodeError> {
  if (bytes.length < IPV4_MIN_HEADER_LENGTH) return fail("too-short");
  if ((bytes[0] ?? 0) >> 4 !== 4) return fail("not-version-4");
  const headerLength = readIpv4HeaderLength(bytes);
  const totalLength = readUint16(bytes, 2);
  if (headerLength < IPV4_MIN_HEADER_LENGTH || headerLength > totalLength) return fail("header-length");
  if (totalLength > bytes.length) return fail("truncated");
  const fragment = readUint16(bytes, 6);
  return ok({
    tos: bytes[1] ?? 0,
    identification: readUint16(bytes, 4),
    dontFragment: (fragment & 0x4000) !== 0,
    moreFragments: (fragment & 0x2000) !== 0,
    fragmentOffset: fragment & 0x1fff,
    ttl: bytes[8] ?? 0,
    protocol: bytes[9] ?? 0,
    source: readIp(bytes, 12, "ipv4"),
    destination: readIp(bytes, 16, "ipv4"),
    options: bytes.subarray(IPV4_MIN_HEADER_LENGTH, headerLength),
    payload: bytes.subarray(headerLength, totalLength),
  });
}

/** Bytes of the header that begins at `offset`, as it says itself: 0 to 60. */
export function readIpv4HeaderLength(bytes: Uint8Array, offset = 0): number {
  return ((bytes[offset] ?? 0) & 0x0f) * 4;
}

/** Whether the checksum of a header that {@link decodeIpv4} accepts is right. */
export function verifyIpv4HeaderChecksum(bytes: Uint8Array): boolean {
  const headerLength = readIpv4HeaderLength(bytes);
  return finishChecksum(sumWords(bytes.subarray(0, headerLength))) === 0;
}

/** Bytes of a packet with its header checksum. Throws BugError for what does not fit. */
export function encodeIpv4(packet: Ipv4Packet): Uint8Array {
  const { options, payload } = packet;
  const headerLength = IPV4_MIN_HEADER_LENGTH + options.length;
  const totalLength = headerLength + payload.length;
  assert(options.length % 4 === 0 && headerLength <= 60, `${options.length} bytes of IPv4 options`);
  assert(totalLength <= 0xffff, `${totalLength} bytes do not fit an IPv4 packet`);
  const bytes = new Uint8Array(totalLength);
  bytes[0] = 0x40 | (headerLength / 4);
  bytes[1] = packet.tos;
  writeUint16(bytes, 2, totalLength);
  writeUint16(bytes, 4, packet.identification);
  const flags = (packet.dontFragment ? 0x4000 : 0) | (packet.moreFragments ? 0x2000 : 0);
  writeUint16(bytes, 6, flags | packet.fragmentOffset);
  bytes[8] = packet.ttl;
  bytes[9] = packet.protocol;
  writeIpv4(bytes, 12, packet.source);
  writeIpv4(bytes, 16, packet.destination);
  bytes.set(options, IPV4_MIN_HEADER_LENGTH);
  writeUint16(bytes, 10, finishChecksum(sumWords(bytes.subarray(0, headerLength))));
  bytes.set(payload, headerLength);
  return bytes;
}

function writeIpv4(bytes: Uint8Array, offset: number, address: IpAddress): void {
  const raw = present(ipToBytes(address), `bytes of address ${address}`);
  assert(raw.length === 4, `${address} is no IPv4 address`);
  bytes.set(raw, offset);
}
