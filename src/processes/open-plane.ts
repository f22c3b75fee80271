/** Picks the data plane that a configuration asks for, or the one that the kernel has, and says why it is that one. */
import { fail, formatOsError, type OsError, type Result } from "../base/result.ts";
import type { Ipvs } from "../host/ipvs.ts";
import type { Loop } from "../host/loop.ts";
import { SystemError } from "../host/native.ts";
import { insideFile, isInsideFile, namespaceFile } from "../host/network-namespace.ts";
import { NoPlane } from "../host/no-plane.ts";
import { openIpvs } from "../host/open-ipvs.ts";
import type { DirectorModel, TableNamespace } from "../model/director-models.ts";
import { NO_PLANE, type PlaneStatus } from "../observe/pool-view.ts";
import type { DataPlane } from "../ports/data-plane.ts";

/** What a configuration says about it. */
export type WantedPlane = Pick<DirectorModel, "dataPlane" | "tableNamespace">;

export interface OpenedPlane {
  readonly plane: DataPlane;
  readonly status: PlaneStatus;
}

const FIRST_NAMESPACE = "/proc/1/ns/net";

/** Calls back once, whatever happens: where there is no data plane, with one that refuses. */
export function openPlane(loop: Loop, wanted: WantedPlane, done: (opened: OpenedPlane) => void): void {
  if (wanted.dataPlane === "nft") {
    const why = { call: "open data plane", subject: "nftables", errno: "EOPNOTSUPP" };
    queueMicrotask(() => done(noPlane(why)));
    return;
  }
  openIpvsIn(loop, namespaceOfTable(wanted.tableNamespace), (result) => {
    if (!result.ok) return done(noPlane(result.error));
    const plane = result.value;
    const why = wanted.dataPlane === "ipvs" ? "the configuration asks for it" : "the kernel has it";
    return done({ plane, status: { name: plane.name, why } });
  });
}

/** The file of the namespace; undefined is the daemon's own. */
export function namespaceOfTable(namespace: TableNamespace | undefined): string | undefined {
  if (namespace === undefined) return undefined;
  return namespace.kind === "first" ? FIRST_NAMESPACE : namespaceFile(namespace.name);
}

/** Only the socket belongs to the namespace; it stays there when the thread has come back. */
export function openIpvsIn(
  loop: Loop,
  file: string | undefined,
  done: (result: Result<Ipvs, OsError>) => void,
): void {
  if (file === undefined || isOwnNamespace(file)) {
    openIpvs(loop, done);
    return;
  }
  try {
    insideFile(file, () => openIpvs(loop, done));
  } catch (error) {
    // Not being able to come back is another matter.
    if (!(error instanceof SystemError) || error.osError.subject !== file) throw error;
    const { osError } = error;
    queueMicrotask(() => done(fail(osError)));
  }
}

/** Going where one is already takes privileges all the same. A file that cannot be looked at is another's. */
function isOwnNamespace(file: string): boolean {
  try {
    return isInsideFile(file);
  } catch {
    return false;
  }
}

function noPlane(why: OsError): OpenedPlane {
  return { plane: new NoPlane(why), status: { name: NO_PLANE, why: formatOsError(why) } };
}
