/** Finds out whether this process may use nftables, and makes a data plane of it. */
import type { OsError, Result } from "../base/result.ts";
import { fail, ok } from "../base/result.ts";
import { NETLINK_NETFILTER } from "../wire/netlink/nftables-constants.ts";
import type { Loop } from "./loop.ts";
import { SystemError } from "./native.ts";
import type { NetlinkWriter } from "./netlink-writer.ts";
import { openNetlinkWriter } from "./netlink-writer.ts";
import { NftPlane } from "./nft/plane.ts";

const QUEUE_LIMIT = 1024;

/** Calls back with nftables, or with the reason why there is none to be used. `counting` is for who looks at connections. */
export function openNft(
  loop: Loop,
  counting: boolean,
  done: (result: Result<NftPlane, OsError>) => void,
): void {
  let writer: NetlinkWriter;
  try {
    writer = openNetlinkWriter(loop, QUEUE_LIMIT, NETLINK_NETFILTER);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    const { osError } = error;
    queueMicrotask(() => done(fail(osError)));
    return;
  }
  const plane = new NftPlane(loop, writer, counting);
  // Reading wants the privileges that changing wants.
  plane.read((result) => {
    if (result.ok) return done(ok(plane));
    plane.close();
    return done(result);
  });
}
