/** Which directory holds the daemon: lock, control socket and journal. Pure. */
import type { DaemonIdentity } from "../processes/identity.ts";
import type { KeepalivedSettings } from "./keepalived-request.ts";

export interface RuntimeDirFacts {
  readonly uid: number;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * The directory of a daemon or client that names none: systemd's `$RUNTIME_DIRECTORY`, else `/run/buoy` for root, else
 * `$XDG_RUNTIME_DIR/buoy`, else a directory of this user under /tmp.
 */
export function defaultRuntimeDir(facts: RuntimeDirFacts): string {
  // systemd separates several directories by colons; the first is ours.
  const given = facts.environment.RUNTIME_DIRECTORY?.split(":")[0];
  if (given !== undefined && given !== "") return given;
  if (facts.uid === 0) return "/run/buoy";
  const session = facts.environment.XDG_RUNTIME_DIR;
  return session === undefined || session === "" ? `/tmp/buoy-${facts.uid}` : `${session}/buoy`;
}

const USUAL_PID_FILES = ["/run/keepalived.pid", "/var/run/keepalived.pid"];

/** What keeps several keepalived daemons on one host apart. */
export type DaemonNames = Pick<KeepalivedSettings, "pidFile" | "configId"> &
  Pick<DaemonIdentity, "namespace" | "instance">;

/**
 * Several keepalived daemons live on one host with an own pid file, configuration id, network namespace or instance name
 * each; so each gets a runtime directory of its own. A pid file (absolute path) decides first.
 */
export function keepalivedRuntimeDir(names: DaemonNames, facts: RuntimeDirFacts): string {
  const { pidFile, configId, namespace, instance } = names;
  if (pidFile !== undefined && !USUAL_PID_FILES.includes(pidFile))
    return `${pidFile.replace(/\.pid$/, "")}.buoy`;
  const parts = [configId, namespace, instance].map((name) =>
    name === undefined ? "" : `-${asFileName(name)}`,
  );
  return `${defaultRuntimeDir(facts)}${parts.join("")}`;
}

/**
 * Path of a pid file that no option names, below `usual` (`/run`). keepalived gives its pid files a directory of their own
 * where there may be several daemons.
 */
export function usualPidFile(name: string, usual: string, identity: DaemonIdentity): string {
  const { namespace, instance, pidDirectory } = identity;
  if (namespace === undefined && instance === undefined && !pidDirectory) return `${usual}/${name}.pid`;
  const folder = `${usual}/keepalived${namespace === undefined ? "" : `/${asFileName(namespace)}`}`;
  return `${folder}/${name}${instance === undefined ? "" : `_${asFileName(instance)}`}.pid`;
}

function asFileName(name: string): string {
  return name.replace(/[^A-Za-z0-9_.-]/g, "_");
}
