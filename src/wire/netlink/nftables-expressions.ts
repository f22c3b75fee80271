/** Expressions of nf_tables' rules: what a rule loads, compares and decides. */
import { writeUint32 } from "../../base/bytes.ts";
import { writeHost32 } from "./host-order.ts";
import type { MessageBuilder } from "./message.ts";
import * as nft from "./nftables-constants.ts";

/**
 * Registers are numbered as the kernel does: 1 and 2 hold 16 bytes each, and {@link word} names four bytes of them. What
 * stands without one is in register 1.
 */
export type NftExpression =
  | {
      readonly kind: "payload";
      readonly base: "network" | "transport";
      readonly offset: number;
      readonly length: number;
      readonly register?: number;
    }
  | { readonly kind: "meta"; readonly key: keyof typeof META_KEYS; readonly register: number }
  /** Marks the packet with what is in the register. */
  | { readonly kind: "mark"; readonly register: number }
  /** The register's bytes are these, or others than these. */
  | { readonly kind: "equals" | "differs"; readonly bytes: Uint8Array; readonly register?: number }
  /** Keeps the bits of the register that are in the mask. */
  | { readonly kind: "mask"; readonly bytes: Uint8Array; readonly register?: number }
  /** Puts bytes into a register. */
  | { readonly kind: "load"; readonly bytes: Uint8Array; readonly register: number }
  /** What begins in the register is a key of the set. */
  | { readonly kind: "lookup"; readonly set: string; readonly register?: number }
  /** It is a key of the map, whose value goes to `into`, or is the verdict. An anonymous map is named by its number. */
  | {
      readonly kind: "map";
      readonly map: NftMapName;
      readonly register: number;
      readonly into: number | "verdict";
    }
  /** Remembers a key with a value for so long (milliseconds); one that is there keeps its value and begins anew. */
  | {
      readonly kind: "remember";
      readonly map: string;
      readonly key: number;
      readonly value: number;
      readonly timeout: number;
    }
  /** The value does not count, but the kernel wants to know of one. */
  | { readonly kind: "forget"; readonly map: string; readonly key: number; readonly value: number }
  /** Counts from 0 to below the modulus, a step a packet, on all processors together. */
  | { readonly kind: "numgen"; readonly modulus: number; readonly register: number }
  | {
      readonly kind: "jhash";
      readonly source: number;
      readonly length: number;
      readonly modulus: number;
      readonly seed: number;
      readonly register: number;
    }
  /** What kind of address the destination is (RTN_LOCAL and so on). */
  | { readonly kind: "fib"; readonly register: number }
  | {
      readonly kind: "dnat";
      readonly family: NftFamily;
      readonly address: number | undefined;
      readonly port: number | undefined;
    }
  /** Sends a copy to a host of this segment, whatever its destination is. */
  | { readonly kind: "dup"; readonly address: number }
  /** Answers with an ICMP error of this code, or resets the TCP connection. */
  | { readonly kind: "reject"; readonly code: number | "reset" }
  | { readonly kind: "counter" }
  | { readonly kind: "verdict"; readonly verdict: "accept" | "drop" }
  | { readonly kind: "goto" | "jump"; readonly chain: string };

export type NftFamily = "ip" | "ip6";

export type NftMapName = { readonly name: string } | { readonly anonymous: number };

const META_KEYS = {
  iif: nft.NFT_META_IIF,
  oif: nft.NFT_META_OIF,
  l4proto: nft.NFT_META_L4PROTO,
  mark: nft.NFT_META_MARK,
} as const;

/** What the kernel calls the anonymous sets of a batch: it puts a number of its own in. */
export const ANONYMOUS_MAP = "__map%d";

/** The register of four bytes with this number, counted from the beginning of register 1. */
export function word(index: number): number {
  return nft.NFT_REG32_00 + index;
}

/** Appends one expression to the list of a rule. */
export function writeExpression(list: MessageBuilder, expression: NftExpression): void {
  list.nested(nft.NFTA_LIST_ELEM, (element) => {
    element.text(nft.NFTA_EXPR_NAME, nameOf(expression));
    element.nested(nft.NFTA_EXPR_DATA, (data) => writeData(data, expression));
  });
}

function nameOf(expression: NftExpression): string {
  switch (expression.kind) {
    case "equals":
    case "differs":
      return "cmp";
    case "mask":
      return "bitwise";
    case "load":
    case "verdict":
    case "goto":
    case "jump":
      return "immediate";
    case "mark":
      return "meta";
    case "map":
      return "lookup";
    case "remember":
    case "forget":
      return "dynset";
    case "jhash":
      return "hash";
    case "dnat":
      return "nat";
    default:
      return expression.kind;
  }
}

function writeData(data: MessageBuilder, expression: NftExpression): void {
  switch (expression.kind) {
    case "payload": {
      const isNetwork = expression.base === "network";
      number(data, nft.NFTA_PAYLOAD_DREG, expression.register ?? nft.NFT_REG_1);
      number(
        data,
        nft.NFTA_PAYLOAD_BASE,
        isNetwork ? nft.NFT_PAYLOAD_NETWORK_HEADER : nft.NFT_PAYLOAD_TRANSPORT_HEADER,
      );
      number(data, nft.NFTA_PAYLOAD_OFFSET, expression.offset);
      number(data, nft.NFTA_PAYLOAD_LEN, expression.length);
      return;
    }
    case "meta":
      number(data, nft.NFTA_META_KEY, META_KEYS[expression.key]);
      number(data, nft.NFTA_META_DREG, expression.register);
      return;
    case "equals":
    case "differs":
      number(data, nft.NFTA_CMP_SREG, expression.register ?? nft.NFT_REG_1);
      number(data, nft.NFTA_CMP_OP, expression.kind === "equals" ? nft.NFT_CMP_EQ : nft.NFT_CMP_NEQ);
      value(data, nft.NFTA_CMP_DATA, expression.bytes);
      return;
    case "mask":
      number(data, nft.NFTA_BITWISE_SREG, expression.register ?? nft.NFT_REG_1);
      number(data, nft.NFTA_BITWISE_DREG, expression.register ?? nft.NFT_REG_1);
      number(data, nft.NFTA_BITWISE_LEN, expression.bytes.length);
      value(data, nft.NFTA_BITWISE_MASK, expression.bytes);
      value(data, nft.NFTA_BITWISE_XOR, new Uint8Array(expression.bytes.length));
      return;
    case "lookup":
      data.text(nft.NFTA_LOOKUP_SET, expression.set);
      number(data, nft.NFTA_LOOKUP_SREG, expression.register ?? nft.NFT_REG_1);
      return;
    default:
      writeBalancing(data, expression);
      return;
  }
}

/** Expressions that choose a server and send a packet there. */
function writeBalancing(data: MessageBuilder, expression: NftExpression): void {
  switch (expression.kind) {
    case "mark":
      number(data, nft.NFTA_META_KEY, nft.NFT_META_MARK);
      number(data, nft.NFTA_META_SREG, expression.register);
      return;
    case "load":
      number(data, nft.NFTA_IMMEDIATE_DREG, expression.register);
      value(data, nft.NFTA_IMMEDIATE_DATA, expression.bytes);
      return;
    case "map": {
      const { map, into } = expression;
      data.text(nft.NFTA_LOOKUP_SET, "name" in map ? map.name : ANONYMOUS_MAP);
      if ("anonymous" in map) number(data, nft.NFTA_LOOKUP_SET_ID, map.anonymous);
      number(data, nft.NFTA_LOOKUP_SREG, expression.register);
      number(data, nft.NFTA_LOOKUP_DREG, into === "verdict" ? nft.NFT_REG_VERDICT : into);
      return;
    }
    case "remember":
      data.text(nft.NFTA_DYNSET_SET_NAME, expression.map);
      number(data, nft.NFTA_DYNSET_OP, nft.NFT_DYNSET_OP_UPDATE);
      number(data, nft.NFTA_DYNSET_SREG_KEY, expression.key);
      number(data, nft.NFTA_DYNSET_SREG_DATA, expression.value);
      data.attribute(nft.NFTA_DYNSET_TIMEOUT, uint64(expression.timeout));
      return;
    case "forget":
      data.text(nft.NFTA_DYNSET_SET_NAME, expression.map);
      number(data, nft.NFTA_DYNSET_OP, nft.NFT_DYNSET_OP_DELETE);
      number(data, nft.NFTA_DYNSET_SREG_KEY, expression.key);
      number(data, nft.NFTA_DYNSET_SREG_DATA, expression.value);
      return;
    case "numgen":
      number(data, nft.NFTA_NG_DREG, expression.register);
      number(data, nft.NFTA_NG_MODULUS, expression.modulus);
      number(data, nft.NFTA_NG_TYPE, nft.NFT_NG_INCREMENTAL);
      return;
    case "jhash":
      number(data, nft.NFTA_HASH_SREG, expression.source);
      number(data, nft.NFTA_HASH_DREG, expression.register);
      number(data, nft.NFTA_HASH_LEN, expression.length);
      number(data, nft.NFTA_HASH_MODULUS, expression.modulus);
      number(data, nft.NFTA_HASH_SEED, expression.seed);
      number(data, nft.NFTA_HASH_TYPE, nft.NFT_HASH_JENKINS);
      return;
    default:
      writeEnd(data, expression);
  }
}

/** Expressions that say what becomes of a packet, and what is known of it by then. */
function writeEnd(data: MessageBuilder, expression: NftExpression): void {
  switch (expression.kind) {
    case "fib":
      number(data, nft.NFTA_FIB_DREG, expression.register);
      number(data, nft.NFTA_FIB_RESULT, nft.NFT_FIB_RESULT_ADDRTYPE);
      number(data, nft.NFTA_FIB_FLAGS, nft.NFTA_FIB_F_DADDR);
      return;
    case "dnat":
      number(data, nft.NFTA_NAT_TYPE, nft.NFT_NAT_DNAT);
      number(data, nft.NFTA_NAT_FAMILY, expression.family === "ip" ? nft.NFPROTO_IPV4 : nft.NFPROTO_IPV6);
      if (expression.address !== undefined) number(data, nft.NFTA_NAT_REG_ADDR_MIN, expression.address);
      if (expression.port !== undefined) number(data, nft.NFTA_NAT_REG_PROTO_MIN, expression.port);
      return;
    case "dup":
      number(data, nft.NFTA_DUP_SREG_ADDR, expression.address);
      return;
    case "reject":
      if (expression.code === "reset") {
        number(data, nft.NFTA_REJECT_TYPE, nft.NFT_REJECT_TCP_RST);
        return;
      }
      number(data, nft.NFTA_REJECT_TYPE, nft.NFT_REJECT_ICMP_UNREACH);
      data.uint8(nft.NFTA_REJECT_ICMP_CODE, expression.code);
      return;
    case "counter":
      return;
    case "verdict":
      verdict(data, expression.verdict === "accept" ? nft.NF_ACCEPT : nft.NF_DROP);
      return;
    case "goto":
    case "jump":
      verdict(data, expression.kind === "goto" ? nft.NFT_GOTO : nft.NFT_JUMP, expression.chain);
      return;
    default:
      return;
  }
}

function verdict(data: MessageBuilder, code: number, chain?: string): void {
  number(data, nft.NFTA_IMMEDIATE_DREG, nft.NFT_REG_VERDICT);
  data.nested(nft.NFTA_IMMEDIATE_DATA, (immediate) =>
    immediate.nested(nft.NFTA_DATA_VERDICT, (inner) => {
      number(inner, nft.NFTA_VERDICT_CODE, code);
      if (chain !== undefined) inner.text(nft.NFTA_VERDICT_CHAIN, chain);
    }),
  );
}

function value(data: MessageBuilder, type: number, bytes: Uint8Array): void {
  data.nested(type, (inner) => inner.attribute(nft.NFTA_DATA_VALUE, bytes));
}

function number(data: MessageBuilder, type: number, numeral: number): void {
  const bytes = new Uint8Array(4);
  writeUint32(bytes, 0, numeral >>> 0);
  data.attribute(type, bytes);
}

function uint64(numeral: number): Uint8Array {
  const bytes = new Uint8Array(8);
  writeUint32(bytes, 0, Math.floor(numeral / 2 ** 32));
  writeUint32(bytes, 4, numeral >>> 0);
  return bytes;
}

/** An interface's index, a mark, or what the kernel counted, as a key or in a register: host byte order. */
export function hostNumber(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  writeHost32(bytes, 0, value);
  return bytes;
}
