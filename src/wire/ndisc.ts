/** Neighbour discovery (RFC 4861): solicitations, advertisements, and the unsolicited one that announces an address. */
import { assert, present } from "../base/assert.ts";
import type { IpAddress } from "../base/ip.ts";
import { bytesToIp, ipToBytes, isMulticast, readIp } from "../base/ip.ts";
import type { MacAddress } from "../base/mac.ts";
import { bytesToMac, macToBytes } from "../base/mac.ts";
import type { Result } from "../base/result.ts";
import { fail, ok } from "../base/result.ts";
import { ETHERTYPE_IPV6, encodeEthernet } from "./ethernet.ts";
import {
  ICMPV6_NEIGHBOUR_ADVERTISEMENT,
  ICMPV6_NEIGHBOUR_SOLICITATION,
  ICMPV6_PROTOCOL,
  verifyIcmpv6Checksum,
  writeIcmpv6Checksum,
} from "./icmp.ts";
import type { Ipv6Packet } from "./ipv6.ts";
import { encodeIpv6 } from "./ipv6.ts";

/** All nodes of the link. */
export const ALL_NODES_ADDRESS: IpAddress = "ff02::1";
export const ALL_NODES_MAC: MacAddress = "33:33:00:00:00:01";

const SOLICITED_NODE_PREFIX: IpAddress = "ff02::1:ff00:0";
/** Messages that crossed a router have less, and are not believed. */
const HOP_LIMIT = 255;
/** Type, code, checksum, flags, target. */
const FIXED_LENGTH = 24;
const OPTION_SOURCE_LINK_LAYER = 1;
const OPTION_TARGET_LINK_LAYER = 2;

const FLAG_ROUTER = 0x80;
const FLAG_SOLICITED = 0x40;
const FLAG_OVERRIDE = 0x20;

export type NeighbourMessage = NeighbourSolicitation | NeighbourAdvertisement;

export interface NeighbourSolicitation {
  readonly kind: "solicitation";
  readonly target: IpAddress;
  /** Source link-layer option; absent when the sender has no address yet (duplicate address detection). */
  readonly linkLayer: MacAddress | undefined;
}

export interface NeighbourAdvertisement {
  readonly kind: "advertisement";
  /** The address that is advertised. */
  readonly target: IpAddress;
  readonly router: boolean;
  readonly solicited: boolean;
  readonly override: boolean;
  /** Target link-layer option. */
  readonly linkLayer: MacAddress | undefined;
}

/** Why a packet is no valid neighbour message (RFC 4861 section 7.1), in the order of the checks. */
export type NeighbourDecodeError =
  | "not-icmpv6"
  | "too-short"
  | "unknown-type"
  | "hop-limit"
  | "checksum"
  | "code"
  | "multicast-target"
  /** An option of length zero, or longer than the message. */
  | "options";

/** Meaning of a neighbour solicitation or advertisement, fully checked. Never throws. */
export function decodeNeighbour(packet: Ipv6Packet): Result<NeighbourMessage, NeighbourDecodeError> {
  const message = packet.payload;
  if (packet.nextHeader !== ICMPV6_PROTOCOL) return fail("not-icmpv6");
  if (message.length < FIXED_LENGTH) return fail("too-short");
  const type = message[0];
  if (type !== ICMPV6_NEIGHBOUR_SOLICITATION && type !== ICMPV6_NEIGHBOUR_ADVERTISEMENT) {
    return fail("unknown-type");
  }
  if (packet.hopLimit !== HOP_LIMIT) return fail("hop-limit");
  if (!verifyIcmpv6Checksum(message, packet.source, packet.destination)) return fail("checksum");
  if (message[1] !== 0) return fail("code");
  const target = readIp(message, 8, "ipv6");
  if (isMulticast(target)) return fail("multicast-target");
  const solicitation = type === ICMPV6_NEIGHBOUR_SOLICITATION;
  const option = findLinkLayer(message, solicitation ? OPTION_SOURCE_LINK_LAYER : OPTION_TARGET_LINK_LAYER);
  if (!option.ok) return option;
  const linkLayer = option.value;
  if (solicitation) return ok({ kind: "solicitation", target, linkLayer });
  const flags = message[4] ?? 0;
  return ok({
    kind: "advertisement",
    target,
    router: (flags & FLAG_ROUTER) !== 0,
    solicited: (flags & FLAG_SOLICITED) !== 0,
    override: (flags & FLAG_OVERRIDE) !== 0,
    linkLayer,
  });
}

/** The ICMPv6 message, its checksum made for these addresses. */
export function encodeNeighbour(
  message: NeighbourMessage,
  source: IpAddress,
  destination: IpAddress,
): Uint8Array {
  const { linkLayer } = message;
  const bytes = new Uint8Array(FIXED_LENGTH + (linkLayer === undefined ? 0 : 8));
  const target = present(ipToBytes(message.target), `bytes of address ${message.target}`);
  assert(target.length === 16, `${message.target} is no IPv6 address`);
  bytes.set(target, 8);
  if (message.kind === "solicitation") {
    bytes[0] = ICMPV6_NEIGHBOUR_SOLICITATION;
  } else {
    bytes[0] = ICMPV6_NEIGHBOUR_ADVERTISEMENT;
    bytes[4] =
      (message.router ? FLAG_ROUTER : 0) |
      (message.solicited ? FLAG_SOLICITED : 0) |
      (message.override ? FLAG_OVERRIDE : 0);
  }
  if (linkLayer !== undefined) {
    bytes[FIXED_LENGTH] =
      message.kind === "solicitation" ? OPTION_SOURCE_LINK_LAYER : OPTION_TARGET_LINK_LAYER;
    bytes[FIXED_LENGTH + 1] = 1;
    bytes.set(macToBytes(linkLayer), FIXED_LENGTH + 2);
  }
  writeIcmpv6Checksum(bytes, source, destination);
  return bytes;
}

/**
 * The whole frame that announces an IPv6 address to all nodes of the link: an unsolicited advertisement from the
 * address itself with the override flag, so that neighbours replace what they have cached. `router` says that the
 * interface forwards.
 */
export function encodeUnsolicitedNeighbourAdvertisement(
  address: IpAddress,
  mac: MacAddress,
  router = false,
): Uint8Array {
  const advertisement: NeighbourAdvertisement = {
    kind: "advertisement",
    target: address,
    router,
    solicited: false,
    override: true,
    linkLayer: mac,
  };
  const payload = encodeIpv6({
    trafficClass: 0,
    flowLabel: 0,
    nextHeader: ICMPV6_PROTOCOL,
    hopLimit: HOP_LIMIT,
    source: address,
    destination: ALL_NODES_ADDRESS,
    payload: encodeNeighbour(advertisement, address, ALL_NODES_ADDRESS),
  });
  return encodeEthernet({ destination: ALL_NODES_MAC, source: mac, etherType: ETHERTYPE_IPV6, payload });
}

/**
 * The whole frame of a question: a solicitation for `target` by the owner of `address`, to the station `destination`, or
 * without one to the group of all that may have `target`. With `teaches` it says that `mac` has `address`; without, who
 * answers finds the way by what it believes already.
 */
export function encodeNeighbourQuestion(question: {
  readonly address: IpAddress;
  readonly mac: MacAddress;
  readonly target: IpAddress;
  readonly destination?: MacAddress | undefined;
  readonly teaches: boolean;
}): Uint8Array {
  const { address, mac, target, destination, teaches } = question;
  const group = solicitedNodeAddress(target);
  const to = destination === undefined ? group : target;
  const solicitation: NeighbourSolicitation = {
    kind: "solicitation",
    target,
    linkLayer: teaches ? mac : undefined,
  };
  const payload = encodeIpv6({
    trafficClass: 0,
    flowLabel: 0,
    nextHeader: ICMPV6_PROTOCOL,
    hopLimit: HOP_LIMIT,
    source: address,
    destination: to,
    payload: encodeNeighbour(solicitation, address, to),
  });
  return encodeEthernet({
    destination: destination ?? multicastMac(group),
    source: mac,
    etherType: ETHERTYPE_IPV6,
    payload,
  });
}

/** The group that every owner of an address has joined (RFC 4291 section 2.7.1). */
function solicitedNodeAddress(address: IpAddress): IpAddress {
  const bytes = present(ipToBytes(SOLICITED_NODE_PREFIX), SOLICITED_NODE_PREFIX);
  bytes.set(present(ipToBytes(address), `bytes of address ${address}`).subarray(13), 13);
  return bytesToIp(bytes);
}

/** RFC 2464 section 7. */
function multicastMac(group: IpAddress): MacAddress {
  const bytes = present(ipToBytes(group), `bytes of address ${group}`);
  return bytesToMac(Uint8Array.of(0x33, 0x33, ...bytes.subarray(12)));
}

/** The first Ethernet address in an option of this type; options of other types are passed over. */
function findLinkLayer(message: Uint8Array, wanted: number): Result<MacAddress | undefined, "options"> {
  let found: MacAddress | undefined;
  for (let offset = FIXED_LENGTH; offset < message.length; ) {
    const length = (message[offset + 1] ?? 0) * 8;
    if (length === 0 || offset + length > message.length) return fail("options");
    if (message[offset] === wanted && length === 8) found ??= bytesToMac(message, offset + 2);
    offset += length;
  }
  return ok(found);
}
