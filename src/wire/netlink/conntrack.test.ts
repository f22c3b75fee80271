import { expect, it } from "vitest";
import { ipToBytes } from "../../base/ip.ts";
import { decodeConnection, encodeConnectionEnd } from "./conntrack.ts";
import * as ct from "./conntrack-constants.ts";
import { MessageBuilder, splitMessages } from "./message.ts";

interface End {
  readonly address: string;
  readonly port: number;
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

const CLIENT = { address: "10.9.0.50", port: 40_000 };
const SERVICE = { address: "10.9.0.100", port: 80 };
const SERVER = { address: "10.8.0.10", port: 8080 };

it("reads who a translated connection is with", () => {
  const type = (ct.NFNL_SUBSYS_CTNETLINK << 8) | ct.IPCTNL_MSG_CT_NEW;
  const message = new MessageBuilder(type, 0, 7).fixed(Uint8Array.of(2, 0, 0, 0));
  writeTuple(message, ct.CTA_TUPLE_ORIG, CLIENT, SERVICE);
  writeTuple(message, ct.CTA_TUPLE_REPLY, SERVER, CLIENT);
  message.nested(ct.CTA_PROTOINFO, (info) =>
    info.nested(ct.CTA_PROTOINFO_TCP, (tcp) =>
      tcp.uint8(ct.CTA_PROTOINFO_TCP_STATE, ct.TCP_CONNTRACK_ESTABLISHED),
    ),
  );
  const [connection] = splitMessages(message.finish()).flatMap((one) => decodeConnection(one) ?? []);
  expect(connection).toMatchObject({ protocol: 6, service: SERVICE, server: SERVER, established: true });

  const end = encodeConnectionEnd("ip", connection?.tuple ?? new Uint8Array(0), 8);
  const [request] = splitMessages(end);
  expect(request?.type).toBe((ct.NFNL_SUBSYS_CTNETLINK << 8) | ct.IPCTNL_MSG_CT_DELETE);
  const tuple = connection?.tuple ?? new Uint8Array(0);
  expect(end.subarray(-tuple.length)).toEqual(tuple);
});
