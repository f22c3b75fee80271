/** What nf_tables answers when it is asked for elements and rules. Any bytes may be given to the decoders. */
import { readUint32 } from "../../base/bytes.ts";
import { AttributeReader } from "./attributes.ts";
import { NLM_F_DUMP, NLM_F_REQUEST } from "./constants.ts";
import type { NetlinkMessage } from "./message.ts";
import { MessageBuilder } from "./message.ts";
import { readComment } from "./nftables.ts";
import * as nft from "./nftables-constants.ts";
import type { NftFamily } from "./nftables-expressions.ts";

/** An element of a map; where its value is a verdict that goes to a chain, that chain. */
export interface NftElementFact {
  readonly key: Uint8Array;
  readonly chain: string | undefined;
  readonly value: Uint8Array | undefined;
  readonly comment: string | undefined;
  /** Milliseconds until it goes by itself. */
  readonly expires: number | undefined;
}

/** A rule with what its counters have counted, in their order. */
export interface NftRuleFact {
  readonly table: string;
  readonly chain: string;
  readonly counters: readonly NftCounter[];
}

export interface NftCounter {
  readonly packets: number;
  readonly bytes: number;
}

/** struct nfgenmsg. */
const GENERIC_HEADER = 4;
const NEWSETELEM = (nft.NFNL_SUBSYS_NFTABLES << 8) | nft.NFT_MSG_NEWSETELEM;
const NEWRULE = (nft.NFNL_SUBSYS_NFTABLES << 8) | nft.NFT_MSG_NEWRULE;

/** Asks for all elements of a set or map; no batch. */
export function encodeElementDump(
  family: NftFamily,
  table: string,
  set: string,
  sequence: number,
): Uint8Array {
  return question(nft.NFT_MSG_GETSETELEM, family, sequence)
    .text(nft.NFTA_SET_ELEM_LIST_TABLE, table)
    .text(nft.NFTA_SET_ELEM_LIST_SET, set)
    .finish();
}

/** Asks for all rules of a table; no batch. */
export function encodeRuleDump(family: NftFamily, table: string, sequence: number): Uint8Array {
  return question(nft.NFT_MSG_GETRULE, family, sequence).text(nft.NFTA_RULE_TABLE, table).finish();
}

function question(type: number, family: NftFamily, sequence: number): MessageBuilder {
  const header = new Uint8Array(GENERIC_HEADER);
  header[0] = family === "ip" ? nft.NFPROTO_IPV4 : nft.NFPROTO_IPV6;
  const number = (nft.NFNL_SUBSYS_NFTABLES << 8) | type;
  return new MessageBuilder(number, NLM_F_REQUEST | NLM_F_DUMP, sequence).fixed(header);
}

/** Elements of one message of an answer; none of other messages, nor those that are malformed. */
export function decodeElements(message: NetlinkMessage): readonly NftElementFact[] {
  if (message.type !== NEWSETELEM) return [];
  const elements: NftElementFact[] = [];
  const reader = attributesOf(message);
  while (reader.next()) {
    if (reader.type !== nft.NFTA_SET_ELEM_LIST_ELEMENTS) continue;
    const list = reader.nested();
    while (list.next()) {
      const element = decodeElement(list.nested());
      if (element !== undefined) elements.push(element);
    }
  }
  return elements;
}

function decodeElement(reader: AttributeReader): NftElementFact | undefined {
  let key: Uint8Array | undefined;
  let data: Pick<NftElementFact, "chain" | "value"> = { chain: undefined, value: undefined };
  let comment: string | undefined;
  let expires: number | undefined;
  while (reader.next()) {
    if (reader.type === nft.NFTA_SET_ELEM_KEY) key = decodeData(reader.nested()).value;
    else if (reader.type === nft.NFTA_SET_ELEM_DATA) data = decodeData(reader.nested());
    else if (reader.type === nft.NFTA_SET_ELEM_USERDATA) comment = readComment(reader.bytes());
    else if (reader.type === nft.NFTA_SET_ELEM_EXPIRATION) expires = readUint64(reader.bytes());
  }
  return key === undefined || reader.error !== undefined ? undefined : { key, ...data, comment, expires };
}

function decodeData(reader: AttributeReader): Pick<NftElementFact, "chain" | "value"> {
  let value: Uint8Array | undefined;
  let chain: string | undefined;
  while (reader.next()) {
    if (reader.type === nft.NFTA_DATA_VALUE) value = reader.bytes();
    if (reader.type !== nft.NFTA_DATA_VERDICT) continue;
    const verdict = reader.nested();
    while (verdict.next()) if (verdict.type === nft.NFTA_VERDICT_CHAIN) chain = verdict.text();
  }
  return { chain, value };
}

/** A rule; undefined for other messages and malformed ones. */
export function decodeNftRule(message: NetlinkMessage): NftRuleFact | undefined {
  if (message.type !== NEWRULE) return undefined;
  let table: string | undefined;
  let chain: string | undefined;
  let counters: readonly NftCounter[] = [];
  const reader = attributesOf(message);
  while (reader.next()) {
    if (reader.type === nft.NFTA_RULE_TABLE) table = reader.text();
    else if (reader.type === nft.NFTA_RULE_CHAIN) chain = reader.text();
    else if (reader.type === nft.NFTA_RULE_EXPRESSIONS) counters = decodeCounters(reader.nested());
  }
  if (table === undefined || chain === undefined || reader.error !== undefined) return undefined;
  return { table, chain, counters };
}

function decodeCounters(list: AttributeReader): readonly NftCounter[] {
  const counters: NftCounter[] = [];
  while (list.next()) {
    const expression = list.nested();
    let name = "";
    while (expression.next()) {
      if (expression.type === nft.NFTA_EXPR_NAME) name = expression.text();
      else if (expression.type === nft.NFTA_EXPR_DATA && name === "counter")
        counters.push(decodeCounter(expression.nested()));
    }
  }
  return counters;
}

function decodeCounter(reader: AttributeReader): NftCounter {
  let packets = 0;
  let bytes = 0;
  while (reader.next()) {
    if (reader.type === nft.NFTA_COUNTER_PACKETS) packets = readUint64(reader.bytes());
    else if (reader.type === nft.NFTA_COUNTER_BYTES) bytes = readUint64(reader.bytes());
  }
  return { packets, bytes };
}

/** In network byte order, exact up to 2^53; 0 where it is cut off. */
function readUint64(bytes: Uint8Array): number {
  return bytes.length < 8 ? 0 : readUint32(bytes, 0) * 2 ** 32 + readUint32(bytes, 4);
}

function attributesOf({ bytes, body, end }: NetlinkMessage): AttributeReader {
  return new AttributeReader(bytes, body + GENERIC_HEADER, end);
}
