import { expect, it } from "vitest";
import { connectionMessage } from "../../../test/support/netlink-samples.ts";
import { decodeConnection, encodeConnectionEnd } from "./conntrack.ts";
import * as ct from "./conntrack-constants.ts";
import { splitMessages } from "./message.ts";

const CLIENT = { address: "10.9.0.50", port: 40_000 };
const SERVICE = { address: "10.9.0.100", port: 80 };
const SERVER = { address: "10.8.0.10", port: 8080 };

it("reads who a translated connection is with", () => {
  const message = connectionMessage(CLIENT, SERVICE, SERVER);
  const [connection] = splitMessages(message).flatMap((one) => decodeConnection(one) ?? []);
  expect(connection).toMatchObject({ protocol: 6, service: SERVICE, server: SERVER, established: true });

  const end = encodeConnectionEnd("ip", connection?.tuple ?? new Uint8Array(0), 8);
  const [request] = splitMessages(end);
  expect(request?.type).toBe((ct.NFNL_SUBSYS_CTNETLINK << 8) | ct.IPCTNL_MSG_CT_DELETE);
  const tuple = connection?.tuple ?? new Uint8Array(0);
  expect(end.subarray(-tuple.length)).toEqual(tuple);
});
