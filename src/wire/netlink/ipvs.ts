/**
 * Services and destinations of IPVS (linux/ip_vs.h), as the kernel has them: numbers and flags. Ports and IPv4 netmasks are in
 * network byte order, everything else in the machine's; the netmask of IPv6 is a prefix length.
 */
import { present } from "../../base/assert.ts";
import { readUint16, writeUint16, writeUint32 } from "../../base/bytes.ts";
import {
  type IpAddress,
  type IpFamily,
  ipLength,
  ipToBytes,
  maxPrefixLength,
  readIp,
} from "../../base/ip.ts";
import type { AttributeReader } from "./attributes.ts";
import { AF_INET, AF_INET6, NLM_F_ACK, NLM_F_DUMP } from "./constants.ts";
import { genericRequest, readGeneric } from "./generic.ts";
import { readHost32, writeHost32 } from "./host-order.ts";
import * as ipvs from "./ipvs-constants.ts";
import type { MessageBuilder, NetlinkMessage } from "./message.ts";

/** What tells services apart: a firewall mark and a family, or protocol, address and port. */
export interface IpvsServiceKey {
  readonly family: IpFamily;
  /** 0 for a service of protocol, address and port; with another mark those three count for nothing. */
  readonly mark: number;
  /** Of the IP header. */
  readonly protocol: number;
  readonly address: IpAddress;
  readonly port: number;
}

export interface IpvsService extends IpvsServiceKey {
  readonly scheduler: string;
  /** IP_VS_SVC_F_*. */
  readonly flags: number;
  /** Seconds of persistence. */
  readonly timeout: number;
  /** Of clients that belong together; the longest where there is no persistence. */
  readonly prefixLength: number;
  readonly engine: string | undefined;
}

export interface IpvsDestination {
  readonly address: IpAddress;
  readonly port: number;
  /** IP_VS_CONN_F_MASQ and its kin. */
  readonly method: number;
  readonly weight: number;
  readonly upperThreshold: number;
  readonly lowerThreshold: number;
  /** IP_VS_CONN_F_TUNNEL_TYPE_*. */
  readonly tunnelType: number;
  readonly tunnelPort: number;
  /** IP_VS_TUNNEL_ENCAP_FLAG_*. */
  readonly tunnelFlags: number;
}

/** Since the kernel began to count; rates are per second. */
export interface IpvsStatistics {
  readonly connections: number;
  readonly packetsIn: number;
  readonly packetsOut: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly connectionRate: number;
  readonly packetRateIn: number;
  readonly packetRateOut: number;
  readonly byteRateIn: number;
  readonly byteRateOut: number;
}

export interface IpvsServiceFact extends IpvsService {
  readonly statistics: IpvsStatistics;
}

export interface IpvsDestinationFact extends IpvsDestination {
  readonly activeConnections: number;
  readonly inactiveConnections: number;
  readonly persistentConnections: number;
  readonly statistics: IpvsStatistics;
}

export type IpvsOperation = "add" | "edit" | "delete";

const SERVICE_COMMANDS: Readonly<Record<IpvsOperation, number>> = {
  add: ipvs.IPVS_CMD_NEW_SERVICE,
  edit: ipvs.IPVS_CMD_SET_SERVICE,
  delete: ipvs.IPVS_CMD_DEL_SERVICE,
};
const DESTINATION_COMMANDS: Readonly<Record<IpvsOperation, number>> = {
  add: ipvs.IPVS_CMD_NEW_DEST,
  edit: ipvs.IPVS_CMD_SET_DEST,
  delete: ipvs.IPVS_CMD_DEL_DEST,
};

/** Any other value would have flags of the service left as they are. */
const ALL_FLAGS = 0xffff_ffff;
/** union nf_inet_addr. */
const ADDRESS_BYTES = 16;

/** A request to the family of that number. */
export function ipvsRequest(
  family: number,
  command: number,
  flags: number,
  sequence: number,
): MessageBuilder {
  return genericRequest(family, command, ipvs.IPVS_GENL_VERSION, flags, sequence);
}

export function encodeService(
  family: number,
  operation: IpvsOperation,
  service: IpvsService,
  sequence: number,
): Uint8Array {
  return ipvsRequest(family, SERVICE_COMMANDS[operation], NLM_F_ACK, sequence)
    .nested(ipvs.IPVS_CMD_ATTR_SERVICE, (list) => {
      writeServiceKey(list, service);
      if (operation === "delete") return;
      list.text(ipvs.IPVS_SVC_ATTR_SCHED_NAME, service.scheduler);
      list.attribute(ipvs.IPVS_SVC_ATTR_FLAGS, flagsAndMask(service.flags));
      list.uint32(ipvs.IPVS_SVC_ATTR_TIMEOUT, service.timeout);
      list.attribute(ipvs.IPVS_SVC_ATTR_NETMASK, netmask(service.family, service.prefixLength));
      if (service.engine !== undefined) list.text(ipvs.IPVS_SVC_ATTR_PE_NAME, service.engine);
    })
    .finish();
}

export function encodeDestination(
  family: number,
  operation: IpvsOperation,
  service: IpvsServiceKey,
  destination: IpvsDestination,
  sequence: number,
): Uint8Array {
  return ipvsRequest(family, DESTINATION_COMMANDS[operation], NLM_F_ACK, sequence)
    .nested(ipvs.IPVS_CMD_ATTR_SERVICE, (list) => writeServiceKey(list, service))
    .nested(ipvs.IPVS_CMD_ATTR_DEST, (list) => {
      list.attribute(ipvs.IPVS_DEST_ATTR_ADDR, addressBytes(destination.address));
      list.uint16(ipvs.IPVS_DEST_ATTR_ADDR_FAMILY, destination.address.includes(":") ? AF_INET6 : AF_INET);
      list.attribute(ipvs.IPVS_DEST_ATTR_PORT, portBytes(destination.port));
      if (operation === "delete") return;
      list.uint32(ipvs.IPVS_DEST_ATTR_FWD_METHOD, destination.method);
      list.uint32(ipvs.IPVS_DEST_ATTR_WEIGHT, destination.weight);
      list.uint32(ipvs.IPVS_DEST_ATTR_U_THRESH, destination.upperThreshold);
      list.uint32(ipvs.IPVS_DEST_ATTR_L_THRESH, destination.lowerThreshold);
      list.uint8(ipvs.IPVS_DEST_ATTR_TUN_TYPE, destination.tunnelType);
      list.attribute(ipvs.IPVS_DEST_ATTR_TUN_PORT, portBytes(destination.tunnelPort));
      list.uint16(ipvs.IPVS_DEST_ATTR_TUN_FLAGS, destination.tunnelFlags);
    })
    .finish();
}

/** Asks for all services. */
export function encodeServiceDump(family: number, sequence: number): Uint8Array {
  return ipvsRequest(family, ipvs.IPVS_CMD_GET_SERVICE, NLM_F_DUMP, sequence).finish();
}

/** Asks for the destinations of one service. */
export function encodeDestinationDump(family: number, service: IpvsServiceKey, sequence: number): Uint8Array {
  return ipvsRequest(family, ipvs.IPVS_CMD_GET_DEST, NLM_F_DUMP, sequence)
    .nested(ipvs.IPVS_CMD_ATTR_SERVICE, (list) => writeServiceKey(list, service))
    .finish();
}

/** Empties the table. */
export function encodeFlush(family: number, sequence: number): Uint8Array {
  return ipvsRequest(family, ipvs.IPVS_CMD_FLUSH, NLM_F_ACK, sequence).finish();
}

/** A service of a dump; undefined for other messages and for malformed ones. */
export function decodeService(message: NetlinkMessage, family: number): IpvsServiceFact | undefined {
  const list = nestedOf(message, family, ipvs.IPVS_CMD_NEW_SERVICE, ipvs.IPVS_CMD_ATTR_SERVICE);
  if (list === undefined) return undefined;
  let addressFamily: IpFamily | undefined;
  let address: Uint8Array = new Uint8Array(ADDRESS_BYTES);
  let mask: Uint8Array = new Uint8Array(4);
  let statistics = NO_STATISTICS;
  const rest = { mark: 0, protocol: 0, port: 0, scheduler: "", flags: 0, timeout: 0 };
  let engine: string | undefined;
  while (list.next()) {
    if (list.type === ipvs.IPVS_SVC_ATTR_AF) addressFamily = familyOfNumber(list.uint16());
    else if (list.type === ipvs.IPVS_SVC_ATTR_PROTOCOL) rest.protocol = list.uint16();
    else if (list.type === ipvs.IPVS_SVC_ATTR_ADDR) address = list.bytes();
    else if (list.type === ipvs.IPVS_SVC_ATTR_PORT) rest.port = readUint16(list.bytes(), 0);
    else if (list.type === ipvs.IPVS_SVC_ATTR_FWMARK) rest.mark = list.uint32();
    else if (list.type === ipvs.IPVS_SVC_ATTR_SCHED_NAME) rest.scheduler = list.text();
    else if (list.type === ipvs.IPVS_SVC_ATTR_FLAGS) rest.flags = list.uint32();
    else if (list.type === ipvs.IPVS_SVC_ATTR_TIMEOUT) rest.timeout = list.uint32();
    else if (list.type === ipvs.IPVS_SVC_ATTR_NETMASK) mask = list.bytes();
    else if (list.type === ipvs.IPVS_SVC_ATTR_PE_NAME) engine = list.text();
    else if (isStatistics(list.type, SERVICE_STATISTICS)) statistics = readStatistics(list.nested());
  }
  const text = addressText(address, addressFamily);
  if (list.error !== undefined || addressFamily === undefined || text === undefined) return undefined;
  const prefixLength = prefixLengthOf(addressFamily, mask);
  return { ...rest, family: addressFamily, address: text, prefixLength, engine, statistics };
}

/** A destination of a dump. `fallback` is the family of its service, for kernels that do not tell its own. */
export function decodeDestination(
  message: NetlinkMessage,
  family: number,
  fallback: IpFamily,
): IpvsDestinationFact | undefined {
  const list = nestedOf(message, family, ipvs.IPVS_CMD_NEW_DEST, ipvs.IPVS_CMD_ATTR_DEST);
  if (list === undefined) return undefined;
  let addressFamily: IpFamily | undefined = fallback;
  let address: Uint8Array = new Uint8Array(0);
  let statistics = NO_STATISTICS;
  const numbers = { ...NO_NUMBERS };
  while (list.next()) {
    const field = NUMBER_FIELDS.get(list.type);
    if (field !== undefined) numbers[field] = list.uint32();
    else if (list.type === ipvs.IPVS_DEST_ATTR_ADDR) address = list.bytes();
    else if (list.type === ipvs.IPVS_DEST_ATTR_ADDR_FAMILY) addressFamily = familyOfNumber(list.uint16());
    else if (list.type === ipvs.IPVS_DEST_ATTR_PORT) numbers.port = readUint16(list.bytes(), 0);
    else if (list.type === ipvs.IPVS_DEST_ATTR_TUN_TYPE) numbers.tunnelType = list.uint8();
    else if (list.type === ipvs.IPVS_DEST_ATTR_TUN_PORT) numbers.tunnelPort = readUint16(list.bytes(), 0);
    else if (list.type === ipvs.IPVS_DEST_ATTR_TUN_FLAGS) numbers.tunnelFlags = list.uint16();
    else if (isStatistics(list.type, DESTINATION_STATISTICS)) statistics = readStatistics(list.nested());
  }
  const text = addressText(address, addressFamily);
  if (list.error !== undefined || text === undefined) return undefined;
  return { ...numbers, method: numbers.method & ipvs.IP_VS_CONN_F_FWD_MASK, address: text, statistics };
}

const NO_NUMBERS = {
  port: 0,
  method: 0,
  weight: 0,
  upperThreshold: 0,
  lowerThreshold: 0,
  tunnelType: 0,
  tunnelPort: 0,
  tunnelFlags: 0,
  activeConnections: 0,
  inactiveConnections: 0,
  persistentConnections: 0,
};

/** The plain 32-bit numbers of a destination. */
const NUMBER_FIELDS: ReadonlyMap<number, keyof typeof NO_NUMBERS> = new Map([
  [ipvs.IPVS_DEST_ATTR_FWD_METHOD, "method"],
  [ipvs.IPVS_DEST_ATTR_WEIGHT, "weight"],
  [ipvs.IPVS_DEST_ATTR_U_THRESH, "upperThreshold"],
  [ipvs.IPVS_DEST_ATTR_L_THRESH, "lowerThreshold"],
  [ipvs.IPVS_DEST_ATTR_ACTIVE_CONNS, "activeConnections"],
  [ipvs.IPVS_DEST_ATTR_INACT_CONNS, "inactiveConnections"],
  [ipvs.IPVS_DEST_ATTR_PERSIST_CONNS, "persistentConnections"],
]);

export const NO_STATISTICS: IpvsStatistics = {
  connections: 0,
  packetsIn: 0,
  packetsOut: 0,
  bytesIn: 0,
  bytesOut: 0,
  connectionRate: 0,
  packetRateIn: 0,
  packetRateOut: 0,
  byteRateIn: 0,
  byteRateOut: 0,
};

const STATISTICS_FIELDS: ReadonlyMap<number, keyof IpvsStatistics> = new Map([
  [ipvs.IPVS_STATS_ATTR_CONNS, "connections"],
  [ipvs.IPVS_STATS_ATTR_INPKTS, "packetsIn"],
  [ipvs.IPVS_STATS_ATTR_OUTPKTS, "packetsOut"],
  [ipvs.IPVS_STATS_ATTR_INBYTES, "bytesIn"],
  [ipvs.IPVS_STATS_ATTR_OUTBYTES, "bytesOut"],
  [ipvs.IPVS_STATS_ATTR_CPS, "connectionRate"],
  [ipvs.IPVS_STATS_ATTR_INPPS, "packetRateIn"],
  [ipvs.IPVS_STATS_ATTR_OUTPPS, "packetRateOut"],
  [ipvs.IPVS_STATS_ATTR_INBPS, "byteRateIn"],
  [ipvs.IPVS_STATS_ATTR_OUTBPS, "byteRateOut"],
]);

/** Older kernels send 32 bits only; newer ones send those, and then the same in 64. */
const SERVICE_STATISTICS = [ipvs.IPVS_SVC_ATTR_STATS, ipvs.IPVS_SVC_ATTR_STATS64];
const DESTINATION_STATISTICS = [ipvs.IPVS_DEST_ATTR_STATS, ipvs.IPVS_DEST_ATTR_STATS64];

function isStatistics(type: number, types: readonly number[]): boolean {
  return types.includes(type);
}

function readStatistics(list: AttributeReader): IpvsStatistics {
  const statistics = { ...NO_STATISTICS } as Record<keyof IpvsStatistics, number>;
  while (list.next()) {
    const field = STATISTICS_FIELDS.get(list.type);
    if (field !== undefined) statistics[field] = list.bytes().length >= 8 ? list.uint64() : list.uint32();
  }
  return statistics;
}

/** The attributes inside the one attribute of a command. */
function nestedOf(
  message: NetlinkMessage,
  family: number,
  command: number,
  attribute: number,
): AttributeReader | undefined {
  const answer = readGeneric(message, family);
  if (answer?.command !== command) return undefined;
  const { attributes } = answer;
  while (attributes.next()) if (attributes.type === attribute) return attributes.nested();
  return undefined;
}

function writeServiceKey(list: MessageBuilder, key: IpvsServiceKey): void {
  list.uint16(ipvs.IPVS_SVC_ATTR_AF, key.family === "ipv4" ? AF_INET : AF_INET6);
  if (key.mark !== 0) {
    list.uint32(ipvs.IPVS_SVC_ATTR_FWMARK, key.mark);
    return;
  }
  list.uint16(ipvs.IPVS_SVC_ATTR_PROTOCOL, key.protocol);
  list.attribute(ipvs.IPVS_SVC_ATTR_ADDR, addressBytes(key.address));
  list.attribute(ipvs.IPVS_SVC_ATTR_PORT, portBytes(key.port));
}

/** struct ip_vs_flags. */
function flagsAndMask(flags: number): Uint8Array {
  const bytes = new Uint8Array(8);
  writeHost32(bytes, 0, flags);
  writeHost32(bytes, 4, ALL_FLAGS);
  return bytes;
}

function netmask(family: IpFamily, prefixLength: number): Uint8Array {
  const bytes = new Uint8Array(4);
  if (family === "ipv6") writeHost32(bytes, 0, prefixLength);
  else writeUint32(bytes, 0, prefixLength === 0 ? 0 : (-1 << (32 - prefixLength)) >>> 0);
  return bytes;
}

function prefixLengthOf(family: IpFamily, mask: Uint8Array): number {
  if (family === "ipv6") return Math.min(readHost32(mask, 0), maxPrefixLength(family));
  let ones = 0;
  for (const byte of mask.subarray(0, 4)) for (let bits = byte; bits !== 0; bits >>>= 1) ones += bits & 1;
  return ones;
}

function addressBytes(address: IpAddress): Uint8Array {
  const bytes = new Uint8Array(ADDRESS_BYTES);
  bytes.set(present(ipToBytes(address), `bytes of address ${address}`));
  return bytes;
}

function addressText(bytes: Uint8Array, family: IpFamily | undefined): IpAddress | undefined {
  if (family === undefined || bytes.length < ipLength(family)) return undefined;
  return readIp(bytes, 0, family);
}

function portBytes(port: number): Uint8Array {
  const bytes = new Uint8Array(2);
  writeUint16(bytes, 0, port);
  return bytes;
}

function familyOfNumber(number: number): IpFamily | undefined {
  return number === AF_INET ? "ipv4" : number === AF_INET6 ? "ipv6" : undefined;
}
