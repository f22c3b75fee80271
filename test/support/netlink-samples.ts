/** Messages as the kernel sends them, with attributes within attributes, which chance does not put together. */
import { ipToBytes } from "../../src/base/ip.ts";
import * as ct from "../../src/wire/netlink/conntrack-constants.ts";
import { MessageBuilder } from "../../src/wire/netlink/message.ts";
import * as nft from "../../src/wire/netlink/nftables-constants.ts";

export interface End {
  readonly address: string;
  readonly port: number;
}

/** An established TCP connection, whose destination was translated. */
export function connectionMessage(client: End, service: End, server: End): Uint8Array {
  const type = (ct.NFNL_SUBSYS_CTNETLINK << 8) | ct.IPCTNL_MSG_CT_NEW;
  const message = new MessageBuilder(type, 0, 7).fixed(Uint8Array.of(2, 0, 0, 0));
  writeTuple(message, ct.CTA_TUPLE_ORIG, client, service);
  writeTuple(message, ct.CTA_TUPLE_REPLY, server, client);
  return message
    .nested(ct.CTA_PROTOINFO, (info) =>
      info.nested(ct.CTA_PROTOINFO_TCP, (tcp) =>
        tcp.uint8(ct.CTA_PROTOINFO_TCP_STATE, ct.TCP_CONNTRACK_ESTABLISHED),
      ),
    )
    .finish();
}

function writeTuple(message: MessageBuilder, type: number, from: End, to: End): void {
  message.nested(type, (tuple) => {
    tuple.nested(ct.CTA_TUPLE_IP, (ip) =>
      ip
        .attribute(ct.CTA_IP_V4_SRC, ipToBytes(from.address) ?? new Uint8Array(0))
        .attribute(ct.CTA_IP_V4_DST, ipToBytes(to.address) ?? new Uint8Array(0)),
    );
    tuple.nested(ct.CTA_TUPLE_PROTO, (proto) =>
      proto
        .uint8(ct.CTA_PROTO_NUM, 6)
        .attribute(ct.CTA_PROTO_SRC_PORT, Uint8Array.of(from.port >> 8, from.port & 0xff))
        .attribute(ct.CTA_PROTO_DST_PORT, Uint8Array.of(to.port >> 8, to.port & 0xff)),
    );
  });
}

function text(value: string): Uint8Array {
  return new TextEncoder().encode(`${value}\0`);
}

/** An nftables chain at the hook of what is forwarded. */
export function chainMessage(table: string, chain: string): Uint8Array {
  return new MessageBuilder((nft.NFNL_SUBSYS_NFTABLES << 8) | nft.NFT_MSG_NEWCHAIN, 0, 7)
    .fixed(Uint8Array.of(nft.NFPROTO_INET, 0, 0, 0))
    .attribute(nft.NFTA_CHAIN_TABLE, text(table))
    .attribute(nft.NFTA_CHAIN_NAME, text(chain))
    .nested(nft.NFTA_CHAIN_HOOK, (hook) =>
      hook.attribute(nft.NFTA_HOOK_HOOKNUM, Uint8Array.of(0, 0, 0, nft.NF_INET_FORWARD)),
    )
    .attribute(nft.NFTA_CHAIN_POLICY, Uint8Array.of(0, 0, 0, nft.NF_DROP))
    .finish();
}

/** An nftables rule without expressions. */
export function ruleMessage(table: string, chain: string): Uint8Array {
  return new MessageBuilder((nft.NFNL_SUBSYS_NFTABLES << 8) | nft.NFT_MSG_NEWRULE, 0, 7)
    .fixed(Uint8Array.of(2, 0, 0, 0))
    .attribute(nft.NFTA_RULE_TABLE, text(table))
    .attribute(nft.NFTA_RULE_CHAIN, text(chain))
    .finish();
}
