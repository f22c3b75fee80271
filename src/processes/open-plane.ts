/** Picks the data plane that a configuration asks for, or the one that the kernel has, and says why it is that one. */
import { fail, formatOsError, type OsError, type Result } from "../base/result.ts";
import type { Ipvs } from "../host/ipvs.ts";
import type { Loop } from "../host/loop.ts";
import { SystemError } from "../host/native.ts";
import { insideFile, isInsideFile, namespaceFile } from "../host/network-namespace.ts";
import { removeOldTables } from "../host/nft/old-tables.ts";
import type { NftPlane } from "../host/nft/plane.ts";
import { NoPlane } from "../host/no-plane.ts";
import { openIpvs } from "../host/open-ipvs.ts";
import { openNft } from "../host/open-nft.ts";
import type { DirectorModel, TableNamespace } from "../model/director-models.ts";
import { NO_PLANE, type PlaneStatus } from "../observe/pool-view.ts";
import type { DataPlane } from "../ports/data-plane.ts";
import type { NftFamily } from "../wire/netlink/nftables-expressions.ts";

/** What a configuration says about it. */
export type WantedPlane = Pick<DirectorModel, "dataPlane" | "tableNamespace">;

export interface OpenedPlane {
  readonly plane: DataPlane;
  readonly status: PlaneStatus;
}

type Opened<Plane> = (result: Result<Plane, OsError>) => void;

const FIRST_NAMESPACE = "/proc/1/ns/net";

/** Calls back once, whatever happens: where there is no data plane, with one that refuses. */
export function openPlane(loop: Loop, wanted: WantedPlane, done: (opened: OpenedPlane) => void): void {
  const file = namespaceOfTable(wanted.tableNamespace);
  const asked = "the configuration asks for it";
  if (wanted.dataPlane === "nft") {
    openNftIn(loop, file, false, (result) =>
      done(result.ok ? opened(result.value, asked) : noPlane(result.error)),
    );
    return;
  }
  openIpvsIn(loop, file, (result) => {
    if (result.ok)
      return done(opened(result.value, wanted.dataPlane === "ipvs" ? asked : "the kernel has it"));
    if (wanted.dataPlane === "ipvs") return done(noPlane(result.error));
    const why = `there is no IPVS to be used: ${formatOsError(result.error)}`;
    return openNftIn(loop, file, false, (second) =>
      done(second.ok ? opened(second.value, why) : noPlane(result.error)),
    );
  });
}

function opened(plane: DataPlane, why: string): OpenedPlane {
  return { plane, status: { name: plane.name, why } };
}

/** The file of the namespace; undefined is the daemon's own. */
export function namespaceOfTable(namespace: TableNamespace | undefined): string | undefined {
  if (namespace === undefined) return undefined;
  return namespace.kind === "first" ? FIRST_NAMESPACE : namespaceFile(namespace.name);
}

export function openIpvsIn(loop: Loop, file: string | undefined, done: Opened<Ipvs>): void {
  openIn(loop, file, openIpvs, done);
}

/** `counting`: connections are counted at every look. */
export function openNftIn(
  loop: Loop,
  file: string | undefined,
  counting: boolean,
  done: Opened<NftPlane>,
): void {
  openIn(loop, file, (ours, ended: Opened<NftPlane>) => openNft(ours, counting, ended), done);
}

/** Takes our nftables tables out, and calls back with the families that had one. */
export function removeOldTablesIn(
  loop: Loop,
  file: string | undefined,
  done: Opened<readonly NftFamily[]>,
): void {
  openIn(loop, file, removeOldTables, done);
}

/** Only the socket belongs to the namespace; it stays there when the thread has come back. */
function openIn<Plane>(
  loop: Loop,
  file: string | undefined,
  open: (loop: Loop, done: Opened<Plane>) => void,
  done: Opened<Plane>,
): void {
  if (file === undefined || isOwnNamespace(file)) {
    open(loop, done);
    return;
  }
  try {
    insideFile(file, () => open(loop, done));
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
