/**
 * The IPsec Authentication Header (RFC 4302) as VRRP version 2 uses it (RFC 2338 section 5.3.6): HMAC-MD5-96 (RFC 2403)
 * over the IP header with its changing fields zero, the header itself with its value zero, and the message. As keepalived has
 * it, the TTL of a multicast packet does not change: no router forwards it.
 */
import { hmac } from "@noble/hashes/hmac.js";
import { md5 } from "@noble/hashes/legacy.js";
import { assert, present } from "../base/assert.ts";
import { equalBytesInConstantTime, readUint32, writeUint16, writeUint32 } from "../base/bytes.ts";
import type { IpAddress } from "../base/ip.ts";
import { ipToBytes, isMulticast, readIp } from "../base/ip.ts";
import { IPV4_MIN_HEADER_LENGTH } from "./ipv4.ts";
import { VRRP_PROTOCOL } from "./vrrp.ts";

/** IP protocol number of the header. */
export const AH_PROTOCOL = 51;
/** Bytes of the header with a value of 96 bits. */
export const AH_LENGTH = 24;

/** Length of the header in words of 32 bits, less 2. */
const AH_WORDS = AH_LENGTH / 4 - 2;
const VALUE_OFFSET = 12;
const VALUE_LENGTH = 12;
/** Internetwork control, as on every advertisement. */
const TRAFFIC_CLASS = 0xc0;

export interface AhHeader {
  readonly nextHeader: number;
  readonly words: number;
  /** Security parameters index: keepalived puts the source address there. */
  readonly spi: number;
  readonly sequence: number;
}

/** The fixed fields, or undefined if there are fewer bytes than the header has. */
export function peekAh(bytes: Uint8Array): AhHeader | undefined {
  if (bytes.length < AH_LENGTH) return undefined;
  return {
    nextHeader: bytes[0] ?? 0,
    words: bytes[1] ?? 0,
    spi: readUint32(bytes, 4),
    sequence: readUint32(bytes, 8),
  };
}

/** Whether it is such a header in front of a VRRP message. */
export function isVrrpAh({ nextHeader, words }: AhHeader): boolean {
  return nextHeader === VRRP_PROTOCOL && words === AH_WORDS;
}

/** Whether the value is right for an IP header and what came behind it. */
export function verifyAh(ipHeader: Uint8Array, bytes: Uint8Array, key: Uint8Array): boolean {
  const value = bytes.subarray(VALUE_OFFSET, VALUE_OFFSET + VALUE_LENGTH);
  return equalBytesInConstantTime(value, ahValue(ipHeader, bytes, key));
}

export interface AhOptions {
  readonly source: IpAddress;
  readonly destination: IpAddress;
  readonly ttl: number;
  /** Never 0: the kernel would fill in another one. */
  readonly identification: number;
  readonly sequence: number;
  readonly key: Uint8Array;
}

/** A whole IPv4 packet with the message behind its Authentication Header. The IP checksum is left to the kernel. */
export function encodeAhPacket(message: Uint8Array, options: AhOptions): Uint8Array {
  const { source, destination, ttl, identification, sequence, key } = options;
  assert(identification > 0 && identification <= 0xffff, `identification ${identification} is 1..65535`);
  const packet = new Uint8Array(IPV4_MIN_HEADER_LENGTH + AH_LENGTH + message.length);
  packet[0] = 0x45;
  packet[1] = TRAFFIC_CLASS;
  writeUint16(packet, 2, packet.length);
  writeUint16(packet, 4, identification);
  packet[8] = ttl;
  packet[9] = AH_PROTOCOL;
  const from = present(ipToBytes(source), `bytes of address ${source}`);
  packet.set(from, 12);
  packet.set(present(ipToBytes(destination), `bytes of address ${destination}`), 16);
  const body = packet.subarray(IPV4_MIN_HEADER_LENGTH);
  body[0] = VRRP_PROTOCOL;
  body[1] = AH_WORDS;
  body.set(from, 4);
  writeUint32(body, 8, sequence);
  body.set(message, AH_LENGTH);
  body.set(ahValue(packet.subarray(0, IPV4_MIN_HEADER_LENGTH), body, key), VALUE_OFFSET);
  return packet;
}

function ahValue(ipHeader: Uint8Array, bytes: Uint8Array, key: Uint8Array): Uint8Array {
  const header = ipHeader.slice();
  header[1] = 0;
  writeUint16(header, 6, 0);
  writeUint16(header, 10, 0);
  if (!isMulticast(readIp(header, 16, "ipv4"))) header[8] = 0;
  const ah = bytes.slice(0, AH_LENGTH).fill(0, VALUE_OFFSET);
  const digest = hmac.create(md5, key).update(header).update(ah).update(bytes.subarray(AH_LENGTH)).digest();
  return digest.subarray(0, VALUE_LENGTH);
}
