/** Ethernet II frames (RFC 894): destination, source, type, payload. No VLAN tags: the kernel takes them off. */
import { readUint16, writeUint16 } from "../base/bytes.ts";
import type { MacAddress } from "../base/mac.ts";
import { bytesToMac, macToBytes } from "../base/mac.ts";
import type { Result } from "../base/result.ts";
import { fail, ok } from "../base/result.ts";

export const ETHERNET_HEADER_LENGTH = 14;

export const ETHERTYPE_IPV4 = 0x0800;
export const ETHERTYPE_ARP = 0x0806;
export const ETHERTYPE_IPV6 = 0x86dd;

export interface EthernetFrame {
  readonly destination: MacAddress;
  readonly source: MacAddress;
  readonly etherType: number;
  /** Everything after the header: the protocol within says how much of it is padding. */
  readonly payload: Uint8Array;
}

export type EthernetDecodeError = "too-short";

/** Meaning of a frame without its check sequence. The payload is a view of the same bytes. Never throws. */
export function decodeEthernet(frame: Uint8Array): Result<EthernetFrame, EthernetDecodeError> {
  if (frame.length < ETHERNET_HEADER_LENGTH) return fail("too-short");
  return ok({
    destination: bytesToMac(frame, 0),
    source: bytesToMac(frame, 6),
    etherType: readUint16(frame, 12),
    payload: frame.subarray(ETHERNET_HEADER_LENGTH),
  });
}

/** Bytes of a frame, not padded to the minimum: the driver does that. */
export function encodeEthernet(frame: EthernetFrame): Uint8Array {
  const bytes = new Uint8Array(ETHERNET_HEADER_LENGTH + frame.payload.length);
  bytes.set(macToBytes(frame.destination), 0);
  bytes.set(macToBytes(frame.source), 6);
  writeUint16(bytes, 12, frame.etherType);
  bytes.set(frame.payload, ETHERNET_HEADER_LENGTH);
  return bytes;
}
