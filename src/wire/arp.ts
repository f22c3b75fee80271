/** Address resolution for IPv4 over Ethernet (RFC 826), and the gratuitous request that announces an address. */
import { assert, present } from "../base/assert.ts";
import { readUint16, writeUint16 } from "../base/bytes.ts";
import type { IpAddress } from "../base/ip.ts";
import { ipToBytes, readIp } from "../base/ip.ts";
import type { MacAddress } from "../base/mac.ts";
import { BROADCAST_MAC, bytesToMac, macToBytes } from "../base/mac.ts";
import type { Result } from "../base/result.ts";
import { fail, ok } from "../base/result.ts";
import { ETHERTYPE_ARP, ETHERTYPE_IPV4, encodeEthernet } from "./ethernet.ts";

export const ARP_LENGTH = 28;
export const ARP_REQUEST = 1;
export const ARP_REPLY = 2;

const HARDWARE_ETHERNET = 1;
/** What stands for a hardware address that is asked for. */
const NO_MAC: MacAddress = "00:00:00:00:00:00";

export interface ArpPacket {
  /** {@link ARP_REQUEST}, {@link ARP_REPLY}, or another number. */
  readonly operation: number;
  readonly senderMac: MacAddress;
  /** The address the sender claims; 0.0.0.0 in a probe (RFC 5227). */
  readonly senderAddress: IpAddress;
  readonly targetMac: MacAddress;
  readonly targetAddress: IpAddress;
}

export type ArpDecodeError =
  | "too-short"
  /** Not Ethernet hardware addresses of 6 bytes with IPv4 addresses of 4. */
  | "not-ipv4-over-ethernet";

/** Meaning of an ARP packet (an Ethernet payload; padding is ignored). Never throws. */
export function decodeArp(payload: Uint8Array): Result<ArpPacket, ArpDecodeError> {
  if (payload.length < ARP_LENGTH) return fail("too-short");
  const lengths = readUint16(payload, 4);
  if (
    readUint16(payload, 0) !== HARDWARE_ETHERNET ||
    readUint16(payload, 2) !== ETHERTYPE_IPV4 ||
    lengths !== 0x0604
  ) {
    return fail("not-ipv4-over-ethernet");
  }
  return ok({
    operation: readUint16(payload, 6),
    senderMac: bytesToMac(payload, 8),
    senderAddress: readIp(payload, 14, "ipv4"),
    targetMac: bytesToMac(payload, 18),
    targetAddress: readIp(payload, 24, "ipv4"),
  });
}

/** The 28 bytes of an ARP packet. */
export function encodeArp(packet: ArpPacket): Uint8Array {
  const bytes = new Uint8Array(ARP_LENGTH);
  writeUint16(bytes, 0, HARDWARE_ETHERNET);
  writeUint16(bytes, 2, ETHERTYPE_IPV4);
  writeUint16(bytes, 4, 0x0604);
  writeUint16(bytes, 6, packet.operation);
  bytes.set(macToBytes(packet.senderMac), 8);
  bytes.set(ipv4Bytes(packet.senderAddress), 14);
  bytes.set(macToBytes(packet.targetMac), 18);
  bytes.set(ipv4Bytes(packet.targetAddress), 24);
  return bytes;
}

/**
 * The whole frame that announces an IPv4 address: a broadcast request, never a reply, that asks for the address itself.
 * Its target hardware address is the broadcast address too, as in keepalived's (RFC 826 leaves it undefined).
 */
export function encodeGratuitousArp(address: IpAddress, mac: MacAddress): Uint8Array {
  const payload = encodeArp({
    operation: ARP_REQUEST,
    senderMac: mac,
    senderAddress: address,
    targetMac: BROADCAST_MAC,
    targetAddress: address,
  });
  return encodeEthernet({ destination: BROADCAST_MAC, source: mac, etherType: ETHERTYPE_ARP, payload });
}

/**
 * The whole frame of a question: a request for `target` by the owner of `address`. Who hears it learns that `mac` has
 * `address` (RFC 826), and who has `target` answers to it. Without `destination` everybody hears it.
 */
export function encodeArpQuestion(question: {
  readonly address: IpAddress;
  readonly mac: MacAddress;
  readonly target: IpAddress;
  readonly destination?: MacAddress | undefined;
}): Uint8Array {
  const { address, mac, target, destination = BROADCAST_MAC } = question;
  const payload = encodeArp({
    operation: ARP_REQUEST,
    senderMac: mac,
    senderAddress: address,
    targetMac: NO_MAC,
    targetAddress: target,
  });
  return encodeEthernet({ destination, source: mac, etherType: ETHERTYPE_ARP, payload });
}

function ipv4Bytes(address: IpAddress): Uint8Array {
  const bytes = present(ipToBytes(address), `bytes of address ${address}`);
  assert(bytes.length === 4, `${address} is no IPv4 address`);
  return bytes;
}
