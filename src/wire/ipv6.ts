/** The IPv6 header (RFC 8200). Extension headers are not walked: neither VRRP nor neighbour discovery uses them. */
import { assert, present } from "../base/assert.ts";
import { readUint16, readUint32, writeUint16, writeUint32 } from "../base/bytes.ts";
import type { IpAddress } from "../base/ip.ts";
import { ipToBytes, readIp } from "../base/ip.ts";
import type { Result } from "../base/result.ts";
import { fail, ok } from "../base/result.ts";

export const IPV6_HEADER_LENGTH = 40;

export interface Ipv6Packet {
  readonly trafficClass: number;
  readonly flowLabel: number;
  readonly nextHeader: number;
  readonly hopLimit: number;
  readonly source: IpAddress;
  readonly destination: IpAddress;
  /** What the payload length counts; padding of the frame is not in it. */
  readonly payload: Uint8Array;
}

export type Ipv6DecodeError =
  | "too-short"
  | "not-version-6"
  /** Fewer bytes arrived than the payload length says. */
  | "truncated";

/** Meaning of a packet. The payload is a view of the same bytes. Never throws. */
export function decodeIpv6(bytes: Uint8Array): Result<Ipv6Packet, Ipv6DecodeError> {
  if (bytes.length < IPV6_HEADER_LENGTH) return fail("too-short");
  const first = readUint32(bytes, 0);
  if (first >>> 28 !== 6) return fail("not-version-6");
  const end = IPV6_HEADER_LENGTH + readUint16(bytes, 4);
  if (end > bytes.length) return fail("truncated");
  return ok({
    trafficClass: (first >>> 20) & 0xff,
    flowLabel: first & 0xfffff,
    nextHeader: bytes[6] ?? 0,
    hopLimit: bytes[7] ?? 0,
    source: readIp(bytes, 8, "ipv6"),
    destination: readIp(bytes, 24, "ipv6"),
    payload: bytes.subarray(IPV6_HEADER_LENGTH, end),
  });
}

/** Bytes of a packet. Throws BugError for what does not fit. */
export function encodeIpv6(packet: Ipv6Packet): Uint8Array {
  const { payload } = packet;
  assert(payload.length <= 0xffff, `${payload.length} bytes do not fit an IPv6 packet`);
  assert(packet.flowLabel <= 0xfffff, `flow label ${packet.flowLabel} does not fit`);
  const bytes = new Uint8Array(IPV6_HEADER_LENGTH + payload.length);
  writeUint32(bytes, 0, ((6 << 28) | (packet.trafficClass << 20) | packet.flowLabel) >>> 0);
  writeUint16(bytes, 4, payload.length);
  bytes[6] = packet.nextHeader;
  bytes[7] = packet.hopLimit;
  writeIpv6(bytes, 8, packet.source);
  writeIpv6(bytes, 24, packet.destination);
  bytes.set(payload, IPV6_HEADER_LENGTH);
  return bytes;
}

function writeIpv6(bytes: Uint8Array, offset: number, address: IpAddress): void {
  const raw = present(ipToBytes(address), `bytes of address ${address}`);
  assert(raw.length === 16, `${address} is no IPv6 address`);
  bytes.set(raw, offset);
}
