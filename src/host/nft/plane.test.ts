import { expect, it } from "vitest";
import type { OsError } from "../../base/result.ts";
import type { TableChange, TableRefusal } from "../../director/table.ts";
import { createLoop } from "../loop.ts";
import type { NetlinkWriter } from "../netlink-writer.ts";
import { NftPlane } from "./plane.ts";

/** A kernel that lists nothing, and refuses every change. */
function refusing(errno: string): NetlinkWriter {
  let sequence = 1;
  return {
    port: 1,
    nextSequence: (count = 1) => (sequence += count),
    submit(call, subject, _sequence, _request, done) {
      const error: OsError | undefined = call.includes("change") ? { call, subject, errno } : undefined;
      queueMicrotask(() => done(error, new Uint8Array(0)));
    },
    pending: () => 0,
    submitted: () => 0,
    close: () => undefined,
  };
}

const CHANGE: TableChange = {
  kind: "AddService",
  service: {
    endpoint: { kind: "address", protocol: "tcp", address: "10.0.0.1", port: 80 },
    scheduler: "rr",
    flags: { flag1: false, flag2: false, flag3: false },
    onePacket: false,
    persistence: undefined,
  },
};

async function refusalOf(errno: string): Promise<OsError | undefined> {
  const plane = new NftPlane(createLoop(), refusing(errno), false);
  const refusals = await new Promise<readonly TableRefusal[]>((resolve) => plane.change([CHANGE], resolve));
  plane.close();
  return refusals[0]?.error;
}

it("says which parts of the kernel it needs where an empty table cannot be made", async () => {
  expect(await refusalOf("ENOENT")).toMatchObject({
    errno: "ENOENT",
    detail: expect.stringContaining("nft_chain_nat"),
  });
  expect((await refusalOf("EPERM"))?.detail).toBeUndefined();
});
