/**
 * Batches of nf_tables (linux/netfilter/nf_tables.h): tables, chains, sets, their elements and rules. The kernel carries out
 * a whole batch or nothing of it. Numbers are in network byte order here, unlike those of rtnetlink.
 */
import { concatBytes, writeUint16, writeUint32 } from "../../base/bytes.ts";
import { AttributeReader } from "./attributes.ts";
import { NLM_F_ACK, NLM_F_CREATE, NLM_F_DUMP, NLM_F_REQUEST } from "./constants.ts";
import type { NetlinkMessage } from "./message.ts";
import { MessageBuilder } from "./message.ts";
import * as nft from "./nftables-constants.ts";
import type { NftExpression, NftFamily } from "./nftables-expressions.ts";
import { ANONYMOUS_MAP, hostNumber, writeExpression } from "./nftables-expressions.ts";

/** A base chain of policy accept, of type filter unless it says otherwise. */
export interface NftHook {
  readonly hook: "prerouting" | "input" | "output";
  readonly priority: number;
  readonly type?: "filter" | "nat";
}

export interface NftSet {
  readonly name: string;
  /** nft's number of the type of its keys, for those who list it. */
  readonly keyType: number;
  readonly keyLength: number;
  readonly constant: boolean;
}

/** A map from keys to verdicts, to numbers of four bytes (nft's marks), or to addresses of its family. */
export interface NftMap {
  readonly name: string;
  readonly keyType: number;
  readonly keyLength: number;
  readonly value: "verdict" | "mark" | "address";
  /** Packets add to it: elements end after a time, and there are so many at most. */
  readonly fed?: { readonly size: number };
}

/** An element of a map: a verdict goes to a chain. */
export interface NftElement {
  readonly key: Uint8Array;
  readonly value: { readonly chain: string } | { readonly bytes: Uint8Array } | undefined;
  readonly comment: string | undefined;
}

/** A table as the kernel lists it. */
export interface NftTableFact {
  readonly family: NftFamily;
  readonly name: string;
  readonly comment: string | undefined;
}

/** Elements in one message: an attribute holds 64 KiB. */
const ELEMENTS_A_MESSAGE = 200;
/** Types of user data (libnftnl's udata): the comment of a table or an element, and the order of bytes in a set. */
const UDATA_COMMENT = 0;
const UDATA_KEY_BYTE_ORDER = 0;
const UDATA_DATA_BYTE_ORDER = 1;
const HOST_ENDIAN = 1;
/** nft's numbers of types. */
export const TYPE_INTEGER = 4;
export const TYPE_MARK = 19;
export const TYPE_IPV4 = 7;
export const TYPE_IPV6 = 8;
const HOOKS = {
  prerouting: nft.NF_INET_PRE_ROUTING,
  input: nft.NF_INET_LOCAL_IN,
  output: nft.NF_INET_LOCAL_OUT,
} as const;
/** struct nfgenmsg: family, version, resource id. */
const GENERIC_HEADER = 4;

/** nft's number of the type of a map's values, and how long they are. */
function dataOf({ value }: NftMap, family: NftFamily): { readonly type: number; readonly length: number } {
  if (value === "verdict") return { type: nft.NFT_DATA_VERDICT, length: 0 };
  if (value === "mark") return { type: TYPE_MARK, length: 4 };
  return family === "ip" ? { type: TYPE_IPV4, length: 4 } : { type: TYPE_IPV6, length: 16 };
}

/** Gathers the messages of one batch. All carry one sequence number: the first refusal ends the batch, and its answer. */
export class NftBatch {
  readonly #sequence: number;
  readonly #messages: MessageBuilder[] = [];
  #setId = 0;

  constructor(sequence: number) {
    this.#sequence = sequence;
  }

  get isEmpty(): boolean {
    return this.#messages.length === 0;
  }

  /** Makes sure of a table. */
  table(family: NftFamily, name: string, comment: string): this {
    const message = this.#message(nft.NFT_MSG_NEWTABLE, NLM_F_CREATE, family);
    message.text(nft.NFTA_TABLE_NAME, name).attribute(nft.NFTA_TABLE_FLAGS, uint32(0));
    message.attribute(nft.NFTA_TABLE_USERDATA, commentData(comment));
    return this;
  }

  /** Removes a table with all it holds. Refused with ENOENT where there is none. */
  deleteTable(family: NftFamily, name: string): this {
    this.#message(nft.NFT_MSG_DELTABLE, 0, family).text(nft.NFTA_TABLE_NAME, name);
    return this;
  }

  chain(family: NftFamily, table: string, name: string, base?: NftHook): this {
    const message = this.#message(nft.NFT_MSG_NEWCHAIN, NLM_F_CREATE, family);
    message.text(nft.NFTA_CHAIN_TABLE, table).text(nft.NFTA_CHAIN_NAME, name);
    if (base === undefined) return this;
    message
      .text(nft.NFTA_CHAIN_TYPE, base.type ?? "filter")
      .attribute(nft.NFTA_CHAIN_POLICY, uint32(nft.NF_ACCEPT));
    message.nested(nft.NFTA_CHAIN_HOOK, (hook) => {
      hook.attribute(nft.NFTA_HOOK_HOOKNUM, uint32(HOOKS[base.hook]));
      hook.attribute(nft.NFTA_HOOK_PRIORITY, uint32(base.priority));
    });
    return this;
  }

  /** Removes a chain with its rules. Refused where something still goes there. */
  deleteChain(family: NftFamily, table: string, name: string): this {
    const message = this.#message(nft.NFT_MSG_DELCHAIN, 0, family);
    message.text(nft.NFTA_CHAIN_TABLE, table).text(nft.NFTA_CHAIN_NAME, name);
    return this;
  }

  /** Removes the rules of a chain. */
  flushChain(family: NftFamily, table: string, name: string): this {
    const message = this.#message(nft.NFT_MSG_DELRULE, 0, family);
    message.text(nft.NFTA_RULE_TABLE, table).text(nft.NFTA_RULE_CHAIN, name);
    return this;
  }

  map(family: NftFamily, table: string, map: NftMap): this {
    const message = this.#message(nft.NFT_MSG_NEWSET, NLM_F_CREATE, family);
    const flags = nft.NFT_SET_MAP | (map.fed === undefined ? 0 : nft.NFT_SET_TIMEOUT | nft.NFT_SET_EVAL);
    message.text(nft.NFTA_SET_TABLE, table).text(nft.NFTA_SET_NAME, map.name);
    message.attribute(nft.NFTA_SET_FLAGS, uint32(flags));
    message.attribute(nft.NFTA_SET_KEY_TYPE, uint32(map.keyType));
    message.attribute(nft.NFTA_SET_KEY_LEN, uint32(map.keyLength));
    const data = dataOf(map, family);
    message.attribute(nft.NFTA_SET_DATA_TYPE, uint32(data.type));
    if (data.length > 0) message.attribute(nft.NFTA_SET_DATA_LEN, uint32(data.length));
    const hostOrder = [
      ...(map.keyType === TYPE_MARK ? [UDATA_KEY_BYTE_ORDER] : []),
      ...(map.value === "mark" ? [UDATA_DATA_BYTE_ORDER] : []),
    ];
    if (hostOrder.length > 0) message.attribute(nft.NFTA_SET_USERDATA, inHostOrder(hostOrder));
    const size = map.fed?.size;
    if (size !== undefined)
      message.nested(nft.NFTA_SET_DESC, (desc) => desc.attribute(nft.NFTA_SET_DESC_SIZE, uint32(size)));
    message.attribute(nft.NFTA_SET_ID, uint32(++this.#setId));
    return this;
  }

  /** A map from numbers to chains that lives and dies with the rule that looks into it; the result names it there. */
  anonymousMap(
    family: NftFamily,
    table: string,
    keyType: number,
    chains: readonly (readonly [key: number, chain: string])[],
  ): { readonly anonymous: number } {
    const id = ++this.#setId;
    const message = this.#message(nft.NFT_MSG_NEWSET, NLM_F_CREATE, family);
    const flags = nft.NFT_SET_ANONYMOUS | nft.NFT_SET_CONSTANT | nft.NFT_SET_MAP;
    message.text(nft.NFTA_SET_TABLE, table).text(nft.NFTA_SET_NAME, ANONYMOUS_MAP);
    message.attribute(nft.NFTA_SET_FLAGS, uint32(flags));
    message.attribute(nft.NFTA_SET_KEY_TYPE, uint32(keyType));
    message.attribute(nft.NFTA_SET_KEY_LEN, uint32(4));
    message.attribute(nft.NFTA_SET_DATA_TYPE, uint32(nft.NFT_DATA_VERDICT));
    // A table of known size is a plain one: the kernel walks it in a fraction of the time.
    message.nested(nft.NFTA_SET_DESC, (desc) =>
      desc.attribute(nft.NFTA_SET_DESC_SIZE, uint32(chains.length)),
    );
    message.attribute(nft.NFTA_SET_ID, uint32(id));
    message.attribute(nft.NFTA_SET_USERDATA, inHostOrder([UDATA_KEY_BYTE_ORDER]));
    const elements = chains.map(([key, chain]): NftElement => {
      return { key: hostNumber(key), value: { chain }, comment: undefined };
    });
    this.#elements(nft.NFT_MSG_NEWSETELEM, NLM_F_CREATE, family, table, ANONYMOUS_MAP, elements, id);
    return { anonymous: id };
  }

  set(family: NftFamily, table: string, set: NftSet): this {
    this.#setId++;
    const message = this.#message(nft.NFT_MSG_NEWSET, NLM_F_CREATE, family);
    message.text(nft.NFTA_SET_TABLE, table).text(nft.NFTA_SET_NAME, set.name);
    message.attribute(nft.NFTA_SET_FLAGS, uint32(set.constant ? nft.NFT_SET_CONSTANT : 0));
    message.attribute(nft.NFTA_SET_KEY_TYPE, uint32(set.keyType));
    message.attribute(nft.NFTA_SET_KEY_LEN, uint32(set.keyLength));
    message.attribute(nft.NFTA_SET_ID, uint32(this.#setId));
    return this;
  }

  rule(family: NftFamily, table: string, chain: string, expressions: readonly NftExpression[]): this {
    const message = this.#message(nft.NFT_MSG_NEWRULE, NLM_F_CREATE | nft.NLM_F_APPEND, family);
    message.text(nft.NFTA_RULE_TABLE, table).text(nft.NFTA_RULE_CHAIN, chain);
    message.nested(nft.NFTA_RULE_EXPRESSIONS, (list) => {
      for (const expression of expressions) writeExpression(list, expression);
    });
    return this;
  }

  deleteSet(family: NftFamily, table: string, name: string): this {
    const message = this.#message(nft.NFT_MSG_DELSET, 0, family);
    message.text(nft.NFTA_SET_TABLE, table).text(nft.NFTA_SET_NAME, name);
    return this;
  }

  /** Those that are there already stay. */
  addElements(family: NftFamily, table: string, set: string, keys: readonly Uint8Array[]): this {
    return this.mapElements(family, table, set, keys.map(keyAlone));
  }

  /** Those that are there already stay as they are; with another value they are refused. */
  mapElements(family: NftFamily, table: string, map: string, elements: readonly NftElement[]): this {
    return this.#elements(nft.NFT_MSG_NEWSETELEM, NLM_F_CREATE, family, table, map, elements);
  }

  /** Refused with ENOENT where one is missing. */
  deleteElements(family: NftFamily, table: string, set: string, keys: readonly Uint8Array[]): this {
    return this.#elements(nft.NFT_MSG_DELSETELEM, 0, family, table, set, keys.map(keyAlone));
  }

  /** The batch between its begin and end. The last message in it asks for an acknowledgement. */
  finish(): Uint8Array {
    const parts = [
      this.#frame(nft.NFNL_MSG_BATCH_BEGIN).finish(),
      ...this.#messages.map((message) => message.finish()),
      this.#frame(nft.NFNL_MSG_BATCH_END).finish(),
    ];
    const last = parts.at(-2);
    if (last !== undefined && parts.length > 2) acknowledge(last);
    const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let offset = 0;
    for (const part of parts) {
      bytes.set(part, offset);
      offset += part.length;
    }
    return bytes;
  }

  #elements(
    type: number,
    flags: number,
    family: NftFamily,
    table: string,
    set: string,
    elements: readonly NftElement[],
    id?: number,
  ): this {
    for (let from = 0; from < elements.length; from += ELEMENTS_A_MESSAGE) {
      const message = this.#message(type, flags, family);
      message.text(nft.NFTA_SET_ELEM_LIST_TABLE, table).text(nft.NFTA_SET_ELEM_LIST_SET, set);
      if (id !== undefined) message.attribute(nft.NFTA_SET_ELEM_LIST_SET_ID, uint32(id));
      message.nested(nft.NFTA_SET_ELEM_LIST_ELEMENTS, (list) => {
        for (const element of elements.slice(from, from + ELEMENTS_A_MESSAGE)) {
          list.nested(nft.NFTA_LIST_ELEM, (inner) => writeElement(inner, element));
        }
      });
    }
    return this;
  }

  #message(type: number, flags: number, family: NftFamily): MessageBuilder {
    const number = (nft.NFNL_SUBSYS_NFTABLES << 8) | type;
    const message = new MessageBuilder(number, NLM_F_REQUEST | flags, this.#sequence).fixed(
      genericHeader(familyNumber(family), 0),
    );
    this.#messages.push(message);
    return message;
  }

  #frame(type: number): MessageBuilder {
    return new MessageBuilder(type, NLM_F_REQUEST, this.#sequence).fixed(
      genericHeader(nft.NFPROTO_UNSPEC, nft.NFNL_SUBSYS_NFTABLES),
    );
  }
}

function keyAlone(key: Uint8Array): NftElement {
  return { key, value: undefined, comment: undefined };
}

function writeElement(element: MessageBuilder, { key, value, comment }: NftElement): void {
  element.nested(nft.NFTA_SET_ELEM_KEY, (data) => data.attribute(nft.NFTA_DATA_VALUE, key));
  if (value !== undefined)
    element.nested(nft.NFTA_SET_ELEM_DATA, (data) => {
      if ("bytes" in value) data.attribute(nft.NFTA_DATA_VALUE, value.bytes);
      else
        data.nested(nft.NFTA_DATA_VERDICT, (verdict) =>
          verdict
            .attribute(nft.NFTA_VERDICT_CODE, uint32(nft.NFT_GOTO))
            .text(nft.NFTA_VERDICT_CHAIN, value.chain),
        );
    });
  if (comment !== undefined) element.attribute(nft.NFTA_SET_ELEM_USERDATA, commentData(comment));
}

/** Asks for all tables of all families; no batch. */
export function encodeTableDump(sequence: number): Uint8Array {
  const type = (nft.NFNL_SUBSYS_NFTABLES << 8) | nft.NFT_MSG_GETTABLE;
  return new MessageBuilder(type, NLM_F_REQUEST | NLM_F_DUMP, sequence)
    .fixed(genericHeader(nft.NFPROTO_UNSPEC, 0))
    .finish();
}

/** A table of IPv4 or IPv6 that is there or that has gone; undefined for others, other messages, and malformed ones. */
export function decodeTable(message: NetlinkMessage): NftTableFact | undefined {
  const { bytes, body, end } = message;
  if (!TABLE_MESSAGES.includes(message.type) || body + GENERIC_HEADER > end) return undefined;
  const family = bytes[body];
  if (family !== nft.NFPROTO_IPV4 && family !== nft.NFPROTO_IPV6) return undefined;
  let name: string | undefined;
  let comment: string | undefined;
  const reader = new AttributeReader(bytes, body + GENERIC_HEADER, end);
  while (reader.next()) {
    if (reader.type === nft.NFTA_TABLE_NAME) name = reader.text();
    else if (reader.type === nft.NFTA_TABLE_USERDATA) comment = readComment(reader.bytes());
  }
  if (name === undefined || reader.error !== undefined) return undefined;
  return { family: family === nft.NFPROTO_IPV4 ? "ip" : "ip6", name, comment };
}

const TABLE_MESSAGES = [nft.NFT_MSG_NEWTABLE, nft.NFT_MSG_DELTABLE].map(
  (type) => (nft.NFNL_SUBSYS_NFTABLES << 8) | type,
);

/** The comment in user data, which is a row of type, length and value, a byte each for the first two. */
export function readComment(data: Uint8Array): string | undefined {
  for (let offset = 0; offset + 2 <= data.length; ) {
    const length = data[offset + 1] ?? 0;
    const value = data.subarray(offset + 2, offset + 2 + length);
    if (data[offset] === UDATA_COMMENT) {
      const text = value.at(-1) === 0 ? value.subarray(0, -1) : value;
      return String.fromCharCode(...text);
    }
    offset += 2 + length;
  }
  return undefined;
}

/** Tells nft what it cannot know of a set: whose bytes are in host order. */
function inHostOrder(parts: readonly number[]): Uint8Array {
  return concatBytes(...parts.map((part) => Uint8Array.of(part, 4, ...hostNumber(HOST_ENDIAN))));
}

function commentData(comment: string): Uint8Array {
  const text = Uint8Array.from(comment, (letter) => letter.charCodeAt(0));
  const data = new Uint8Array(2 + text.length + 1);
  data[0] = UDATA_COMMENT;
  data[1] = text.length + 1;
  data.set(text, 2);
  return data;
}

function familyNumber(family: NftFamily): number {
  return family === "ip" ? nft.NFPROTO_IPV4 : nft.NFPROTO_IPV6;
}

function genericHeader(family: number, resource: number): Uint8Array {
  const header = new Uint8Array(GENERIC_HEADER);
  header[0] = family;
  writeUint16(header, 2, resource);
  return header;
}

function acknowledge(message: Uint8Array): void {
  // The flags are two bytes in host order, and this bit is in the lower one.
  const low = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 6 : 7;
  message[low] = (message[low] ?? 0) | NLM_F_ACK;
}

/** 32 bits in network byte order; negative numbers as their two's complement. */
export function uint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  writeUint32(bytes, 0, value >>> 0);
  return bytes;
}
