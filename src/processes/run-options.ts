/** What the command line asks of the daemon. Filled by `buoy run` and by the keepalived-compatible program. */

import type { DaemonIdentity } from "./identity.ts";

export interface RunOptions {
  /** Path of the configuration file; made absolute before daemonising. */
  readonly file: string;
  /** The directory that holds one daemon: lock, control socket, journal, pid files of ours. */
  readonly runtimeDir: string;
  /** False when the caller has daemonised already: then nothing is written to the terminal. */
  readonly foreground: boolean;
  /** Log lines go to standard error. */
  readonly logConsole: boolean;
  /** Log lines go to syslog, with this facility name (`daemon`, `local0` ...); undefined for none. */
  readonly syslogFacility: string | undefined;
  /** `-D`: 0 normal, 1 detail, 2 extra detail. */
  readonly logDetail: 0 | 1 | 2;
  /** Go on with keywords that have no effect yet although they could change who is master. */
  readonly acceptNotYet: boolean;
  /** keepalived's pid files (`-p`, `-r`, `-c`, `-b`); a missing one is not written. */
  readonly pidFiles: PidFilePaths;
  /** `-i`: selects `@id` lines of the configuration. */
  readonly configId: string | undefined;
  /** The network namespace that the daemon runs in by its own doing, and its name among several on the host. */
  readonly identity: Pick<DaemonIdentity, "namespace" | "instance">;
  /** `-e`: a missing include is a mistake from the first line on. */
  readonly allConfig: boolean;
  /** `-m`: a crash may leave a core file. */
  readonly coreDump: boolean;
  /** False is `-V`: at stop leave addresses in place and send no priority 0. */
  readonly releaseOnStop: boolean;
  /** False is `-R`: end with the first child that dies. */
  readonly respawn: boolean;
  /** False is `-I`: at stop leave the services in the kernel. */
  readonly releaseServices: boolean;
  /** `-P` without `-C` is vrrp only, `-C` without `-P` is checkers only. */
  readonly runVrrp: boolean;
  readonly runCheckers: boolean;
  /** `-d`: log the whole parsed model at start and after each reload. */
  readonly dumpConfiguration: boolean;
}

export interface PidFilePaths {
  /** `-p`: the supervisor's. */
  readonly daemon?: string;
  /** `-r`: the vrrp child's. */
  readonly vrrp?: string;
  /** `-c`: the checker child's. */
  readonly checkers?: string;
  /** `-b`: the BFD child's. */
  readonly bfd?: string;
}

/** The options of a plain `buoy run -f FILE` in the foreground. */
export function defaultRunOptions(file: string, runtimeDir: string): RunOptions {
  return {
    file,
    runtimeDir,
    foreground: true,
    logConsole: true,
    syslogFacility: undefined,
    logDetail: 0,
    acceptNotYet: false,
    pidFiles: {},
    configId: undefined,
    identity: { namespace: undefined, instance: undefined },
    allConfig: false,
    coreDump: false,
    releaseOnStop: true,
    respawn: true,
    releaseServices: true,
    runVrrp: true,
    runCheckers: true,
    dumpConfiguration: false,
  };
}

/** keepalived's exit codes, which are ours too. */
export const EXIT_OK = 0;
export const EXIT_FATAL = 1;
export const EXIT_CONFIG = 2;
export const EXIT_PERMISSION = 4;
export const EXIT_CONFIG_UNREADABLE = 6;
