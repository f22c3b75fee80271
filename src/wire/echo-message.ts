/** Echo requests of both families as messages of their own, for sockets that put the headers on (RFC 792, RFC 4443). */
import { writeUint16 } from "../base/bytes.ts";
import { finishChecksum, sumWords } from "../base/checksum.ts";
import type { IpFamily } from "../base/ip.ts";
import { readIpv4HeaderLength } from "./ipv4.ts";

const HEADER = 8;
const REQUEST = { ipv4: 8, ipv6: 128 };
const REPLY = { ipv4: 0, ipv6: 129 };
const IPV4_IN_FIRST_BYTE = 4;

/** A request with a token that tells its reply from all others. Over IPv6 the kernel fills the checksum in. */
export function encodeEchoMessage(family: IpFamily, identifier: number, token: Uint8Array): Uint8Array {
  const message = new Uint8Array(HEADER + token.length);
  message[0] = REQUEST[family];
  writeUint16(message, 4, identifier);
  writeUint16(message, 6, 1);
  message.set(token, HEADER);
  if (family === "ipv4") writeUint16(message, 2, finishChecksum(sumWords(message)));
  return message;
}

/** Whether `bytes`, as a kernel's ICMP socket or a raw one (with an IPv4 header) hands them over, reply to that token. */
export function isEchoReply(family: IpFamily, bytes: Uint8Array, token: Uint8Array): boolean {
  const withHeader = family === "ipv4" && (bytes[0] ?? 0) >> 4 === IPV4_IN_FIRST_BYTE;
  const start = withHeader ? readIpv4HeaderLength(bytes, 0) : 0;
  if (bytes[start] !== REPLY[family] || bytes.length !== start + HEADER + token.length) return false;
  return token.every((byte, index) => bytes[start + HEADER + index] === byte);
}
