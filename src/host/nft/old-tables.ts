/** Our nftables tables where another data plane has taken over: what stayed there after a crash would go on translating. */
import type { OsError, Result } from "../../base/result.ts";
import { fail, ok } from "../../base/result.ts";
import { splitMessages } from "../../wire/netlink/message.ts";
import { decodeTable, encodeTableDump, NftBatch } from "../../wire/netlink/nftables.ts";
import { NETLINK_NETFILTER } from "../../wire/netlink/nftables-constants.ts";
import type { NftFamily } from "../../wire/netlink/nftables-expressions.ts";
import type { Loop } from "../loop.ts";
import { SystemError } from "../native.ts";
import { type NetlinkWriter, openNetlinkWriter } from "../netlink-writer.ts";
import { isMadeByUs, removeServicesTable, SERVICES_TABLE } from "./table.ts";

const QUEUE_LIMIT = 16;

type Removed = (result: Result<readonly NftFamily[], OsError>) => void;

/** Takes them out, whichever version of us made them; calls back with the families that had one. */
export function removeOldTables(loop: Loop, done: Removed): void {
  let writer: NetlinkWriter;
  try {
    writer = openNetlinkWriter(loop, QUEUE_LIMIT, NETLINK_NETFILTER);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    // Nobody can have made a table where there is no nftables.
    queueMicrotask(() => done(ok([])));
    return;
  }
  const end: Removed = (result) => {
    writer.close();
    done(result);
  };
  const sequence = writer.nextSequence();
  writer.submit(
    "nftables: list tables",
    SERVICES_TABLE,
    sequence,
    encodeTableDump(sequence),
    (error, reply) => {
      const tables = error === undefined ? splitMessages(reply) : [];
      const families = tables
        .flatMap((message) => decodeTable(message) ?? [])
        .filter(isMadeByUs)
        .map(({ family }) => family);
      if (families.length === 0) end(ok([]));
      else remove(writer, families, end);
    },
  );
}

function remove(writer: NetlinkWriter, families: readonly NftFamily[], done: Removed): void {
  const sequence = writer.nextSequence();
  const batch = new NftBatch(sequence);
  for (const family of families) removeServicesTable(batch, family);
  writer.submit("nftables: remove tables", SERVICES_TABLE, sequence, batch.finish(), (error) =>
    done(error === undefined ? ok(families) : fail(error)),
  );
}
