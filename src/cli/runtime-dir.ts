/** Which directory holds the daemon: lock, control socket and journal. Pure. */
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

/**
 * Several keepalived daemons live on one host with an own pid file or configuration id each; so each gets a runtime
 * directory of its own. A pid file (absolute path) decides first.
 */
export function keepalivedRuntimeDir(
  settings: Pick<KeepalivedSettings, "pidFile" | "configId">,
  facts: RuntimeDirFacts,
): string {
  const { pidFile, configId } = settings;
  if (pidFile !== undefined && !USUAL_PID_FILES.includes(pidFile))
    return `${pidFile.replace(/\.pid$/, "")}.buoy`;
  const usual = defaultRuntimeDir(facts);
  return configId === undefined ? usual : `${usual}-${configId.replace(/[^A-Za-z0-9_.-]/g, "_")}`;
}
