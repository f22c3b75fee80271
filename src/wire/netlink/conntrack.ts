/** Translated connections of the kernel's tracker: a list of them, and an end to one. Any bytes may be given to the decoder. */
import { readUint16 } from "../../base/bytes.ts";
import { bytesToIp, type IpAddress } from "../../base/ip.ts";
import { AttributeReader } from "./attributes.ts";
import * as ct from "./conntrack-constants.ts";
import { NLM_F_ACK, NLM_F_DUMP, NLM_F_REQUEST } from "./constants.ts";
import type { NetlinkMessage } from "./message.ts";
import { MessageBuilder } from "./message.ts";
import { uint32 } from "./nftables.ts";
import { NFPROTO_IPV4, NFPROTO_IPV6 } from "./nftables-constants.ts";
import type { NftFamily } from "./nftables-expressions.ts";

export interface TrackedConnection {
  /** Of the IP header. */
  readonly protocol: number;
  /** Where the client wanted to go. */
  readonly service: { readonly address: IpAddress; readonly port: number };
  /** Who answers. */
  readonly server: { readonly address: IpAddress; readonly port: number };
  /** A TCP connection that carries data; others are just known. */
  readonly established: boolean;
  /** The kernel's own words for it. */
  readonly tuple: Uint8Array;
}

interface Tuple {
  readonly source: Uint8Array | undefined;
  readonly destination: Uint8Array | undefined;
  readonly protocol: number;
  readonly sourcePort: number;
  readonly destinationPort: number;
}

/** struct nfgenmsg. */
const GENERIC_HEADER = 4;
const NEW = (ct.NFNL_SUBSYS_CTNETLINK << 8) | ct.IPCTNL_MSG_CT_NEW;

/** Asks for the connections of a family whose destination has been translated, or has not been. */
export function encodeConnectionDump(family: NftFamily, translated: boolean, sequence: number): Uint8Array {
  // A kernel that does not know the mask leaves none out.
  return message(ct.IPCTNL_MSG_CT_GET, NLM_F_DUMP, family, sequence)
    .attribute(ct.CTA_STATUS, uint32(translated ? ct.IPS_DST_NAT : 0))
    .attribute(ct.CTA_STATUS_MASK, uint32(ct.IPS_DST_NAT))
    .finish();
}

/** Makes the tracker forget a connection: its next packet is that of a new one. */
export function encodeConnectionEnd(family: NftFamily, tuple: Uint8Array, sequence: number): Uint8Array {
  return message(ct.IPCTNL_MSG_CT_DELETE, NLM_F_ACK, family, sequence)
    .attribute(ct.CTA_TUPLE_ORIG, tuple)
    .finish();
}

function message(type: number, flags: number, family: NftFamily, sequence: number): MessageBuilder {
  const header = new Uint8Array(GENERIC_HEADER);
  header[0] = family === "ip" ? NFPROTO_IPV4 : NFPROTO_IPV6;
  const number = (ct.NFNL_SUBSYS_CTNETLINK << 8) | type;
  return new MessageBuilder(number, NLM_F_REQUEST | flags, sequence).fixed(header);
}

/** A connection; undefined for other messages and malformed ones. */
export function decodeConnection({ type, bytes, body, end }: NetlinkMessage): TrackedConnection | undefined {
  if (type !== NEW || body + GENERIC_HEADER > end) return undefined;
  let original: Tuple | undefined;
  let reply: Tuple | undefined;
  let tuple: Uint8Array | undefined;
  let established = false;
  const reader = new AttributeReader(bytes, body + GENERIC_HEADER, end);
  while (reader.next()) {
    if (reader.type === ct.CTA_TUPLE_ORIG) {
      tuple = reader.bytes();
      original = readTuple(reader.nested());
    } else if (reader.type === ct.CTA_TUPLE_REPLY) reply = readTuple(reader.nested());
    else if (reader.type === ct.CTA_PROTOINFO) established = isEstablished(reader.nested());
  }
  const service = original?.destination;
  const server = reply?.source;
  if (original === undefined || reply === undefined || tuple === undefined) return undefined;
  if (service === undefined || server === undefined || reader.error !== undefined) return undefined;
  return {
    protocol: original.protocol,
    service: { address: bytesToIp(service), port: original.destinationPort },
    server: { address: bytesToIp(server), port: reply.sourcePort },
    established,
    tuple,
  };
}

function readTuple(reader: AttributeReader): Tuple {
  let source: Uint8Array | undefined;
  let destination: Uint8Array | undefined;
  let ports = { protocol: 0, sourcePort: 0, destinationPort: 0 };
  while (reader.next()) {
    if (reader.type === ct.CTA_TUPLE_PROTO) ports = readPorts(reader.nested());
    if (reader.type !== ct.CTA_TUPLE_IP) continue;
    const addresses = reader.nested();
    while (addresses.next()) {
      const value = addresses.bytes();
      if (value.length !== lengthOf(addresses.type)) continue;
      if (addresses.type === ct.CTA_IP_V4_SRC || addresses.type === ct.CTA_IP_V6_SRC) source = value;
      else destination = value;
    }
  }
  return { source, destination, ...ports };
}

/** Of an address attribute's value; undefined for other attributes. */
function lengthOf(type: number): number | undefined {
  if (type === ct.CTA_IP_V4_SRC || type === ct.CTA_IP_V4_DST) return 4;
  return type === ct.CTA_IP_V6_SRC || type === ct.CTA_IP_V6_DST ? 16 : undefined;
}

function readPorts(reader: AttributeReader): Omit<Tuple, "source" | "destination"> {
  let protocol = 0;
  let sourcePort = 0;
  let destinationPort = 0;
  while (reader.next()) {
    if (reader.type === ct.CTA_PROTO_NUM) protocol = reader.uint8();
    else if (reader.type === ct.CTA_PROTO_SRC_PORT) sourcePort = readPort(reader.bytes());
    else if (reader.type === ct.CTA_PROTO_DST_PORT) destinationPort = readPort(reader.bytes());
  }
  return { protocol, sourcePort, destinationPort };
}

function readPort(bytes: Uint8Array): number {
  return bytes.length < 2 ? 0 : readUint16(bytes, 0);
}

function isEstablished(reader: AttributeReader): boolean {
  while (reader.next()) {
    if (reader.type !== ct.CTA_PROTOINFO_TCP) continue;
    const tcp = reader.nested();
    while (tcp.next())
      if (tcp.type === ct.CTA_PROTOINFO_TCP_STATE) return tcp.uint8() === ct.TCP_CONNTRACK_ESTABLISHED;
  }
  return false;
}
