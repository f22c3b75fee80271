/**
 * keepalived's table for masters that do not accept packets to their addresses, as operators and exporters know it: sets of
 * addresses, and rules that drop what comes to them or from them. Neighbour discovery stays accepted, or nobody would find
 * the router behind an IPv6 address. Link-local addresses are matched together with their interface.
 */

import { present } from "../../base/assert.ts";
import { concatBytes } from "../../base/bytes.ts";
import type { IpAddress } from "../../base/ip.ts";
import { familyOf, ipToBytes, isIpv6LinkLocal } from "../../base/ip.ts";
import type { NftBatch } from "./nftables.ts";
import type { NftExpression, NftFamily } from "./nftables-expressions.ts";
import { hostNumber } from "./nftables-expressions.ts";

export interface AcceptTable {
  readonly table: string;
  /** Hook priority of its chains. */
  readonly priority: number;
  readonly counters: boolean;
}

/** One dropped address: where it stands, and its key there. */
export interface DroppedAddress {
  readonly family: NftFamily;
  readonly set: string;
  readonly key: Uint8Array;
}

/** What nft lists beside a table of ours, and what tells it from keepalived's own. */
export const ACCEPT_TABLE_COMMENT = "no_accept of VRRP, by buoy";

const VIPS = "vips";
const LINK_LOCAL = "vips_link_local";
const DISCOVERY = "neighbor-discovery";

/** nft's numbers of key types (include/datatype.h); a concatenation has six bits for each. */
const TYPE_IPV4 = 7;
const TYPE_IPV6 = 8;
const TYPE_IPV6_AND_INTERFACE = (8 << 6) | 20;
const TYPE_ICMPV6 = 29;

const NEIGHBOUR_SOLICITATION = 135;
const NEIGHBOUR_ADVERTISEMENT = 136;
const ICMPV6 = 58;

interface Direction {
  readonly chain: "in" | "out";
  readonly hook: "input" | "output";
  readonly meta: "iif" | "oif";
  /** Offset of the address in the header, by family. */
  readonly offset: { readonly ip: number; readonly ip6: number };
}

const DIRECTIONS: readonly Direction[] = [
  { chain: "in", hook: "input", meta: "iif", offset: { ip: 16, ip6: 24 } },
  { chain: "out", hook: "output", meta: "oif", offset: { ip: 12, ip6: 8 } },
];

/** Where this address is dropped; `index` is its interface's. */
export function droppedAddress(address: IpAddress, index: number): DroppedAddress {
  const bytes = present(ipToBytes(address), address);
  if (familyOf(address) === "ipv4") return { family: "ip", set: VIPS, key: bytes };
  if (!isIpv6LinkLocal(address)) return { family: "ip6", set: VIPS, key: bytes };
  return { family: "ip6", set: LINK_LOCAL, key: concatBytes(bytes, hostNumber(index)) };
}

/** Makes one family's table anew and empty, whatever was there under its name. */
export function writeAcceptTable(batch: NftBatch, family: NftFamily, wanted: AcceptTable): void {
  removeAcceptTable(batch, family, wanted.table);
  batch.table(family, wanted.table, ACCEPT_TABLE_COMMENT);
  if (family === "ip") writeIpv4(batch, wanted);
  else writeIpv6(batch, wanted);
}

/** Removes one family's table, whether it is there or not. */
export function removeAcceptTable(batch: NftBatch, family: NftFamily, table: string): void {
  batch.table(family, table, ACCEPT_TABLE_COMMENT).deleteTable(family, table);
}

function writeIpv4(batch: NftBatch, { table, priority, counters }: AcceptTable): void {
  batch.set("ip", table, { name: VIPS, keyType: TYPE_IPV4, keyLength: 4, constant: false });
  for (const { chain, hook, offset } of DIRECTIONS) {
    batch.chain("ip", table, chain, { hook, priority });
    const rule = [loadAddress(offset.ip, 4), lookup(VIPS), ...count(counters), DROP];
    batch.rule("ip", table, chain, rule);
  }
}

function writeIpv6(batch: NftBatch, { table, priority, counters }: AcceptTable): void {
  batch.set("ip6", table, { name: VIPS, keyType: TYPE_IPV6, keyLength: 16, constant: false });
  batch.set("ip6", table, { name: DISCOVERY, keyType: TYPE_ICMPV6, keyLength: 1, constant: true });
  batch.addElements("ip6", table, DISCOVERY, [
    Uint8Array.of(NEIGHBOUR_SOLICITATION),
    Uint8Array.of(NEIGHBOUR_ADVERTISEMENT),
  ]);
  batch.set("ip6", table, {
    name: LINK_LOCAL,
    keyType: TYPE_IPV6_AND_INTERFACE,
    keyLength: 20,
    constant: false,
  });
  const counter = count(counters);
  for (const { chain, hook, meta, offset } of DIRECTIONS) {
    const linkLocalChain = `${chain}_link_local`;
    const load = loadAddress(offset.ip6, 16);
    batch.chain("ip6", table, chain, { hook, priority });
    batch.chain("ip6", table, linkLocalChain);
    batch.rule("ip6", table, chain, [...IS_ICMPV6, LOAD_TYPE, lookup(DISCOVERY), ...counter, ACCEPT]);
    batch.rule("ip6", table, chain, [
      load,
      { kind: "mask", bytes: linkLocalBytes(0xff, 0xc0) },
      { kind: "equals", bytes: linkLocalBytes(0xfe, 0x80) },
      ...counter,
      { kind: "goto", chain: linkLocalChain },
    ]);
    batch.rule("ip6", table, chain, [load, lookup(VIPS), ...counter, DROP]);
    const interfaceLoad: NftExpression = { kind: "meta", key: meta, register: 2 };
    batch.rule("ip6", table, linkLocalChain, [load, interfaceLoad, lookup(LINK_LOCAL), ...counter, DROP]);
  }
}

const DROP: NftExpression = { kind: "verdict", verdict: "drop" };
const ACCEPT: NftExpression = { kind: "verdict", verdict: "accept" };
const IS_ICMPV6: readonly NftExpression[] = [
  { kind: "meta", key: "l4proto", register: 1 },
  { kind: "equals", bytes: Uint8Array.of(ICMPV6) },
];
const LOAD_TYPE: NftExpression = { kind: "payload", base: "transport", offset: 0, length: 1 };

function loadAddress(offset: number, length: number): NftExpression {
  return { kind: "payload", base: "network", offset, length };
}

function lookup(set: string): NftExpression {
  return { kind: "lookup", set };
}

function count(counters: boolean): readonly NftExpression[] {
  return counters ? [{ kind: "counter" }] : [];
}

function linkLocalBytes(first: number, second: number): Uint8Array {
  const bytes = new Uint8Array(16);
  bytes[0] = first;
  bytes[1] = second;
  return bytes;
}
