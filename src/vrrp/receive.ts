/**
 * The checks a received packet passes before the automaton sees it, in keepalived's order; the first failure names the
 * reason. Differing address lists are no such reason: they are told and the packet counts.
 */
import { equalBytes, equalBytesInConstantTime } from "../base/bytes.ts";
import type { IpAddress } from "../base/ip.ts";
import { bytesToIp, isMulticast } from "../base/ip.ts";
import type { UnicastPeerModel } from "../model/advertising.ts";
import type { VrrpInstanceModel } from "../model/model.ts";
import { AUTH_TRAILER_LENGTH } from "../wire/auth-hmac.ts";
import type { VrrpHeader } from "../wire/vrrp.ts";
import { VRRP_TYPE_ADVERTISEMENT, verifyVrrpChecksum, vrrpAddressBytes, vrrpAuthData } from "../wire/vrrp.ts";
import { authenticationType } from "./auth-fields.ts";
import { trailerDropReason } from "./authenticate.ts";
import type { DropReason } from "./event.ts";
import type { PacketReceived } from "./input.ts";
import type { Instance } from "./instance.ts";
import { findPeer } from "./peers.ts";
import { OWNER_PRIORITY } from "./timers.ts";
import type { Turn } from "./turn.ts";
import { emit } from "./turn.ts";

/** What multicast advertisements must arrive with: nothing that crossed a router has it (RFC 9568 section 5.1.1.3). */
export const HOP_LIMIT = 255;

/** What a frame of the shortest kind leaves for a message over IPv4: shorter ones arrive padded from some routers. */
const SHORTEST_FRAME = 46 - 20;

/**
 * The first check that the packet fails, or undefined if it is an advertisement to act on. `packet` is without its
 * Authentication Header, which has been checked.
 */
export function dropReason(
  turn: Turn,
  instance: Instance,
  packet: PacketReceived,
  header: VrrpHeader,
): DropReason | undefined {
  const { model, memory } = instance;
  const { payload } = packet;
  const peer = findPeer(model, turn.surroundings.hosts, packet.source);
  if (payload.length < header.length) return "truncated";
  if (!isRightLength(packet, header, model)) return "length";
  const ttl = hopLimitProblem(packet, model, peer);
  if (ttl !== undefined) return ttl;
  if (header.version !== model.version) return "version";
  const trailer = trailerDropReason(turn, instance, packet, header, peer !== undefined);
  if (trailer !== undefined) return trailer;
  if (header.version === 2) {
    if (header.authType !== authenticationType(model.authentication)) return "authentication-type";
    if (model.authentication.kind === "pass") {
      if (!equalBytesInConstantTime(vrrpAuthData(payload, header.length), instance.authData)) {
        return "authentication";
      }
    }
    if (header.advertisementInterval !== model.advertisementInterval) return "advertisement-interval";
  }
  // The interval would become ours: at 0 every backup's timer would run out at once.
  if (header.version === 3 && header.advertisementInterval === 0) return "advertisement-interval";
  if (header.type !== VRRP_TYPE_ADVERTISEMENT) return "type";
  if (!packet.checksumVerified && !hasGoodChecksum(turn, instance, packet, header)) return "checksum";
  if (!isForOurMode(packet, model)) return "destination";
  if (model.ownerIgnoreAdverts && model.priority === OWNER_PRIORITY) return "owner-ignores";
  if (packet.source === memory.sourceAddress) return "own-packet";
  if (model.unicast?.checkSource === true && peer === undefined) return "unicast-source";
  return undefined;
}

/** Exact, but for the padding of a short frame and for the trailer of a signed message. */
function isRightLength(packet: PacketReceived, header: VrrpHeader, model: VrrpInstanceModel): boolean {
  const { length } = packet.payload;
  if (length === header.length) return true;
  if (packet.family === "ipv4" && length <= SHORTEST_FRAME) return true;
  return model.authHmac !== undefined && length === header.length + AUTH_TRAILER_LENGTH;
}

function hopLimitProblem(
  packet: PacketReceived,
  model: VrrpInstanceModel,
  peer: UnicastPeerModel | undefined,
): DropReason | undefined {
  const { hopLimit } = packet;
  if (model.unicast === undefined) return hopLimit === HOP_LIMIT ? undefined : "hop-limit";
  if (peer === undefined) return undefined;
  const isInside = hopLimit >= (peer.minTtl ?? 0) && hopLimit <= (peer.maxTtl ?? HOP_LIMIT);
  return isInside ? undefined : "ttl-window";
}

function isForOurMode(packet: PacketReceived, model: VrrpInstanceModel): boolean {
  return model.unicast === undefined
    ? packet.destination === model.multicastGroup
    : !isMulticast(packet.destination);
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

/**
 * RFC 5798 and RFC 9568 read the checksum of version 3 over IPv4 differently: both are accepted. Of a unicast peer also the
 * sum of keepalived before 1.3.6, which had the multicast group for the destination; it needs ours to be of that kind, too.
 */
function hasGoodChecksum(
  turn: Turn,
  instance: Instance,
  packet: PacketReceived,
  header: VrrpHeader,
): boolean {
  const { payload, source, destination, family } = packet;
  if (verifyVrrpChecksum(payload, header.length, source, destination, family) !== "bad") return true;
  const { unicast, multicastGroup } = instance.model;
  if (unicast === undefined || unicast.oldChecksum === "never") return false;
  if (verifyVrrpChecksum(payload, header.length, source, multicastGroup, family) === "bad") return false;
  if (unicast.oldChecksum === "auto" && !instance.memory.oldChecksum) {
    instance.memory.oldChecksum = true;
    instance.adverts = undefined;
    emit(turn, instance, { kind: "OldChecksum", source });
  }
  return true;
}
