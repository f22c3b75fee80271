/**
 * The VRRP message, versions 2 (RFC 3768, with the authentication field of RFC 2338) and 3 (RFC 5798, RFC 9568).
 *
 * Decoding comes in steps, so that a receiver can check in its own order and name the first thing that is wrong:
 * {@link peekVrrp} reads the fixed fields, {@link verifyVrrpChecksum} sums, {@link decodeVrrp} does the whole message.
 *
 *      0               1               2               3
 *     +-------+-------+---------------+---------------+---------------+
 *     |version| type  | virtual router| priority      | address count |
 *     +-------+-------+---------------+---------------+---------------+
 *     | v2: auth type | v2: interval s| checksum                      |
 *     | v3: 4 reserved bits, interval |                               |
 *     |     in 12 bits, centiseconds  |                               |
 *     +---------------+---------------+-------------------------------+
 *     | addresses, 4 or 16 bytes each; v2: 8 authentication bytes     |
 *     +---------------------------------------------------------------+
 */
import { assert, present } from "../base/assert.ts";
import { readUint16, writeUint16 } from "../base/bytes.ts";
import { finishChecksum, sumPseudoHeader, sumWords } from "../base/checksum.ts";
import type { IpAddress, IpFamily } from "../base/ip.ts";
import { ipLength, ipToBytes, readIp } from "../base/ip.ts";
import type { Result } from "../base/result.ts";
import { fail, ok } from "../base/result.ts";
import type { Micros } from "../base/time.ts";
import { MICROS_PER_CENTISECOND, MICROS_PER_SECOND } from "../base/time.ts";

/** IP protocol number of VRRP. */
export const VRRP_PROTOCOL = 112;
/** The only message type there is. */
export const VRRP_TYPE_ADVERTISEMENT = 1;
/** Bytes before the address list. */
export const VRRP_HEADER_LENGTH = 8;
/** Bytes of version 2's authentication field; they are always sent. */
export const VRRP_AUTH_DATA_LENGTH = 8;

/** Authentication types of version 2. */
export const VRRP_AUTH_NONE = 0;
export const VRRP_AUTH_PASS = 1;
export const VRRP_AUTH_AH = 2;

/** A message with its meaning; `version` tells the two kinds apart. */
export type VrrpPacket = VrrpV2Packet | VrrpV3Packet;

interface VrrpPacketBase {
  /** 1, advertisement. */
  readonly type: number;
  readonly virtualRouterId: number;
  /** 0 says that the master gives up, 255 is the address owner. */
  readonly priority: number;
  readonly addresses: readonly IpAddress[];
  /** Version 2 has whole seconds (0..255 s), version 3 centiseconds (0..40.95 s). */
  readonly advertisementInterval: Micros;
}

export interface VrrpV2Packet extends VrrpPacketBase {
  readonly version: 2;
  /** {@link VRRP_AUTH_NONE}, {@link VRRP_AUTH_PASS}, {@link VRRP_AUTH_AH}, or what a stranger sent. */
  readonly authType: number;
  /** 8 bytes, zero where there is no password. */
  readonly authData: Uint8Array;
}

export interface VrrpV3Packet extends VrrpPacketBase {
  readonly version: 3;
}

/** The fixed fields as they stand on the wire, unchecked. */
export interface VrrpHeader {
  /** 0..15. */
  readonly version: number;
  /** 0..15. */
  readonly type: number;
  readonly virtualRouterId: number;
  readonly priority: number;
  readonly addressCount: number;
  /** Version 2's authentication type; 0 for other versions. */
  readonly authType: number;
  readonly advertisementInterval: Micros;
  /** Bytes the message says it has, by version, family and address count; bytes after that are a trailer or padding. */
  readonly length: number;
}

export type VrrpDecodeError =
  /** Fewer than the 8 bytes of the fixed fields. */
  | "too-short"
  /** Neither 2 nor 3. */
  | "unknown-version"
  /** Version 2 does not exist over IPv6. */
  | "version-family"
  | "unknown-type"
  /** Fewer bytes than the address count announces. */
  | "truncated";

/** A message and how much of the bytes it took. */
export interface DecodedVrrp {
  readonly packet: VrrpPacket;
  /** Announced length of the message, which its checksum covers. */
  readonly length: number;
  /** Bytes after the message: padding, or an authentication trailer. */
  readonly trailing: number;
}

/** What a correct checksum was found to cover. */
export type VrrpChecksumKind = "pseudo-header" | "message-only";

export interface VrrpEncodeOptions {
  readonly family: IpFamily;
  /** Source and destination matter for a sum with pseudo-header only. */
  readonly source: IpAddress;
  readonly destination: IpAddress;
  /**
   * For version 3 over IPv4: the reading of RFC 5798 (`pseudo-header`) or of RFC 9568 (`message-only`). Version 2 has
   * one reading, the message only, and IPv6 one, with pseudo-header: there the choice between the two does not matter.
   * `zero` leaves the field to the kernel.
   */
  readonly checksum: VrrpChecksumKind | "zero";
}

/** The fixed fields, or undefined if there are fewer than 8 bytes. Copies no bytes and formats no address. */
export function peekVrrp(payload: Uint8Array, family: IpFamily): VrrpHeader | undefined {
  if (payload.length < VRRP_HEADER_LENGTH) return undefined;
  const first = payload[0] ?? 0;
  const version = first >> 4;
  const addressCount = payload[3] ?? 0;
  const isV2 = version === 2;
  return {
    version,
    type: first & 0x0f,
    virtualRouterId: payload[1] ?? 0,
    priority: payload[2] ?? 0,
    addressCount,
    authType: isV2 ? (payload[4] ?? 0) : 0,
    advertisementInterval: isV2
      ? (payload[5] ?? 0) * MICROS_PER_SECOND
      : (readUint16(payload, 4) & 0x0fff) * MICROS_PER_CENTISECOND,
    length: messageLength(version, family, addressCount),
  };
}

/**
 * Bytes `addressCount` addresses make a message: 8, the addresses, and 8 more in version 2.
 */
export function messageLength(version: number, family: IpFamily, addressCount: number): number {
  const authLength = version === 2 ? VRRP_AUTH_DATA_LENGTH : 0;
  return VRRP_HEADER_LENGTH + addressCount * ipLength(family) + authLength;
}

/** The authentication field of a version 2 message of {@link VrrpHeader.length} bytes, not copied. */
export function vrrpAuthData(payload: Uint8Array, length: number): Uint8Array {
  return payload.subarray(length - VRRP_AUTH_DATA_LENGTH, length);
}

/** What follows a message of {@link VrrpHeader.length} bytes, not copied: padding, or an authentication trailer. */
export function vrrpTrailer(payload: Uint8Array, length: number): Uint8Array {
  return payload.subarray(length);
}

/** The address list of a message as bytes, not copied: 4 or 16 bytes an address, fewer if the message is cut off. */
export function vrrpAddressBytes(payload: Uint8Array, family: IpFamily): Uint8Array {
  const count = payload[3] ?? 0;
  return payload.subarray(VRRP_HEADER_LENGTH, VRRP_HEADER_LENGTH + count * ipLength(family));
}

/** Meaning of a VRRP message, checksum and authentication not looked at. Never throws. */
export function decodeVrrp(payload: Uint8Array, family: IpFamily): Result<DecodedVrrp, VrrpDecodeError> {
  const header = peekVrrp(payload, family);
  if (header === undefined) return fail("too-short");
  const { version, length } = header;
  if (version !== 2 && version !== 3) return fail("unknown-version");
  if (version === 2 && family === "ipv6") return fail("version-family");
  if (header.type !== VRRP_TYPE_ADVERTISEMENT) return fail("unknown-type");
  if (payload.length < length) return fail("truncated");
  const base: VrrpPacketBase = {
    type: header.type,
    virtualRouterId: header.virtualRouterId,
    priority: header.priority,
    addresses: readAddresses(payload, header.addressCount, family),
    advertisementInterval: header.advertisementInterval,
  };
  const packet: VrrpPacket =
    version === 2
      ? { version, ...base, authType: header.authType, authData: vrrpAuthData(payload, length).slice() }
      : { version, ...base };
  return ok({ packet, length, trailing: payload.length - length });
}

/**
 * Which reading of the checksum is right for the first `length` bytes: both are tried for version 3 over IPv4, version
 * 2 covers the message only, IPv6 always has the pseudo-header. A trailer after `length` is never covered.
 */
export function verifyVrrpChecksum(
  payload: Uint8Array,
  length: number,
  source: IpAddress,
  destination: IpAddress,
  family: IpFamily,
): VrrpChecksumKind | "bad" {
  if (length < VRRP_HEADER_LENGTH || payload.length < length) return "bad";
  const version = (payload[0] ?? 0) >> 4;
  const sum = sumWords(payload.length === length ? payload : payload.subarray(0, length));
  if (
    version !== 2 &&
    finishChecksum(sum + sumPseudoHeader(source, destination, VRRP_PROTOCOL, length)) === 0
  ) {
    return "pseudo-header";
  }
  return family === "ipv4" && finishChecksum(sum) === 0 ? "message-only" : "bad";
}

/**
 * Bytes of a message.
 * Throws BugError for a field that does not fit, or an address of the other family.
 */
export function encodeVrrp(packet: VrrpPacket, options: VrrpEncodeOptions): Uint8Array {
  const { family } = options;
  const size = ipLength(family);
  const count = packet.addresses.length;
  assert(count <= 255, `${count} addresses do not fit a VRRP message`);
  const bytes = new Uint8Array(messageLength(packet.version, family, count));
  bytes[0] = (packet.version << 4) | (packet.type & 0x0f);
  bytes[1] = byteField(packet.virtualRouterId, "virtual router id");
  bytes[2] = byteField(packet.priority, "priority");
  bytes[3] = count;
  let offset = VRRP_HEADER_LENGTH;
  for (const address of packet.addresses) {
    const raw = present(ipToBytes(address), `bytes of address ${address}`);
    assert(raw.length === size, `${address} is no ${family} address`);
    bytes.set(raw, offset);
    offset += size;
  }
  if (packet.version === 2) {
    assert(packet.authData.length === VRRP_AUTH_DATA_LENGTH, "VRRP authentication data has 8 bytes");
    bytes[4] = byteField(packet.authType, "authentication type");
    bytes[5] = byteField(
      packet.advertisementInterval / MICROS_PER_SECOND,
      "advertisement interval in seconds",
    );
    bytes.set(packet.authData, offset);
  } else {
    const interval = packet.advertisementInterval / MICROS_PER_CENTISECOND;
    assert(
      Number.isInteger(interval) && interval >= 0 && interval <= 0x0fff,
      `interval ${interval} cs does not fit`,
    );
    writeUint16(bytes, 4, interval);
  }
  if (options.checksum !== "zero") writeUint16(bytes, 6, checksumFor(bytes, packet.version, options));
  return bytes;
}

function checksumFor(bytes: Uint8Array, version: 2 | 3, options: VrrpEncodeOptions): number {
  const withPseudoHeader =
    version === 3 && (options.family === "ipv6" || options.checksum === "pseudo-header");
  const initial = withPseudoHeader
    ? sumPseudoHeader(options.source, options.destination, VRRP_PROTOCOL, bytes.length)
    : 0;
  return finishChecksum(sumWords(bytes, initial));
}

function readAddresses(payload: Uint8Array, count: number, family: IpFamily): IpAddress[] {
  const size = ipLength(family);
  const addresses: IpAddress[] = [];
  for (let index = 0; index < count; index++) {
    addresses.push(readIp(payload, VRRP_HEADER_LENGTH + index * size, family));
  }
  return addresses;
}

function byteField(value: number, what: string): number {
  assert(Number.isInteger(value) && value >= 0 && value <= 255, `${what} ${value} does not fit a byte`);
  return value;
}
