/** What others' nftables tables do with packets that are forwarded. Any bytes may be given to the decoders. */
import { readUint32 } from "../../base/bytes.ts";
import { AttributeReader } from "./attributes.ts";
import { NLM_F_DUMP, NLM_F_REQUEST } from "./constants.ts";
import type { NetlinkMessage } from "./message.ts";
import { MessageBuilder } from "./message.ts";
import * as nft from "./nftables-constants.ts";

/** A table's family, which decides what packets it sees: `inet` is both. */
export type FilterFamily = "ip" | "ip6" | "inet";

export interface BaseChainFact {
  readonly family: FilterFamily;
  readonly table: string;
  readonly chain: string;
  /** It sees packets that are forwarded. */
  readonly forwards: boolean;
  /** What no rule of it decides is dropped. */
  readonly drops: boolean;
}

export interface FilterRuleFact {
  readonly asksStatus: boolean;
}

/** struct nfgenmsg. */
const GENERIC_HEADER = 4;
const FAMILIES: ReadonlyMap<number | undefined, FilterFamily> = new Map([
  [nft.NFPROTO_IPV4, "ip"],
  [nft.NFPROTO_IPV6, "ip6"],
  [nft.NFPROTO_INET, "inet"],
]);
const NUMBERS = { ip: nft.NFPROTO_IPV4, ip6: nft.NFPROTO_IPV6, inet: nft.NFPROTO_INET } as const;

/** Asks for the chains of all tables. */
export function encodeChainDump(sequence: number): Uint8Array {
  return question(nft.NFT_MSG_GETCHAIN, nft.NFPROTO_UNSPEC, sequence).finish();
}

/** Asks for all rules of anybody's table. */
export function encodeFilterDump(family: FilterFamily, table: string, sequence: number): Uint8Array {
  return question(nft.NFT_MSG_GETRULE, NUMBERS[family], sequence).text(nft.NFTA_RULE_TABLE, table).finish();
}

function question(type: number, family: number, sequence: number): MessageBuilder {
  const header = new Uint8Array(GENERIC_HEADER);
  header[0] = family;
  return new MessageBuilder(typeOf(type), NLM_F_REQUEST | NLM_F_DUMP, sequence).fixed(header);
}

function typeOf(type: number): number {
  return (nft.NFNL_SUBSYS_NFTABLES << 8) | type;
}

/** A chain that stands at a hook; undefined for others, other messages and malformed ones. */
export function decodeBaseChain({ type, bytes, body, end }: NetlinkMessage): BaseChainFact | undefined {
  const family = FAMILIES.get(bytes[body]);
  if (type !== typeOf(nft.NFT_MSG_NEWCHAIN) || body + GENERIC_HEADER > end || family === undefined)
    return undefined;
  let table: string | undefined;
  let chain: string | undefined;
  let hook: number | undefined;
  let policy: number = nft.NF_ACCEPT;
  const reader = new AttributeReader(bytes, body + GENERIC_HEADER, end);
  while (reader.next()) {
    if (reader.type === nft.NFTA_CHAIN_TABLE) table = reader.text();
    else if (reader.type === nft.NFTA_CHAIN_NAME) chain = reader.text();
    else if (reader.type === nft.NFTA_CHAIN_HOOK) hook = readNumber(reader.nested(), nft.NFTA_HOOK_HOOKNUM);
    else if (reader.type === nft.NFTA_CHAIN_POLICY) policy = numberOf(reader.bytes());
  }
  if (table === undefined || chain === undefined || hook === undefined || reader.error !== undefined)
    return undefined;
  return { family, table, chain, forwards: hook === nft.NF_INET_FORWARD, drops: policy === nft.NF_DROP };
}

/** Whether a rule asks what the tracker did with a packet's connection, as `ct status dnat`; undefined: it is no rule. */
export function decodeFilterRule({ type, bytes, body, end }: NetlinkMessage): FilterRuleFact | undefined {
  if (type !== typeOf(nft.NFT_MSG_NEWRULE) || body + GENERIC_HEADER > end) return undefined;
  const reader = new AttributeReader(bytes, body + GENERIC_HEADER, end);
  let asksStatus = false;
  while (reader.next()) {
    if (reader.type !== nft.NFTA_RULE_EXPRESSIONS) continue;
    const list = reader.nested();
    while (list.next()) asksStatus ||= isConnectionStatus(list.nested());
  }
  return reader.error === undefined ? { asksStatus } : undefined;
}

function isConnectionStatus(expression: AttributeReader): boolean {
  let name = "";
  let key: number | undefined;
  while (expression.next()) {
    if (expression.type === nft.NFTA_EXPR_NAME) name = expression.text();
    else if (expression.type === nft.NFTA_EXPR_DATA) key = readNumber(expression.nested(), nft.NFTA_CT_KEY);
  }
  return name === "ct" && key === nft.NFT_CT_STATUS;
}

function readNumber(reader: AttributeReader, type: number): number | undefined {
  let value: number | undefined;
  while (reader.next()) if (reader.type === type) value = numberOf(reader.bytes());
  return value;
}

function numberOf(bytes: Uint8Array): number {
  return bytes.length < 4 ? 0 : readUint32(bytes, 0);
}
