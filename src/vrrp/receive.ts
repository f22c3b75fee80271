/**
 * The checks a received packet passes before the automaton sees it, in keepalived's order; the first failure names the
 * reason. Differing address lists are no such reason: they are told and the packet counts.
 */
import { equalBytes } from "../base/bytes.ts";
import type { IpAddress } from "../base/ip.ts";
import { bytesToIp } from "../base/ip.ts";
import { formatSpan } from "../base/time.ts";
import type { AuthenticationModel, VrrpInstanceModel } from "../model/model.ts";
import type { VrrpHeader } from "../wire/vrrp.ts";
import {
  VRRP_AUTH_NONE,
  VRRP_AUTH_PASS,
  VRRP_TYPE_ADVERTISEMENT,
  verifyVrrpChecksum,
  vrrpAddressBytes,
  vrrpAuthData,
} from "../wire/vrrp.ts";
import { equalAuthData, passwordToAuthData } from "../wire/vrrp-auth.ts";
import type { DropReason } from "./event.ts";
import type { PacketReceived } from "./input.ts";
import { OWNER_PRIORITY } from "./timers.ts";

/** What multicast advertisements must arrive with: nothing that crossed a router has it (RFC 9568 section 5.1.1.3). */
const HOP_LIMIT = 255;

/** Our side of the comparison. */
export interface Expectation {
  readonly model: VrrpInstanceModel;
  /** Source of our own advertisements. */
  readonly ownAddress: IpAddress | undefined;
  /** The 8 bytes of version 2's authentication field. */
  readonly authData: Uint8Array;
}

/** The first check that the packet fails, or undefined if it is an advertisement to act on. */
export function dropReason(
  packet: PacketReceived,
  header: VrrpHeader,
  expected: Expectation,
): DropReason | undefined {
  const { model } = expected;
  const { payload } = packet;
  if (payload.length < header.length) return "truncated";
  if (packet.hopLimit !== HOP_LIMIT) return "hop-limit";
  if (header.version !== model.version) return "version";
  if (header.version === 2) {
    if (header.authType !== authenticationType(model.authentication)) return "authentication-type";
    if (model.authentication.kind === "pass") {
      if (!equalAuthData(vrrpAuthData(payload, header.length), expected.authData)) return "authentication";
    }
    if (header.advertisementInterval !== model.advertisementInterval) return "advertisement-interval";
  }
  // The interval would become ours: at 0 every backup's timer would run out at once.
  if (header.version === 3 && header.advertisementInterval === 0) return "advertisement-interval";
  if (header.type !== VRRP_TYPE_ADVERTISEMENT) return "type";
  if (!packet.checksumVerified && !hasGoodChecksum(packet, header)) return "checksum";
  if (packet.destination !== model.multicastGroup) return "destination";
  if (model.ownerIgnoreAdverts && model.priority === OWNER_PRIORITY) return "owner-ignores";
  if (packet.source === expected.ownAddress) return "own-packet";
  return undefined;
}

/** One sentence with both sides' values. The packet has at least the fixed fields. */
export function describeDrop(
  reason: DropReason,
  packet: PacketReceived,
  header: VrrpHeader,
  model: VrrpInstanceModel,
): string {
  switch (reason) {
    case "truncated":
      return `it has ${packet.payload.length} bytes and announces ${header.length}`;
    case "hop-limit":
      return `its hop limit is ${packet.hopLimit}, not ${HOP_LIMIT}`;
    case "version":
      return `it has version ${header.version}, ours is ${model.version}`;
    case "authentication-type":
      return `its authentication type is ${header.authType}, ours is ${authenticationType(model.authentication)}`;
    case "authentication":
      return "its password is not ours";
    case "advertisement-interval":
      return `its interval is ${formatSpan(header.advertisementInterval)}, ours is ${formatSpan(model.advertisementInterval)}`;
    case "type":
      return `its type is ${header.type}, not ${VRRP_TYPE_ADVERTISEMENT}`;
    case "checksum":
      return "its checksum is wrong";
    case "destination":
      return `it was sent to ${packet.destination}, not to ${model.multicastGroup}`;
    case "owner-ignores":
      return "the address owner ignores advertisements";
    case "own-packet":
      return `its source ${packet.source} is our own address`;
    default:
      return reason;
  }
}

/** The 8 bytes of a password as version 2 carries it: cut off or filled with zeros. */
export function authenticationData(authentication: AuthenticationModel): Uint8Array {
  return passwordToAuthData(authentication.kind === "pass" ? authentication.password : "");
}

/** Number of the authentication type in a version 2 message. */
export function authenticationType(authentication: AuthenticationModel): number {
  return authentication.kind === "pass" ? VRRP_AUTH_PASS : VRRP_AUTH_NONE;
}

/** Addresses on one side only, whatever their order; undefined if both sides list the same. */
export function compareAddressLists(
  packet: PacketReceived,
  own: readonly IpAddress[],
  ownBytes: Uint8Array,
): { readonly missing: readonly IpAddress[]; readonly extra: readonly IpAddress[] } | undefined {
  const theirBytes = vrrpAddressBytes(packet.payload, packet.family);
  if (equalBytes(theirBytes, ownBytes)) return undefined;
  const size = packet.family === "ipv4" ? 4 : 16;
  const theirs = new Set<IpAddress>();
  for (let offset = 0; offset + size <= theirBytes.length; offset += size) {
    theirs.add(bytesToIp(theirBytes.subarray(offset, offset + size)));
  }
  const ours = new Set(own);
  const missing = own.filter((address) => !theirs.has(address));
  const extra = [...theirs].filter((address) => !ours.has(address));
  return missing.length > 0 || extra.length > 0 ? { missing, extra } : undefined;
}

/** RFC 5798 and RFC 9568 read the checksum of version 3 over IPv4 differently: both are accepted. */
function hasGoodChecksum(packet: PacketReceived, header: VrrpHeader): boolean {
  const { payload, source, destination, family } = packet;
  return verifyVrrpChecksum(payload, header.length, source, destination, family) !== "bad";
}
