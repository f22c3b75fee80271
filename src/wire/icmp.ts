/** ICMPv6 (RFC 4443): what neighbour discovery needs of it. */
import { writeUint16 } from "../base/bytes.ts";
import { finishChecksum, sumPseudoHeader, sumWords } from "../base/checksum.ts";
import type { IpAddress } from "../base/ip.ts";

/** IPv6 next header of ICMPv6. */
export const ICMPV6_PROTOCOL = 58;

export const ICMPV6_NEIGHBOUR_SOLICITATION = 135;
export const ICMPV6_NEIGHBOUR_ADVERTISEMENT = 136;

/** Whether the checksum of a whole message is right for these addresses. */
export function verifyIcmpv6Checksum(
  message: Uint8Array,
  source: IpAddress,
  destination: IpAddress,
): boolean {
  return finishChecksum(sumMessage(message, source, destination)) === 0;
}

/** Fills in the checksum of a message in place. */
export function writeIcmpv6Checksum(message: Uint8Array, source: IpAddress, destination: IpAddress): void {
  writeUint16(message, 2, 0);
  writeUint16(message, 2, finishChecksum(sumMessage(message, source, destination)));
}

function sumMessage(message: Uint8Array, source: IpAddress, destination: IpAddress): number {
  return sumWords(message, sumPseudoHeader(source, destination, ICMPV6_PROTOCOL, message.length));
}
