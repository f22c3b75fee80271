/** Routing rules (struct fib_rule_hdr, FRA_*). */
import { present } from "../../base/assert.ts";
import { bytesToIp, ipToBytes } from "../../base/ip.ts";
import type { NumberRange, Prefix, Rule } from "../../base/routing.ts";
import { AttributeReader } from "./attributes.ts";
import {
  AF_INET,
  AF_INET6,
  FIB_RULE_INVERT,
  FRA_DPORT_RANGE,
  FRA_DST,
  FRA_FLOW,
  FRA_FWMARK,
  FRA_FWMASK,
  FRA_GOTO,
  FRA_IIFNAME,
  FRA_IP_PROTO,
  FRA_L3MDEV,
  FRA_OIFNAME,
  FRA_PRIORITY,
  FRA_PROTOCOL,
  FRA_SPORT_RANGE,
  FRA_SRC,
  FRA_SUPPRESS_IFGROUP,
  FRA_SUPPRESS_PREFIXLEN,
  FRA_TABLE,
  FRA_TUN_ID,
  FRA_UID_RANGE,
  NLM_F_ACK,
  NLM_F_CREATE,
  NLM_F_EXCL,
  NLM_F_REQUEST,
  RTM_DELRULE,
  RTM_NEWRULE,
} from "./constants.ts";
import type { RuleFact } from "./facts.ts";
import { writeHost16, writeHost32 } from "./host-order.ts";
import type { NetlinkMessage } from "./message.ts";
import { MessageBuilder } from "./message.ts";

const FIXED = 12;
/** Tables beyond stand in an attribute. */
const LAST_SHORT_TABLE = 255;

/** A second rule that is the same in everything is refused by the kernel. */
export function encodeAddRule(rule: Rule, sequence: number): Uint8Array {
  const flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL;
  return encodeRule(rule, new MessageBuilder(RTM_NEWRULE, flags, sequence));
}

export function encodeRemoveRule(rule: Rule, sequence: number): Uint8Array {
  return encodeRule(rule, new MessageBuilder(RTM_DELRULE, NLM_F_REQUEST | NLM_F_ACK, sequence));
}

function encodeRule(rule: Rule, builder: MessageBuilder): Uint8Array {
  const fixed = new Uint8Array(FIXED);
  fixed[0] = rule.family === "ipv4" ? AF_INET : AF_INET6;
  fixed[1] = rule.destination?.length ?? 0;
  fixed[2] = rule.source?.length ?? 0;
  fixed[3] = rule.tos;
  fixed[4] = rule.table <= LAST_SHORT_TABLE ? rule.table : 0;
  fixed[7] = rule.action;
  writeHost32(fixed, 8, rule.inverted ? FIB_RULE_INVERT : 0);
  builder.fixed(fixed);
  if (rule.table > LAST_SHORT_TABLE) builder.uint32(FRA_TABLE, rule.table);
  addPrefix(builder, FRA_SRC, rule.source);
  addPrefix(builder, FRA_DST, rule.destination);
  builder.uint32(FRA_PRIORITY, rule.priority);
  addNumber(builder, FRA_FWMARK, rule.mark);
  addNumber(builder, FRA_FWMASK, rule.mask);
  addNumber(builder, FRA_FLOW, rule.realms);
  addNumber(builder, FRA_SUPPRESS_PREFIXLEN, rule.suppressPrefixLength);
  addNumber(builder, FRA_SUPPRESS_IFGROUP, rule.suppressGroup);
  if (rule.inputInterface !== undefined) builder.text(FRA_IIFNAME, rule.inputInterface);
  if (rule.outputInterface !== undefined) builder.text(FRA_OIFNAME, rule.outputInterface);
  if (rule.tunnelId !== undefined) builder.attribute(FRA_TUN_ID, bigEndian64(rule.tunnelId));
  if (rule.users !== undefined) builder.attribute(FRA_UID_RANGE, rangeBytes(rule.users, 4));
  if (rule.l3mdev) builder.uint8(FRA_L3MDEV, 1);
  builder.uint8(FRA_PROTOCOL, rule.protocol);
  if (rule.ipProtocol !== undefined) builder.uint8(FRA_IP_PROTO, rule.ipProtocol);
  if (rule.sourcePorts !== undefined) builder.attribute(FRA_SPORT_RANGE, rangeBytes(rule.sourcePorts, 2));
  if (rule.destinationPorts !== undefined) {
    builder.attribute(FRA_DPORT_RANGE, rangeBytes(rule.destinationPorts, 2));
  }
  addNumber(builder, FRA_GOTO, rule.goto);
  return builder.finish();
}

function addPrefix(builder: MessageBuilder, type: number, prefix: Prefix | undefined): void {
  if (prefix === undefined || prefix.length === 0) return;
  builder.attribute(type, present(ipToBytes(prefix.address), `bytes of address ${prefix.address}`));
}

function addNumber(builder: MessageBuilder, type: number, value: number | undefined): void {
  if (value !== undefined) builder.uint32(type, value);
}

/** Two numbers of the machine's own byte order. */
function rangeBytes({ first, last }: NumberRange, size: 2 | 4): Uint8Array {
  const bytes = new Uint8Array(2 * size);
  const write = size === 2 ? writeHost16 : writeHost32;
  write(bytes, 0, first);
  write(bytes, size, last);
  return bytes;
}

function bigEndian64(text: string): Uint8Array {
  const bytes = new Uint8Array(8);
  for (let index = 7, rest = BigInt(text); index >= 0; index--, rest >>= 8n)
    bytes[index] = Number(rest & 0xffn);
  return bytes;
}

/** The rule of an RTM_NEWRULE or RTM_DELRULE as far as it tells one from another; undefined if it is none. */
export function decodeRule(message: NetlinkMessage): RuleFact | undefined {
  const { bytes, body, end } = message;
  if ((message.type !== RTM_NEWRULE && message.type !== RTM_DELRULE) || body + FIXED > end) return undefined;
  const family = bytes[body];
  if (family !== AF_INET && family !== AF_INET6) return undefined;
  const size = family === AF_INET ? 4 : 16;
  const reader = new AttributeReader(bytes, body + FIXED, end);
  const found: { -readonly [Field in keyof RuleFact]: RuleFact[Field] } = {
    family: family === AF_INET ? "ipv4" : "ipv6",
    priority: 0,
    table: bytes[body + 4] ?? 0,
    action: bytes[body + 7] ?? 0,
    source: undefined,
    destination: undefined,
    mark: undefined,
    inputInterface: undefined,
    outputInterface: undefined,
    protocol: undefined,
  };
  while (reader.next()) readRuleAttribute(reader, found, size, bytes[body + 2] ?? 0, bytes[body + 1] ?? 0);
  return reader.error === undefined ? found : undefined;
}

function readRuleAttribute(
  reader: AttributeReader,
  found: { -readonly [Field in keyof RuleFact]: RuleFact[Field] },
  size: number,
  sourceLength: number,
  destinationLength: number,
): void {
  const value = reader.bytes();
  switch (reader.type) {
    case FRA_SRC:
      if (value.length === size) found.source = { address: bytesToIp(value), length: sourceLength };
      break;
    case FRA_DST:
      if (value.length === size) found.destination = { address: bytesToIp(value), length: destinationLength };
      break;
    case FRA_PRIORITY:
      found.priority = reader.uint32();
      break;
    case FRA_TABLE:
      found.table = reader.uint32();
      break;
    case FRA_FWMARK:
      found.mark = reader.uint32();
      break;
    case FRA_IIFNAME:
      found.inputInterface = reader.text();
      break;
    case FRA_OIFNAME:
      found.outputInterface = reader.text();
      break;
    case FRA_PROTOCOL:
      found.protocol = reader.uint8();
      break;
  }
}
