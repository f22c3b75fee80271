/** Why a packet was dropped, in words with both sides' values. */
import { formatSpan } from "../base/time.ts";
import type { VrrpInstanceModel } from "../model/model.ts";
import { decodeAuthTrailer } from "../wire/auth-hmac.ts";
import type { VrrpHeader } from "../wire/vrrp.ts";
import { VRRP_TYPE_ADVERTISEMENT, vrrpTrailer } from "../wire/vrrp.ts";
import { authenticationType } from "./auth-fields.ts";
import type { DropReason } from "./event.ts";
import type { PacketReceived } from "./input.ts";
import { HOP_LIMIT } from "./receive.ts";

/** One sentence with both sides' values. The packet has at least the fixed fields. */
export function describeDrop(
  reason: DropReason,
  packet: PacketReceived,
  header: VrrpHeader,
  model: VrrpInstanceModel,
): string {
  switch (reason) {
    case "ah-missing":
      return "it has no Authentication Header";
    case "ah-malformed":
      return "its Authentication Header is none of VRRP's";
    case "ah-invalid":
      return "the value in its Authentication Header is not what our auth_pass makes";
    case "ah-replay":
      return "its sequence number has been used already";
    case "length":
      return `it has ${packet.payload.length} bytes, and its message ${header.length}`;
    case "ttl-window":
      return `its TTL is ${packet.hopLimit}${windowText(packet, model)}`;
    case "auth-ext-missing":
      return "it is not signed";
    case "auth-ext-malformed":
      return "its signature is of another kind";
    case "auth-ext-stale":
      return `it was signed at ${signedAtText(packet, header)}, too far from our clock`;
    case "auth-ext-unknown-key":
      return `it was signed with key ${keyIdText(packet, header)}, which we do not have`;
    case "auth-ext-invalid":
      return "its signature is wrong";
    case "auth-ext-replay":
      return "its sequence number has been used already";
    case "unicast-source":
      return `${packet.source} is none of the unicast peers`;
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
      return model.unicast === undefined
        ? `it was sent to ${packet.destination}, not to ${model.multicastGroup}`
        : `it was sent to the group ${packet.destination}, and this instance is unicast`;
    case "owner-ignores":
      return "the address owner ignores advertisements";
    case "own-packet":
      return `its source ${packet.source} is our own address`;
    default:
      return reason;
  }
}

function windowText({ source }: PacketReceived, { unicast }: VrrpInstanceModel): string {
  const peer = unicast?.peers.find(({ address }) => address === source);
  return peer === undefined ? "" : `, and ${peer.minTtl ?? 0} to ${peer.maxTtl ?? HOP_LIMIT} is allowed`;
}

function signedAtText(packet: PacketReceived, header: VrrpHeader): string {
  const trailer = decodeAuthTrailer(vrrpTrailer(packet.payload, header.length));
  return `${trailer?.sequence.seconds ?? 0} s since 1970`;
}

function keyIdText(packet: PacketReceived, header: VrrpHeader): number {
  return decodeAuthTrailer(vrrpTrailer(packet.payload, header.length))?.keyId ?? 0;
}
