/** Routes (struct rtmsg, RTA_*). */
import { present } from "../../base/assert.ts";
import type { IpAddress, IpFamily } from "../../base/ip.ts";
import { bytesToIp, familyOf, ipToBytes } from "../../base/ip.ts";
import type { Encapsulation, NextHop, Prefix, Route, WeightedHop } from "../../base/routing.ts";
import { AttributeReader } from "./attributes.ts";
import {
  AF_INET,
  AF_INET6,
  ILA_ATTR_LOCATOR,
  LWTUNNEL_ENCAP_ILA,
  LWTUNNEL_ENCAP_IP,
  LWTUNNEL_ENCAP_IP6,
  LWTUNNEL_IP_DST,
  LWTUNNEL_IP_FLAGS,
  LWTUNNEL_IP_ID,
  LWTUNNEL_IP_SRC,
  LWTUNNEL_IP_TOS,
  LWTUNNEL_IP_TTL,
  NLM_F_ACK,
  NLM_F_APPEND,
  NLM_F_CREATE,
  NLM_F_EXCL,
  NLM_F_REQUEST,
  RT_SCOPE_NOWHERE,
  RTA_DST,
  RTA_ENCAP,
  RTA_ENCAP_TYPE,
  RTA_EXPIRES,
  RTA_FLOW,
  RTA_GATEWAY,
  RTA_METRICS,
  RTA_MULTIPATH,
  RTA_OIF,
  RTA_PREF,
  RTA_PREFSRC,
  RTA_PRIORITY,
  RTA_SRC,
  RTA_TABLE,
  RTA_TTL_PROPAGATE,
  RTA_VIA,
  RTAX_LOCK,
  RTM_DELROUTE,
  RTM_NEWROUTE,
  RTNH_F_ONLINK,
} from "./constants.ts";
import type { RouteFact } from "./facts.ts";
import { writeHost16, writeHost32 } from "./host-order.ts";
import type { NetlinkMessage } from "./message.ts";
import { MessageBuilder } from "./message.ts";

const FIXED = 12;
/** Tables beyond stand in an attribute. */
const LAST_SHORT_TABLE = 255;

const MODE_FLAGS: Readonly<Record<Route["mode"], number>> = {
  prepend: NLM_F_CREATE,
  append: NLM_F_CREATE | NLM_F_APPEND,
  exclusive: NLM_F_CREATE | NLM_F_EXCL,
};

/** The index of an interface; the caller has made sure that all there are exist. */
export type IndexOf = (name: string) => number;

export function encodeAddRoute(route: Route, indexOf: IndexOf, sequence: number): Uint8Array {
  const flags = NLM_F_REQUEST | NLM_F_ACK | MODE_FLAGS[route.mode];
  return encodeRoute(route, indexOf, new MessageBuilder(RTM_NEWROUTE, flags, sequence), route.scope);
}

/** A request to remove this very route, in whatever scope the kernel has put it. */
export function encodeRemoveRoute(route: Route, indexOf: IndexOf, sequence: number): Uint8Array {
  const builder = new MessageBuilder(RTM_DELROUTE, NLM_F_REQUEST | NLM_F_ACK, sequence);
  return encodeRoute(route, indexOf, builder, RT_SCOPE_NOWHERE);
}

function encodeRoute(route: Route, indexOf: IndexOf, builder: MessageBuilder, scope: number): Uint8Array {
  const { destination, source, table } = route;
  const fixed = new Uint8Array(FIXED);
  fixed[0] = route.family === "ipv4" ? AF_INET : AF_INET6;
  fixed[1] = destination.length;
  fixed[2] = source?.length ?? 0;
  fixed[3] = route.tos;
  fixed[4] = table <= LAST_SHORT_TABLE ? table : 0;
  fixed[5] = route.protocol;
  fixed[6] = scope;
  fixed[7] = route.type;
  writeHost32(fixed, 8, route.onlink ? RTNH_F_ONLINK : 0);
  builder.fixed(fixed);
  if (destination.length > 0) builder.attribute(RTA_DST, bytesOf(destination.address));
  if (table > LAST_SHORT_TABLE) builder.uint32(RTA_TABLE, table);
  if (source !== undefined) builder.attribute(RTA_SRC, bytesOf(source.address));
  if (route.preferredSource !== undefined) builder.attribute(RTA_PREFSRC, bytesOf(route.preferredSource));
  addHop(builder, route, route.family);
  if (route.interface !== undefined) builder.uint32(RTA_OIF, indexOf(route.interface));
  if (route.metric !== undefined) builder.uint32(RTA_PRIORITY, route.metric);
  if (route.expires !== undefined) builder.uint32(RTA_EXPIRES, route.expires);
  if (route.preference !== undefined) builder.uint8(RTA_PREF, route.preference);
  if (route.ttlPropagate !== undefined) builder.uint8(RTA_TTL_PROPAGATE, route.ttlPropagate ? 1 : 0);
  if (route.metrics.length > 0) addMetrics(builder, route);
  if (route.hops.length > 0) {
    builder.nested(RTA_MULTIPATH, () => {
      for (const hop of route.hops) addWeightedHop(builder, hop, route.family, indexOf);
    });
  }
  return builder.finish();
}

function addHop(builder: MessageBuilder, hop: NextHop, family: IpFamily): void {
  const { gateway, realms, encap } = hop;
  if (gateway !== undefined && familyOf(gateway) === family) {
    builder.attribute(RTA_GATEWAY, bytesOf(gateway));
  } else if (gateway !== undefined) {
    const address = bytesOf(gateway);
    const via = new Uint8Array(2 + address.length);
    writeHost16(via, 0, familyOf(gateway) === "ipv4" ? AF_INET : AF_INET6);
    via.set(address, 2);
    builder.attribute(RTA_VIA, via);
  }
  if (realms !== undefined) builder.uint32(RTA_FLOW, realms);
  if (encap !== undefined) addEncapsulation(builder, encap);
}

function addWeightedHop(builder: MessageBuilder, hop: WeightedHop, family: IpFamily, indexOf: IndexOf): void {
  const fixed = new Uint8Array(8);
  fixed[2] = hop.onlink ? RTNH_F_ONLINK : 0;
  fixed[3] = hop.weight - 1;
  writeHost32(fixed, 4, hop.interface === undefined ? 0 : indexOf(hop.interface));
  builder.sized(fixed, () => addHop(builder, hop, family));
}

function addMetrics(builder: MessageBuilder, route: Route): void {
  const locks = route.metrics.filter(({ locked }) => locked).reduce((bits, { id }) => bits | (1 << id), 0);
  builder.nested(RTA_METRICS, () => {
    if (locks !== 0) builder.uint32(RTAX_LOCK, locks >>> 0);
    for (const { id, value } of route.metrics) {
      if (typeof value === "number") builder.uint32(id, value);
      else
        builder.attribute(
          id,
          Uint8Array.from(value, (letter) => letter.charCodeAt(0)),
        );
    }
  });
}

const ENCAPSULATIONS: Readonly<Record<Encapsulation["kind"], number>> = {
  ip: LWTUNNEL_ENCAP_IP,
  ip6: LWTUNNEL_ENCAP_IP6,
  ila: LWTUNNEL_ENCAP_ILA,
};

function addEncapsulation(builder: MessageBuilder, encap: Encapsulation): void {
  const type = new Uint8Array(2);
  writeHost16(type, 0, ENCAPSULATIONS[encap.kind]);
  builder.nested(RTA_ENCAP, () => {
    if (encap.kind === "ila") {
      const parts = encap.locator.split(":").map((part) => Number.parseInt(part, 16));
      builder.attribute(ILA_ATTR_LOCATOR, Uint8Array.from(parts.flatMap((part) => [part >> 8, part & 0xff])));
      return;
    }
    if (encap.id !== undefined) builder.attribute(LWTUNNEL_IP_ID, networkOrder(encap.id, 8));
    if (encap.destination !== undefined) builder.attribute(LWTUNNEL_IP_DST, bytesOf(encap.destination));
    if (encap.source !== undefined) builder.attribute(LWTUNNEL_IP_SRC, bytesOf(encap.source));
    if (encap.tos !== undefined) builder.uint8(LWTUNNEL_IP_TOS, encap.tos);
    if (encap.hops !== undefined) builder.uint8(LWTUNNEL_IP_TTL, encap.hops);
    if (encap.flags !== undefined) builder.attribute(LWTUNNEL_IP_FLAGS, networkOrder(encap.flags, 2));
  });
  builder.attribute(RTA_ENCAP_TYPE, type);
}

function networkOrder(value: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let index = length - 1, rest = value; index >= 0; index--, rest = Math.floor(rest / 256)) {
    bytes[index] = rest % 256;
  }
  return bytes;
}

/** The route of an RTM_NEWROUTE or RTM_DELROUTE as far as it tells one from another; undefined if it is none. */
export function decodeRoute(message: NetlinkMessage): RouteFact | undefined {
  const { bytes, body, end } = message;
  if ((message.type !== RTM_NEWROUTE && message.type !== RTM_DELROUTE) || body + FIXED > end)
    return undefined;
  const family = bytes[body];
  if (family !== AF_INET && family !== AF_INET6) return undefined;
  const size = family === AF_INET ? 4 : 16;
  const reader = new AttributeReader(bytes, body + FIXED, end);
  let destination: Prefix = {
    address: bytesToIp(new Uint8Array(size)),
    length: bytes[body + 1] ?? 0,
  };
  let table = bytes[body + 4] ?? 0;
  let metric = 0;
  let index: number | undefined;
  let gateway: IpAddress | undefined;
  while (reader.next()) {
    const value = reader.bytes();
    if (reader.type === RTA_DST && value.length === size)
      destination = { ...destination, address: bytesToIp(value) };
    if (reader.type === RTA_GATEWAY && value.length === size) gateway = bytesToIp(value);
    if (reader.type === RTA_TABLE) table = reader.uint32();
    if (reader.type === RTA_PRIORITY) metric = reader.uint32();
    if (reader.type === RTA_OIF) index = reader.uint32();
  }
  if (reader.error !== undefined) return undefined;
  return {
    family: family === AF_INET ? "ipv4" : "ipv6",
    destination,
    tos: bytes[body + 3] ?? 0,
    table,
    protocol: bytes[body + 5] ?? 0,
    type: bytes[body + 7] ?? 0,
    metric,
    index,
    gateway,
  };
}

function bytesOf(address: IpAddress): Uint8Array {
  return present(ipToBytes(address), `bytes of address ${address}`);
}
