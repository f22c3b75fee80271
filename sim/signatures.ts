/**
 * A second reading of what authenticates an advertisement: keepalived's signed trailer and the Authentication Header of
 * version 2. Like `independent.ts` it shares nothing with `src/wire`, and the hashes are Node's.
 *
 *     trailer   type 1, key id, 0 (16), seconds (32), fraction (16), counter (16), HMAC-SHA256 cut to 128 bits over
 *               family, version, virtual router, 0, source in 16 bytes; the message with checksum 0; 12 bytes of the
 *               trailer; 16 zeros
 *     header    next header 112, length 4, 0 (16), SPI (32), number (32), HMAC-MD5-96 over the IP header without what
 *               changes on the way, the header with its value 0, and the message
 */
import { createHmac } from "node:crypto";
import type { IpAddress, IpFamily } from "../src/base/ip.ts";
import { ipToBytes } from "../src/base/ip.ts";
import type { Micros } from "../src/base/time.ts";

export const TRAILER_BYTES = 28;
export const AH_BYTES = 24;
export const IP_HEADER_BYTES = 20;

export interface TrailerReading {
  readonly keyId: number;
  /** 64 bits: seconds above fraction and counter. */
  readonly number: bigint;
  /** In hex. */
  readonly signature: string;
}

/** Undefined where it is none of this kind. */
export function readTrailer(bytes: Uint8Array): TrailerReading | undefined {
  if (bytes.length !== TRAILER_BYTES || bytes[0] !== 1 || bytes[2] !== 0 || bytes[3] !== 0) return undefined;
  const number = Buffer.from(bytes.subarray(4, 12)).readBigUInt64BE();
  return { keyId: bytes[1] ?? 0, number, signature: Buffer.from(bytes.subarray(12)).toString("hex") };
}

/** The number of a moment of the wall clock, the counter 0. */
export function numberAt(moment: Micros): bigint {
  const micros = BigInt(moment);
  const seconds = micros / 1_000_000n;
  const fraction = ((micros % 1_000_000n) << 16n) / 1_000_000n;
  return BigInt.asUintN(64, (seconds << 32n) | (fraction << 16n));
}

/** Whether the first number comes after the second, in serial arithmetic. */
export function comesAfter(number: bigint, other: bigint): boolean {
  return BigInt.asIntN(64, number - other) > 0n;
}

/** Whole seconds from the second number to the first. */
export function secondsAhead(number: bigint, other: bigint): number {
  return Number(BigInt.asIntN(32, (number >> 32n) - (other >> 32n)));
}

/** The signature that a trailer ought to have, in hex. */
export function signatureFor(
  message: Uint8Array,
  trailer: Uint8Array,
  secret: string,
  source: IpAddress,
  family: IpFamily,
): string {
  const pseudo = Buffer.alloc(20);
  pseudo[0] = family === "ipv4" ? 4 : 6;
  pseudo[1] = (message[0] ?? 0) >> 4;
  pseudo[2] = message[1] ?? 0;
  pseudo.set(ipToBytes(source) ?? [], 4);
  const zeroed = Buffer.from(message);
  zeroed.fill(0, 6, 8);
  const signed = Buffer.concat([pseudo, zeroed, trailer.subarray(0, 12), Buffer.alloc(16)]);
  return createHmac("sha256", Buffer.from(secret, "hex")).update(signed).digest("hex").slice(0, 32);
}

/** A packet of protocol 51 as a socket takes it apart. */
export function splitAhPacket(packet: Uint8Array): {
  readonly ipHeader: Uint8Array;
  readonly body: Uint8Array;
} {
  return { ipHeader: packet.slice(0, IP_HEADER_BYTES), body: packet.slice(IP_HEADER_BYTES) };
}

/** The number of a header that is in order and has the right value; undefined otherwise. */
export function readAh(ipHeader: Uint8Array, body: Uint8Array, password: string): number | undefined {
  if (body.length < AH_BYTES || body[0] !== 112 || body[1] !== 4) return undefined;
  const header = Buffer.from(ipHeader);
  header[1] = 0;
  header.fill(0, 6, 8);
  header.fill(0, 10, 12);
  const isMulticast = (header[16] ?? 0) >> 4 === 14;
  if (!isMulticast) header[8] = 0;
  const blank = Buffer.from(body);
  blank.fill(0, 12, AH_BYTES);
  const key = Buffer.alloc(8);
  key.write(password.slice(0, 8), "latin1");
  const value = createHmac("md5", key).update(header).update(blank).digest().subarray(0, 12);
  if (value.compare(body.subarray(12, AH_BYTES)) !== 0) return undefined;
  return blank.readUInt32BE(8);
}
