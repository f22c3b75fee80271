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

/** An nftables rule without expressions. */
export function ruleMessage(table: string, chain: string): Uint8Array {
  const text = (value: string): Uint8Array => new TextEncoder().encode(`${value}\0`);
  return new MessageBuilder((nft.NFNL_SUBSYS_NFTABLES << 8) | nft.NFT_MSG_NEWRULE, 0, 7)
    .fixed(Uint8Array.of(2, 0, 0, 0))
    .attribute(nft.NFTA_RULE_TABLE, text(table))
    .attribute(nft.NFTA_RULE_CHAIN, text(chain))
    .finish();
}
