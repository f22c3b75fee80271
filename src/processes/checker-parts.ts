/** The real parts of the checker child. */
import { BugError } from "../base/assert.ts";
import { equalPlain } from "../base/plain.ts";
import { formatOsError } from "../base/result.ts";
import { createDirectorEngine, restoreDirectorEngine } from "../director/engine.ts";
import type { Loop } from "../host/loop.ts";
import { NFT_PLANE } from "../host/nft/plane.ts";
import { Prober } from "../host/probes/prober.ts";
import { SocketSet } from "../host/probes/socket-set.ts";
import type { TlsModel } from "../model/director-models.ts";
import type { StartProbe } from "../ports/probe.ts";
import type { CheckerParts } from "./checker-child.ts";
import {
  namespaceOfTable,
  type OpenedPlane,
  openPlane,
  removeOldTablesIn,
  type WantedPlane,
} from "./open-plane.ts";

export const CHECKER_PARTS: CheckerParts = {
  createEngine: (seed) => createDirectorEngine({ seed }),
  restoreEngine: (snapshot, now) => restoreDirectorEngine(snapshot, now),
  openPlane: openAlone,
  startProbe: probing,
};

/** The only plane: where it is not nftables, what an earlier life has left there would go on translating. */
function openAlone(loop: Loop, wanted: WantedPlane, done: (opened: OpenedPlane) => void): void {
  openPlane(loop, wanted, (opened) => {
    if (opened.plane.name === NFT_PLANE) return done(opened);
    return removeOldTablesIn(loop, namespaceOfTable(wanted.tableNamespace), (result) => {
      const { name, why } = opened.status;
      const tell = (what: string): void => done({ ...opened, status: { name, why: `${why}; ${what}` } });
      if (!result.ok) tell(`what an earlier life has left in nftables stays: ${formatOsError(result.error)}`);
      else if (result.value.length > 0) tell("what an earlier life had left in nftables has been taken out");
      else done(opened);
    });
  });
}

/** A prober for the client certificate that the configuration names; a reload may name another. */
function probing(loop: Loop): StartProbe {
  const sockets = new SocketSet(loop);
  let current: { readonly tls: TlsModel; readonly prober: Prober } | undefined;
  return (probe, limit, { tls }, done) => {
    if (probe.kind === "file" || probe.kind === "bfd")
      throw new BugError(`a ${probe.kind} check is told, not run`);
    if (current === undefined || !equalPlain(current.tls, tls))
      current = { tls, prober: new Prober(loop, tls, sockets) };
    return current.prober.start(probe, limit, done);
  };
}
