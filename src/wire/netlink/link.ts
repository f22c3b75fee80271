/** Interfaces (struct ifinfomsg, IFLA_*). */
import { bytesToMac } from "../../base/mac.ts";
import { AttributeReader } from "./attributes.ts";
import {
  IFF_LOOPBACK,
  IFF_RUNNING,
  IFF_UP,
  IFLA_ADDRESS,
  IFLA_IFNAME,
  IFLA_INFO_KIND,
  IFLA_LINK,
  IFLA_LINKINFO,
  IFLA_MASTER,
  IFLA_MTU,
  RTM_DELLINK,
  RTM_NEWLINK,
} from "./constants.ts";
import type { LinkFact } from "./facts.ts";
import { readHost16, readHost32 } from "./host-order.ts";
import type { NetlinkMessage } from "./message.ts";

const FIXED = 16;
/** Family of the messages about a bridge's ports, which are no news of the interface itself. */
const AF_BRIDGE = 7;

interface LinkAttributes {
  name?: string;
  mac?: string;
  mtu?: number;
  master?: number;
  parent?: number;
  linkInfoKind?: string;
}

/** The interface of an RTM_NEWLINK or RTM_DELLINK, or undefined if it is none or malformed. */
export function decodeLink(message: NetlinkMessage): LinkFact | undefined {
  const { bytes, body, end } = message;
  if ((message.type !== RTM_NEWLINK && message.type !== RTM_DELLINK) || body + FIXED > end) return undefined;
  if (bytes[body] === AF_BRIDGE) return undefined;
  const reader = new AttributeReader(bytes, body + FIXED, end);
  const { name, mac, mtu, ...others } = readAttributes(reader);
  if (reader.error !== undefined || name === undefined) return undefined;
  const flags = readHost32(bytes, body + 8);
  return {
    index: readHost32(bytes, body + 4),
    name,
    up: (flags & IFF_UP) !== 0,
    running: (flags & IFF_RUNNING) !== 0,
    mtu: mtu ?? 0,
    mac,
    type: readHost16(bytes, body + 2),
    loopback: (flags & IFF_LOOPBACK) !== 0,
    ...others,
  };
}

function readAttributes(reader: AttributeReader): LinkAttributes {
  const found: LinkAttributes = {};
  while (reader.next()) {
    switch (reader.type) {
      case IFLA_IFNAME:
        found.name = reader.text();
        break;
      case IFLA_ADDRESS: {
        const value = reader.bytes();
        if (value.length === 6) found.mac = bytesToMac(value);
        break;
      }
      case IFLA_MTU:
        found.mtu = reader.uint32();
        break;
      case IFLA_LINK:
        found.parent = reader.uint32();
        break;
      case IFLA_MASTER:
        found.master = reader.uint32();
        break;
      case IFLA_LINKINFO: {
        const kind = readKind(reader.nested());
        if (kind !== undefined) found.linkInfoKind = kind;
        break;
      }
    }
  }
  return found;
}

function readKind(reader: AttributeReader): string | undefined {
  while (reader.next()) {
    if (reader.type === IFLA_INFO_KIND) return reader.text();
  }
  return undefined;
}
