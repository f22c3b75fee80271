/** Expressions of nf_tables' rules: what a rule loads, compares and decides. */
import { writeUint32 } from "../../base/bytes.ts";
import { writeHost32 } from "./host-order.ts";
import type { MessageBuilder } from "./message.ts";
import * as nft from "./nftables-constants.ts";

/** Registers are numbered as nft does: 1 and 2 hold 16 bytes each. */
export type NftExpression =
  | {
      readonly kind: "payload";
      readonly base: "network" | "transport";
      readonly offset: number;
      readonly length: number;
    }
  | { readonly kind: "meta"; readonly key: "iif" | "oif" | "l4proto"; readonly register: 1 | 2 }
  /** Register 1 equals these bytes. */
  | { readonly kind: "equals"; readonly bytes: Uint8Array }
  /** Keeps the bits of register 1 that are in the mask. */
  | { readonly kind: "mask"; readonly bytes: Uint8Array }
  /** What begins in register 1 is a key of the set. */
  | { readonly kind: "lookup"; readonly set: string }
  | { readonly kind: "counter" }
  | { readonly kind: "verdict"; readonly verdict: "accept" | "drop" }
  | { readonly kind: "goto"; readonly chain: string };

const META_KEYS = { iif: nft.NFT_META_IIF, oif: nft.NFT_META_OIF, l4proto: nft.NFT_META_L4PROTO } as const;

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
      return "cmp";
    case "mask":
      return "bitwise";
    case "verdict":
    case "goto":
      return "immediate";
    default:
      return expression.kind;
  }
}

function writeData(data: MessageBuilder, expression: NftExpression): void {
  switch (expression.kind) {
    case "payload": {
      const isNetwork = expression.base === "network";
      number(data, nft.NFTA_PAYLOAD_DREG, nft.NFT_REG_1);
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
      number(data, nft.NFTA_CMP_SREG, nft.NFT_REG_1);
      number(data, nft.NFTA_CMP_OP, nft.NFT_CMP_EQ);
      value(data, nft.NFTA_CMP_DATA, expression.bytes);
      return;
    case "mask":
      number(data, nft.NFTA_BITWISE_SREG, nft.NFT_REG_1);
      number(data, nft.NFTA_BITWISE_DREG, nft.NFT_REG_1);
      number(data, nft.NFTA_BITWISE_LEN, expression.bytes.length);
      value(data, nft.NFTA_BITWISE_MASK, expression.bytes);
      value(data, nft.NFTA_BITWISE_XOR, new Uint8Array(expression.bytes.length));
      return;
    case "lookup":
      data.text(nft.NFTA_LOOKUP_SET, expression.set);
      number(data, nft.NFTA_LOOKUP_SREG, nft.NFT_REG_1);
      return;
    case "counter":
      return;
    case "verdict":
      verdict(data, expression.verdict === "accept" ? nft.NF_ACCEPT : nft.NF_DROP);
      return;
    case "goto":
      verdict(data, nft.NFT_GOTO, expression.chain);
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

/** An interface index as a key or in a register: host byte order. */
export function interfaceKey(index: number): Uint8Array {
  const bytes = new Uint8Array(4);
  writeHost32(bytes, 0, index);
  return bytes;
}
