/** Default routes (struct rtmsg, RTA_*): by which gateways, on which interfaces, this host reaches the rest of the world. */
import type { IpAddress } from "../../base/ip.ts";
import { bytesToIp } from "../../base/ip.ts";
import { AttributeReader, align } from "./attributes.ts";
import {
  AF_INET,
  AF_INET6,
  RTA_GATEWAY,
  RTA_MULTIPATH,
  RTA_OIF,
  RTA_PRIORITY,
  RTA_TABLE,
  RTM_DELROUTE,
  RTM_NEWROUTE,
  RTN_UNICAST,
} from "./constants.ts";
import { readHost16, readHost32 } from "./host-order.ts";
import type { NetlinkMessage } from "./message.ts";

const FIXED = 12;
/** struct rtnexthop: length, flags, weight, interface. */
const HOP = 8;

export interface NextHop {
  readonly index: number;
  readonly gateway: IpAddress;
}

export interface DefaultRoute {
  /** Identity of the route among all default routes. */
  readonly key: string;
  /** Hops without a gateway are left out. */
  readonly hops: readonly NextHop[];
}

/** The default route of an RTM_NEWROUTE or RTM_DELROUTE; undefined for any other message, and if it is malformed. */
export function decodeDefaultRoute(message: NetlinkMessage): DefaultRoute | undefined {
  const { type, bytes, body, end } = message;
  if ((type !== RTM_NEWROUTE && type !== RTM_DELROUTE) || body + FIXED > end) return undefined;
  const family = bytes[body] ?? 0;
  const isDefault = bytes[body + 1] === 0 && bytes[body + 7] === RTN_UNICAST;
  if (!isDefault || (family !== AF_INET && family !== AF_INET6)) return undefined;
  const reader = new AttributeReader(bytes, body + FIXED, end);
  const single: { index?: number; gateway?: IpAddress | undefined } = {};
  const hops: NextHop[] = [];
  let table = bytes[body + 4] ?? 0;
  let priority = 0;
  while (reader.next()) {
    if (reader.type === RTA_TABLE) table = reader.uint32();
    else if (reader.type === RTA_PRIORITY) priority = reader.uint32();
    else if (reader.type === RTA_OIF) single.index = reader.uint32();
    else if (reader.type === RTA_GATEWAY) single.gateway = readGateway(reader.bytes());
    else if (reader.type === RTA_MULTIPATH) hops.push(...readHops(reader.bytes()));
  }
  if (reader.error !== undefined) return undefined;
  const { index, gateway } = single;
  if (index !== undefined && gateway !== undefined) hops.push({ index, gateway });
  // Of IPv6 the kernel tells the hops of one route one by one.
  const hop = family === AF_INET6 ? ` ${index} ${gateway}` : "";
  return { key: `${family} ${table} ${priority}${hop}`, hops };
}

function readHops(bytes: Uint8Array): readonly NextHop[] {
  const hops: NextHop[] = [];
  for (let offset = 0; offset + HOP <= bytes.length; ) {
    const length = readHost16(bytes, offset);
    if (length < HOP || offset + length > bytes.length) break;
    const reader = new AttributeReader(bytes, offset + HOP, offset + length);
    while (reader.next()) {
      const gateway = reader.type === RTA_GATEWAY ? readGateway(reader.bytes()) : undefined;
      if (gateway !== undefined) hops.push({ index: readHost32(bytes, offset + 4), gateway });
    }
    offset += align(length);
  }
  return hops;
}

function readGateway(bytes: Uint8Array): IpAddress | undefined {
  return bytes.length === 4 || bytes.length === 16 ? bytesToIp(bytes) : undefined;
}
