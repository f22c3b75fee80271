/** What IPVS has beside its table: version, timeouts, and the daemons that synchronise connections. */
import { present } from "../../base/assert.ts";
import { bytesToIp, familyOf, type IpAddress, ipToBytes } from "../../base/ip.ts";
import { NLM_F_ACK, NLM_F_DUMP } from "./constants.ts";
import { readGeneric } from "./generic.ts";
import { ipvsRequest } from "./ipvs.ts";
import * as ipvs from "./ipvs-constants.ts";
import type { NetlinkMessage } from "./message.ts";

/** Whole seconds. */
export interface IpvsTimeouts {
  readonly tcp: number | undefined;
  readonly tcpFin: number | undefined;
  readonly udp: number | undefined;
}

/** A daemon of connection synchronisation; what is undefined is the kernel's own choice. */
export interface IpvsDaemon {
  readonly role: "master" | "backup";
  readonly interface: string;
  readonly id: number;
  readonly maxLength: number | undefined;
  readonly port: number | undefined;
  readonly ttl: number | undefined;
  readonly group: IpAddress | undefined;
}

/** Asks for the version. */
export function encodeInfoQuestion(family: number, sequence: number): Uint8Array {
  return ipvsRequest(family, ipvs.IPVS_CMD_GET_INFO, NLM_F_ACK, sequence).finish();
}

export interface IpvsInfo {
  /** `1.2.1`. */
  readonly version: string;
  /** Of the hash table of connections. */
  readonly size: number;
}

export function decodeInfo(message: NetlinkMessage, family: number): IpvsInfo | undefined {
  const answer = readGeneric(message, family);
  if (answer?.command !== ipvs.IPVS_CMD_SET_INFO) return undefined;
  const { attributes } = answer;
  let version = 0;
  let size = 0;
  while (attributes.next()) {
    if (attributes.type === ipvs.IPVS_INFO_ATTR_VERSION) version = attributes.uint32();
    else if (attributes.type === ipvs.IPVS_INFO_ATTR_CONN_TAB_SIZE) size = attributes.uint32();
  }
  if (attributes.error !== undefined) return undefined;
  return { version: `${(version >>> 16) & 0xff}.${(version >>> 8) & 0xff}.${version & 0xff}`, size };
}

export function encodeTimeoutsQuestion(family: number, sequence: number): Uint8Array {
  return ipvsRequest(family, ipvs.IPVS_CMD_GET_CONFIG, NLM_F_ACK, sequence).finish();
}

/** Sets those that are given. */
export function encodeTimeouts(family: number, timeouts: IpvsTimeouts, sequence: number): Uint8Array {
  const message = ipvsRequest(family, ipvs.IPVS_CMD_SET_CONFIG, NLM_F_ACK, sequence);
  const { tcp, tcpFin, udp } = timeouts;
  if (tcp !== undefined) message.uint32(ipvs.IPVS_CMD_ATTR_TIMEOUT_TCP, tcp);
  if (tcpFin !== undefined) message.uint32(ipvs.IPVS_CMD_ATTR_TIMEOUT_TCP_FIN, tcpFin);
  if (udp !== undefined) message.uint32(ipvs.IPVS_CMD_ATTR_TIMEOUT_UDP, udp);
  return message.finish();
}

/** Undefined for other messages and for malformed ones. A kernel without a protocol does not tell its timeouts. */
export function decodeTimeouts(message: NetlinkMessage, family: number): IpvsTimeouts | undefined {
  const answer = readGeneric(message, family);
  if (answer?.command !== ipvs.IPVS_CMD_SET_CONFIG) return undefined;
  const { attributes } = answer;
  let tcp: number | undefined;
  let tcpFin: number | undefined;
  let udp: number | undefined;
  while (attributes.next()) {
    if (attributes.type === ipvs.IPVS_CMD_ATTR_TIMEOUT_TCP) tcp = attributes.uint32();
    else if (attributes.type === ipvs.IPVS_CMD_ATTR_TIMEOUT_TCP_FIN) tcpFin = attributes.uint32();
    else if (attributes.type === ipvs.IPVS_CMD_ATTR_TIMEOUT_UDP) udp = attributes.uint32();
  }
  return attributes.error === undefined ? { tcp, tcpFin, udp } : undefined;
}

export function encodeDaemonDump(family: number, sequence: number): Uint8Array {
  return ipvsRequest(family, ipvs.IPVS_CMD_GET_DAEMON, NLM_F_DUMP, sequence).finish();
}

/** Starts a daemon; the kernel answers EEXIST where one of its role runs. */
export function encodeStartDaemon(family: number, daemon: IpvsDaemon, sequence: number): Uint8Array {
  return ipvsRequest(family, ipvs.IPVS_CMD_NEW_DAEMON, NLM_F_ACK, sequence)
    .nested(ipvs.IPVS_CMD_ATTR_DAEMON, (list) => {
      list.uint32(ipvs.IPVS_DAEMON_ATTR_STATE, stateOf(daemon.role));
      list.text(ipvs.IPVS_DAEMON_ATTR_MCAST_IFN, daemon.interface);
      list.uint32(ipvs.IPVS_DAEMON_ATTR_SYNC_ID, daemon.id);
      if (daemon.maxLength !== undefined) list.uint16(ipvs.IPVS_DAEMON_ATTR_SYNC_MAXLEN, daemon.maxLength);
      if (daemon.port !== undefined) list.uint16(ipvs.IPVS_DAEMON_ATTR_MCAST_PORT, daemon.port);
      if (daemon.ttl !== undefined) list.uint8(ipvs.IPVS_DAEMON_ATTR_MCAST_TTL, daemon.ttl);
      if (daemon.group === undefined) return;
      const attribute =
        familyOf(daemon.group) === "ipv4"
          ? ipvs.IPVS_DAEMON_ATTR_MCAST_GROUP
          : ipvs.IPVS_DAEMON_ATTR_MCAST_GROUP6;
      list.attribute(attribute, present(ipToBytes(daemon.group), `bytes of group ${daemon.group}`));
    })
    .finish();
}

/** Ends the daemon of a role; the kernel answers ESRCH where none runs. */
export function encodeStopDaemon(family: number, role: IpvsDaemon["role"], sequence: number): Uint8Array {
  return ipvsRequest(family, ipvs.IPVS_CMD_DEL_DAEMON, NLM_F_ACK, sequence)
    .nested(ipvs.IPVS_CMD_ATTR_DAEMON, (list) => list.uint32(ipvs.IPVS_DAEMON_ATTR_STATE, stateOf(role)))
    .finish();
}

/** A running daemon of a dump; undefined for other messages and for malformed ones. */
export function decodeDaemon(message: NetlinkMessage, family: number): IpvsDaemon | undefined {
  const answer = readGeneric(message, family);
  if (answer?.command !== ipvs.IPVS_CMD_NEW_DAEMON) return undefined;
  const { attributes } = answer;
  if (!attributes.next() || attributes.type !== ipvs.IPVS_CMD_ATTR_DAEMON) return undefined;
  const list = attributes.nested();
  let role: IpvsDaemon["role"] | undefined;
  let id = 0;
  let name = "";
  let maxLength: number | undefined;
  let port: number | undefined;
  let ttl: number | undefined;
  let group: Uint8Array | undefined;
  while (list.next()) {
    if (list.type === ipvs.IPVS_DAEMON_ATTR_STATE) role = roleOf(list.uint32());
    else if (list.type === ipvs.IPVS_DAEMON_ATTR_MCAST_IFN) name = list.text();
    else if (list.type === ipvs.IPVS_DAEMON_ATTR_SYNC_ID) id = list.uint32();
    else if (list.type === ipvs.IPVS_DAEMON_ATTR_SYNC_MAXLEN) maxLength = list.uint16();
    else if (list.type === ipvs.IPVS_DAEMON_ATTR_MCAST_PORT) port = list.uint16();
    else if (list.type === ipvs.IPVS_DAEMON_ATTR_MCAST_TTL) ttl = list.uint8();
    else if (isGroup(list.type)) group = list.bytes();
  }
  if (list.error !== undefined || role === undefined) return undefined;
  const address = group?.length === 4 || group?.length === 16 ? bytesToIp(group) : undefined;
  return { role, interface: name, id, maxLength, port, ttl, group: address };
}

function isGroup(type: number): boolean {
  return type === ipvs.IPVS_DAEMON_ATTR_MCAST_GROUP || type === ipvs.IPVS_DAEMON_ATTR_MCAST_GROUP6;
}

function stateOf(role: IpvsDaemon["role"]): number {
  return role === "master" ? ipvs.IP_VS_STATE_MASTER : ipvs.IP_VS_STATE_BACKUP;
}

function roleOf(state: number): IpvsDaemon["role"] | undefined {
  return state === ipvs.IP_VS_STATE_MASTER
    ? "master"
    : state === ipvs.IP_VS_STATE_BACKUP
      ? "backup"
      : undefined;
}
