/**
 * keepalived's signed advertisements (`auth_hmac`, since 2.4.2): a trailer of 28 bytes behind the message, which the VRRP
 * checksum does not cover over IPv4 and the kernel's does over IPv6.
 *
 *     +---------------+---------------+-------------------------------+
 *     | type 1        | key id        | 0                             |
 *     +---------------+---------------+-------------------------------+
 *     | seconds since 1970                                            |
 *     +-------------------------------+-------------------------------+
 *     | fraction in 1/65536 s         | counter                       |
 *     +-------------------------------+-------------------------------+
 *     | first 16 bytes of HMAC-SHA256                                 |
 *     +---------------------------------------------------------------+
 *
 * The HMAC is over a pseudo-header (family, version, virtual router id, 0, source address in 16 bytes), the message with
 * its checksum zero, the trailer's first 12 bytes, and 16 zeros.
 */
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { present } from "../base/assert.ts";
import { equalBytesInConstantTime, readUint16, readUint32, writeUint16, writeUint32 } from "../base/bytes.ts";
import type { IpAddress, IpFamily } from "../base/ip.ts";
import { ipToBytes } from "../base/ip.ts";
import type { Micros } from "../base/time.ts";
import { MICROS_PER_SECOND } from "../base/time.ts";

export const AUTH_TRAILER_LENGTH = 28;

const TRAILER_TYPE = 1;
const SIGNED_LENGTH = 12;
const HMAC_LENGTH = 16;
const PSEUDO_LENGTH = 20;
const CHECKSUM_OFFSET = 6;
const ZEROS = new Uint8Array(HMAC_LENGTH);

/** A 64-bit sequence number as two halves: seconds, and below them fraction and counter. */
export interface AuthSequence {
  readonly seconds: number;
  readonly fine: number;
}

export interface AuthTrailer {
  readonly keyId: number;
  readonly sequence: AuthSequence;
}

/** Who a message is signed for: what is not in the message, or must not be changed along with it. */
export interface AuthSubject {
  readonly family: IpFamily;
  readonly version: number;
  readonly virtualRouterId: number;
  readonly source: IpAddress;
}

/** The fields of a trailer, or undefined if it is none of this kind. */
export function decodeAuthTrailer(trailer: Uint8Array): AuthTrailer | undefined {
  if (trailer.length !== AUTH_TRAILER_LENGTH || trailer[0] !== TRAILER_TYPE) return undefined;
  if (readUint16(trailer, 2) !== 0) return undefined;
  return {
    keyId: trailer[1] ?? 0,
    sequence: { seconds: readUint32(trailer, 4), fine: readUint32(trailer, 8) },
  };
}

/** The trailer of a message. */
export function signMessage(
  message: Uint8Array,
  subject: AuthSubject,
  keyId: number,
  key: Uint8Array,
  sequence: AuthSequence,
): Uint8Array {
  const trailer = new Uint8Array(AUTH_TRAILER_LENGTH);
  trailer[0] = TRAILER_TYPE;
  trailer[1] = keyId;
  writeUint32(trailer, 4, sequence.seconds);
  writeUint32(trailer, 8, sequence.fine);
  trailer.set(messageHmac(message, trailer, subject, key), SIGNED_LENGTH);
  return trailer;
}

/** Whether the trailer was made for this message with this key. */
export function verifyTrailer(
  message: Uint8Array,
  trailer: Uint8Array,
  subject: AuthSubject,
  key: Uint8Array,
): boolean {
  return equalBytesInConstantTime(
    trailer.subarray(SIGNED_LENGTH),
    messageHmac(message, trailer, subject, key),
  );
}

/** The sequence number of a moment of the wall clock: microseconds since 1970. */
export function sequenceOf(moment: Micros): AuthSequence {
  const whole = Math.floor(moment / MICROS_PER_SECOND);
  const fraction = Math.floor(((moment - whole * MICROS_PER_SECOND) * 0x1_0000) / MICROS_PER_SECOND);
  return { seconds: whole % 0x1_0000_0000, fine: fraction * 0x1_0000 };
}

/** The next greater number; it carries from the counter up to the seconds. */
export function nextSequence({ seconds, fine }: AuthSequence): AuthSequence {
  if (fine < 0xffff_ffff) return { seconds, fine: fine + 1 };
  return { seconds: (seconds + 1) % 0x1_0000_0000, fine: 0 };
}

/** Whether `a` comes after `b`, around the end of the numbers too (RFC 1982). */
export function isAfter(a: AuthSequence, b: AuthSequence): boolean {
  const seconds = secondsBetween(b.seconds, a.seconds);
  return seconds === 0 ? a.fine > b.fine : seconds > 0;
}

/** From the first to the second of two counts of seconds in 32 bits: negative if the second is earlier. */
export function secondsBetween(from: number, to: number): number {
  return (to - from) | 0;
}

function messageHmac(
  message: Uint8Array,
  trailer: Uint8Array,
  subject: AuthSubject,
  key: Uint8Array,
): Uint8Array {
  const pseudo = new Uint8Array(PSEUDO_LENGTH);
  pseudo[0] = subject.family === "ipv4" ? 4 : 6;
  pseudo[1] = subject.version;
  pseudo[2] = subject.virtualRouterId;
  pseudo.set(present(ipToBytes(subject.source), `bytes of address ${subject.source}`), 4);
  const unsummed = message.slice();
  writeUint16(unsummed, CHECKSUM_OFFSET, 0);
  return hmac
    .create(sha256, key)
    .update(pseudo)
    .update(unsummed)
    .update(trailer.subarray(0, SIGNED_LENGTH))
    .update(ZEROS)
    .digest()
    .subarray(0, HMAC_LENGTH);
}
