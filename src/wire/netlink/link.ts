/** Interfaces (struct ifinfomsg, IFLA_*): what there is. `link-change.ts` has the requests. */
import { bytesToMac } from "../../base/mac.ts";
import { AttributeReader } from "./attributes.ts";
import {
  AF_INET,
  AF_INET6,
  IFF_LOOPBACK,
  IFF_RUNNING,
  IFF_UP,
  IFLA_ADDRESS,
  IFLA_AF_SPEC,
  IFLA_GROUP,
  IFLA_IFNAME,
  IFLA_INET_CONF,
  IFLA_INET6_ADDR_GEN_MODE,
  IFLA_INFO_DATA,
  IFLA_INFO_KIND,
  IFLA_IPVLAN_FLAGS,
  IFLA_IPVLAN_MODE,
  IFLA_LINK,
  IFLA_LINKINFO,
  IFLA_MACVLAN_MODE,
  IFLA_MASTER,
  IFLA_MTU,
  IPV4_DEVCONF_ACCEPT_LOCAL,
  IPV4_DEVCONF_ARP_IGNORE,
  IPV4_DEVCONF_ARPFILTER,
  IPV4_DEVCONF_PROMOTE_SECONDARIES,
  IPV4_DEVCONF_RP_FILTER,
  IPVLAN_F_PRIVATE,
  IPVLAN_F_VEPA,
  IPVLAN_MODE_L2,
  MACVLAN_MODE_BRIDGE,
  MACVLAN_MODE_PRIVATE,
  MACVLAN_MODE_VEPA,
  RTM_DELLINK,
  RTM_NEWLINK,
} from "./constants.ts";
import type { Ipv4Setting, Ipv4Settings, LinkFact, VirtualLinkMode } from "./facts.ts";
import { readHost16, readHost32 } from "./host-order.ts";
import type { NetlinkMessage } from "./message.ts";

/** Number of each setting, by which the kernel takes it and after which (less one) it lists it. */
export const IPV4_SETTING_NUMBERS: Readonly<Record<Ipv4Setting, number>> = {
  rp_filter: IPV4_DEVCONF_RP_FILTER,
  arp_filter: IPV4_DEVCONF_ARPFILTER,
  arp_ignore: IPV4_DEVCONF_ARP_IGNORE,
  promote_secondaries: IPV4_DEVCONF_PROMOTE_SECONDARIES,
  accept_local: IPV4_DEVCONF_ACCEPT_LOCAL,
};

export const MACVLAN_MODES: Readonly<Record<VirtualLinkMode, number>> = {
  private: MACVLAN_MODE_PRIVATE,
  vepa: MACVLAN_MODE_VEPA,
  bridge: MACVLAN_MODE_BRIDGE,
};

/** Of an ipvlan in mode L2. */
export const IPVLAN_FLAGS: Readonly<Record<VirtualLinkMode, number>> = {
  private: IPVLAN_F_PRIVATE,
  vepa: IPVLAN_F_VEPA,
  bridge: 0,
};

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
  mode?: VirtualLinkMode;
  group?: number;
  addressGeneration?: number;
  ipv4?: Ipv4Settings;
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
      case IFLA_GROUP:
        found.group = reader.uint32();
        break;
      case IFLA_LINKINFO:
        readLinkInfo(reader.nested(), found);
        break;
      case IFLA_AF_SPEC:
        readFamilies(reader.nested(), found);
        break;
    }
  }
  return found;
}

/** The kind comes before its data. */
function readLinkInfo(reader: AttributeReader, found: LinkAttributes): void {
  while (reader.next()) {
    if (reader.type === IFLA_INFO_KIND) found.linkInfoKind = reader.text();
    if (reader.type !== IFLA_INFO_DATA) continue;
    const mode =
      found.linkInfoKind === "macvlan"
        ? readMacvlanMode(reader.nested())
        : found.linkInfoKind === "ipvlan"
          ? readIpvlanMode(reader.nested())
          : undefined;
    if (mode !== undefined) found.mode = mode;
  }
}

function readMacvlanMode(reader: AttributeReader): VirtualLinkMode | undefined {
  while (reader.next()) {
    if (reader.type === IFLA_MACVLAN_MODE) return modeOf(MACVLAN_MODES, reader.uint32());
  }
  return undefined;
}

function readIpvlanMode(reader: AttributeReader): VirtualLinkMode | undefined {
  let mode: VirtualLinkMode | undefined = "bridge";
  while (reader.next()) {
    if (reader.type === IFLA_IPVLAN_MODE && reader.uint16() !== IPVLAN_MODE_L2) return undefined;
    if (reader.type === IFLA_IPVLAN_FLAGS) mode = modeOf(IPVLAN_FLAGS, reader.uint16());
  }
  return mode;
}

function modeOf(
  numbers: Readonly<Record<VirtualLinkMode, number>>,
  wanted: number,
): VirtualLinkMode | undefined {
  const modes: readonly VirtualLinkMode[] = ["private", "bridge", "vepa"];
  return modes.find((mode) => numbers[mode] === wanted);
}

function readFamilies(reader: AttributeReader, found: LinkAttributes): void {
  while (reader.next()) {
    const inner = reader.nested();
    if (reader.type === AF_INET) {
      while (inner.next()) if (inner.type === IFLA_INET_CONF) found.ipv4 = readSettings(inner.bytes());
    } else if (reader.type === AF_INET6) {
      while (inner.next()) {
        if (inner.type === IFLA_INET6_ADDR_GEN_MODE) found.addressGeneration = inner.uint8();
      }
    }
  }
}

/** An array of all settings, from number 1 on. */
function readSettings(values: Uint8Array): Ipv4Settings {
  const value = (setting: Ipv4Setting): number => {
    const offset = (IPV4_SETTING_NUMBERS[setting] - 1) * 4;
    return offset + 4 <= values.length ? readHost32(values, offset) : 0;
  };
  return {
    rp_filter: value("rp_filter"),
    arp_filter: value("arp_filter"),
    arp_ignore: value("arp_ignore"),
    promote_secondaries: value("promote_secondaries"),
    accept_local: value("accept_local"),
  };
}
