/** The real parts of the checker child. */
import { BugError } from "../base/assert.ts";
import { equalPlain } from "../base/plain.ts";
import { createDirectorEngine, restoreDirectorEngine } from "../director/engine.ts";
import type { Loop } from "../host/loop.ts";
import { Prober } from "../host/probes/prober.ts";
import { SocketSet } from "../host/probes/socket-set.ts";
import type { TlsModel } from "../model/director-models.ts";
import type { StartProbe } from "../ports/probe.ts";
import type { CheckerParts } from "./checker-child.ts";
import { openPlane } from "./open-plane.ts";

export const CHECKER_PARTS: CheckerParts = {
  createEngine: (seed) => createDirectorEngine({ seed }),
  restoreEngine: (snapshot, now) => restoreDirectorEngine(snapshot, now),
  openPlane,
  startProbe: probing,
};

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
