/** Addresses of interfaces (struct ifaddrmsg, IFA_*). */
import { assert, present } from "../../base/assert.ts";
import type { IpAddress } from "../../base/ip.ts";
import { bytesToIp, familyOf, ipToBytes } from "../../base/ip.ts";
import { AttributeReader } from "./attributes.ts";
import {
  AF_INET,
  AF_INET6,
  IFA_ADDRESS,
  IFA_BROADCAST,
  IFA_CACHEINFO,
  IFA_F_DADFAILED,
  IFA_F_HOMEADDRESS,
  IFA_F_MANAGETEMPADDR,
  IFA_F_MCAUTOJOIN,
  IFA_F_NODAD,
  IFA_F_NOPREFIXROUTE,
  IFA_F_PERMANENT,
  IFA_F_SECONDARY,
  IFA_F_TENTATIVE,
  IFA_FLAGS,
  IFA_LABEL,
  IFA_LOCAL,
  IFA_PROTO,
  LIFETIME_FOREVER,
  NLM_F_ACK,
  NLM_F_CREATE,
  NLM_F_REPLACE,
  NLM_F_REQUEST,
  RTM_DELADDR,
  RTM_NEWADDR,
  RTPROT_KEEPALIVED,
} from "./constants.ts";
import type { AddressFact, AddressRequest, AddressRequestFlag } from "./facts.ts";
import { readHost32, writeHost32 } from "./host-order.ts";
import type { NetlinkMessage } from "./message.ts";
import { MessageBuilder } from "./message.ts";

const FIXED = 8;

const FLAG_BITS: Readonly<Record<AddressRequestFlag, number>> = {
  home: IFA_F_HOMEADDRESS,
  nodad: IFA_F_NODAD,
  mngtmpaddr: IFA_F_MANAGETEMPADDR,
  noprefixroute: IFA_F_NOPREFIXROUTE,
  autojoin: IFA_F_MCAUTOJOIN,
};

interface AddressAttributes {
  address?: IpAddress;
  local?: IpAddress;
  broadcast?: IpAddress;
  label?: string;
  flags?: number;
  protocol?: number;
}

/** The address of an RTM_NEWADDR or RTM_DELADDR, or undefined if it is none or malformed. */
export function decodeAddress(message: NetlinkMessage): AddressFact | undefined {
  const { bytes, body, end } = message;
  if ((message.type !== RTM_NEWADDR && message.type !== RTM_DELADDR) || body + FIXED > end) return undefined;
  const family = bytes[body];
  if (family !== AF_INET && family !== AF_INET6) return undefined;
  const reader = new AttributeReader(bytes, body + FIXED, end);
  const found = readAttributes(reader, family === AF_INET ? 4 : 16);
  const address = found.local ?? found.address;
  if (reader.error !== undefined || address === undefined) return undefined;
  const flags = found.flags ?? bytes[body + 2] ?? 0;
  return {
    index: readHost32(bytes, body + 4),
    address,
    prefixLength: bytes[body + 1] ?? 0,
    family: familyOf(address),
    scope: bytes[body + 3] ?? 0,
    flags,
    // In IPv6 the same bit marks a temporary address.
    secondary: family === AF_INET && (flags & IFA_F_SECONDARY) !== 0,
    tentative: (flags & IFA_F_TENTATIVE) !== 0,
    dadFailed: (flags & IFA_F_DADFAILED) !== 0,
    permanent: (flags & IFA_F_PERMANENT) !== 0,
    ...(found.address !== undefined && found.address !== address ? { peer: found.address } : {}),
    ...(found.broadcast !== undefined ? { broadcast: found.broadcast } : {}),
    ...(found.label !== undefined ? { label: found.label } : {}),
    ...(found.protocol !== undefined ? { protocol: found.protocol } : {}),
  };
}

function readAttributes(reader: AttributeReader, length: number): AddressAttributes {
  const found: AddressAttributes = {};
  while (reader.next()) {
    const value = reader.bytes();
    switch (reader.type) {
      case IFA_ADDRESS:
        if (value.length === length) found.address = bytesToIp(value);
        break;
      case IFA_LOCAL:
        if (value.length === length) found.local = bytesToIp(value);
        break;
      case IFA_BROADCAST:
        if (value.length === length) found.broadcast = bytesToIp(value);
        break;
      case IFA_LABEL:
        found.label = reader.text();
        break;
      case IFA_FLAGS:
        found.flags = reader.uint32();
        break;
      case IFA_PROTO:
        found.protocol = reader.uint8();
        break;
    }
  }
  return found;
}

/**
 * A request to add an address, or to replace the lifetime and flags of one that is there (NLM_F_CREATE | NLM_F_REPLACE),
 * with acknowledgement. Prefix length, label and the rest are the kernel's to judge. Throws BugError for a request whose
 * addresses are of mixed families.
 */
export function encodeAddAddress(request: AddressRequest, sequence: number): Uint8Array {
  const flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE;
  const builder = beginAddress(RTM_NEWADDR, flags, sequence, request);
  if (request.broadcast !== undefined)
    builder.attribute(IFA_BROADCAST, addressBytes(request, request.broadcast));
  if (request.label !== undefined) builder.text(IFA_LABEL, request.label);
  const bits = (request.flags ?? []).reduce((all, flag) => all | FLAG_BITS[flag], 0);
  if (bits !== 0) builder.uint32(IFA_FLAGS, bits);
  if (request.preferredLifetime !== undefined) {
    const lifetimes = new Uint8Array(16);
    writeHost32(lifetimes, 0, request.preferredLifetime);
    writeHost32(lifetimes, 4, LIFETIME_FOREVER);
    builder.attribute(IFA_CACHEINFO, lifetimes);
  }
  return builder.uint8(IFA_PROTO, request.protocol ?? RTPROT_KEEPALIVED).finish();
}

/** A request to remove an address, with acknowledgement. */
export function encodeRemoveAddress(request: AddressRequest, sequence: number): Uint8Array {
  return beginAddress(RTM_DELADDR, NLM_F_REQUEST | NLM_F_ACK, sequence, request).finish();
}

/** The part that identifies the address. With a peer, the prefix is the peer's. */
function beginAddress(
  type: number,
  flags: number,
  sequence: number,
  request: AddressRequest,
): MessageBuilder {
  const family = familyOf(request.address);
  const prefixLength =
    request.peer === undefined ? request.prefixLength : (request.peerPrefixLength ?? request.prefixLength);
  const fixed = new Uint8Array(FIXED);
  fixed[0] = family === "ipv4" ? AF_INET : AF_INET6;
  fixed[1] = prefixLength;
  fixed[3] = request.scope ?? 0;
  writeHost32(fixed, 4, request.index);
  return new MessageBuilder(type, flags, sequence)
    .fixed(fixed)
    .attribute(IFA_LOCAL, addressBytes(request, request.address))
    .attribute(IFA_ADDRESS, addressBytes(request, request.peer ?? request.address));
}

function addressBytes(request: AddressRequest, address: IpAddress): Uint8Array {
  assert(
    familyOf(address) === familyOf(request.address),
    `${address} and ${request.address} differ in family`,
  );
  return present(ipToBytes(address), `bytes of address ${address}`);
}
