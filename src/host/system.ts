/** Processes, signals, scheduling, identities and small descriptors: what Node cannot do, typed. */
import type { Loop } from "./loop.ts";
import { check, errnoName, native, SystemError } from "./native.ts";

// ---------------------------------------------------------------- signals

/** keepalived's signals by number, where Node has no name: JSON dump and clear statistics. */
export const SIGNAL_JSON = 36;
export const SIGNAL_STATS_CLEAR = 63;

/**
 * Catches signals by number (real-time ones and SIGUSR1 too, which Node would open its inspector for) until closed.
 * Replaces Node's and any `process.on` handling of the same numbers; one such registration may exist in a process.
 * SIGPIPE is ignored from then on. After `close` the numbers have their default action. Throws SystemError.
 */
export function onSignals(
  loop: Loop,
  numbers: readonly number[],
  callback: (signal: number) => void,
): { close(): void } {
  const fd = check("sigaction", numbers.join(" "), native.signalsOpen(numbers));
  const registration = loop.onReadable(fd, () => {
    for (let signal = native.signalsRead(fd); signal > 0; signal = native.signalsRead(fd)) callback(signal);
  });
  registration.keepAlive(false);
  return {
    close() {
      registration.close();
      check("sigaction", "default", native.signalsClose());
    },
  };
}

// ---------------------------------------------------------------- spawn

export interface SpawnOptions {
  /** Absolute path of the executable; there is no PATH search and no shell. */
  readonly path: string;
  /** Arguments, the first being the name of the program. */
  readonly argv: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly uid?: number;
  readonly gid?: number;
  /** Supplementary groups; where uid or gid is given and this is not, none are kept. */
  readonly groups?: readonly number[];
  /** Default `process-group`, so that a script can be killed with its children. */
  readonly isolation?: "none" | "process-group" | "session";
  /** Signal the kernel sends to the process when the calling thread dies; default SIGKILL (9), 0 for none. */
  readonly parentDeathSignal?: number;
  readonly umask?: number;
  /** Descriptors to become 0, 1, 2, ...; `null` is /dev/null. Default three times /dev/null. All others are closed. */
  readonly stdio?: readonly (number | null)[];
}

export type SpawnExit =
  | { readonly kind: "exited"; readonly code: number }
  | { readonly kind: "killed"; readonly signal: number };

export interface SpawnedProcess {
  readonly pid: number;
  /** Sends a signal to the process, or to its whole group if it has its own; false if it has been reaped. */
  kill(signal: number): boolean;
}

/**
 * Starts a process by vfork (70 us and no copying of a large heap) and calls back once when it has ended and been
 * reaped. Failure to start, exec's included, throws SystemError whose `call` names the step that failed.
 */
export function spawnProcess(
  loop: Loop,
  options: SpawnOptions,
  onExit: (exit: SpawnExit) => void,
): SpawnedProcess {
  const isolation = options.isolation ?? "process-group";
  const dropsIdentity = options.uid !== undefined || options.gid !== undefined;
  const [pid, pidfd, step] = native.spawn({
    path: options.path,
    argv: options.argv,
    env: Object.entries(options.env ?? {}).map(([name, value]) => `${name}=${value}`),
    cwd: options.cwd ?? "/",
    uid: options.uid ?? -1,
    gid: options.gid ?? -1,
    groups: options.groups ?? (dropsIdentity ? [] : undefined),
    group: isolation === "none" ? 0 : isolation === "process-group" ? 1 : 2,
    deathSignal: options.parentDeathSignal ?? 9,
    umask: options.umask ?? -1,
    stdio: (options.stdio ?? [null, null, null]).map((fd) => fd ?? -1),
  });
  if (pid < 0) throw new SystemError({ call: step, errno: errnoName(pid), subject: options.path });
  let reaped = false;
  const registration = loop.onReadable(pidfd, () => {
    const [code, signal] = native.reap(pidfd);
    if (code < 0 && signal === 0) return;
    reaped = true;
    registration.close();
    native.close(pidfd);
    onExit(signal > 0 ? { kind: "killed", signal } : { kind: "exited", code });
  });
  return {
    pid,
    kill(signal) {
      if (reaped) return false;
      return process.kill(isolation === "none" ? pid : -pid, signal);
    },
  };
}

// ---------------------------------------------------------------- scheduling and limits

/**
 * SCHED_RR at `priority` (1..99) with RESET_ON_FORK on every thread of the process, or SCHED_OTHER for 0. Threads
 * made later start as SCHED_OTHER: call it after sockets and netlink are open. Throws SystemError (EPERM).
 */
export function setRealtimePriority(priority: number): void {
  check(
    "sched_setscheduler",
    `priority ${priority}`,
    native.setScheduler(priority > 0 ? SCHED_RR : 0, priority, true),
  );
}
const SCHED_RR = 2;

/** Nice value -20..19 of every thread. */
export function setNice(nice: number): void {
  check("setpriority", `nice ${nice}`, native.setNice(nice));
}

/** Pins every thread to the given processors. */
export function setAffinity(cpus: readonly number[]): void {
  check("sched_setaffinity", `processors ${cpus.join(",")}`, native.setAffinity(cpus));
}

/** CPU microseconds a real-time thread may use without sleeping: SIGXCPU at `soft`, SIGKILL at `hard`. */
export function setRealtimeLimit(soft: number, hard: number): void {
  check("setrlimit", "RLIMIT_RTTIME", native.setLimit(RLIMIT_RTTIME, soft, hard));
}
const RLIMIT_RTTIME = 15;

/** Lets core files be written without a size limit. */
export function allowCoreDump(): void {
  check("setrlimit", "RLIMIT_CORE", native.setLimit(RLIMIT_CORE, -1, -1));
}
const RLIMIT_CORE = 4;

/** The signal this process gets when its parent dies. A parent dead already does not count: compare `process.ppid`. */
export function setParentDeathSignal(signal: number): void {
  check("prctl", "PR_SET_PDEATHSIG", native.setParentDeathSignal(signal));
}

/** Moves the calling thread, and threads it makes from then on, to the network namespace of that file. */
export function enterNetworkNamespace(path: string): void {
  check("setns", path, native.setNamespace(path, CLONE_NEWNET));
}
const CLONE_NEWNET = 0x40000000;

/** Gives the calling thread mounts of its own, with a /sys that shows its network namespace. */
export function mountOwnSys(): void {
  check("mount", "/sys", native.mountOwn("sysfs", "/sys"));
}

/**
 * Goes on as another program, with this process's id and open standard descriptors. The whole program is where the calling
 * thread was moved to.
 */
export function replaceProcess(command: readonly [string, ...string[]], env: NodeJS.ProcessEnv): never {
  const settings = Object.entries(env).map(([name, value]) => `${name}=${value ?? ""}`);
  check("execve", command[0], native.replaceProcess(command[0], command, settings));
  throw new Error("execve came back");
}

/**
 * Keeps file mappings (code) of the process in memory once they were touched. Never everything: V8 gives pages back
 * with madvise, which fails on locked memory and ends the process. Returns how many mappings were locked.
 */
export function lockFileMappings(): number {
  return check("mlock2", "file mappings", native.lockFileMappings());
}

// ---------------------------------------------------------------- files and identities

/**
 * Takes an exclusive lock on an open, writable descriptor (OFD lock: released when the descriptor is closed, however
 * the process ends). False if another holder has it.
 */
export function tryLock(fd: number): boolean {
  const result = native.lockDescriptor(fd);
  if (result < 0 && ["EAGAIN", "EACCES"].includes(errnoName(result))) return false;
  check("fcntl", `lock on descriptor ${fd}`, result);
  return true;
}

export interface UserRecord {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  readonly shell: string;
}

/** The user of that name (through NSS: may read files, so not for the vrrp child), or undefined. */
export function userByName(name: string): UserRecord | undefined {
  const found = native.userByName(name);
  if (typeof found === "number") {
    if (found === 0) return undefined;
    throw new SystemError({ call: "getpwnam_r", errno: errnoName(found), subject: name });
  }
  const [uid, gid, home, shell] = found;
  return { name, uid, gid, home, shell };
}

/** Id of the group of that name, or undefined. */
export function groupByName(name: string): number | undefined {
  const found = native.groupByName(name);
  if (found === NO_SUCH_GROUP) return undefined;
  return check("getgrnam_r", name, found);
}
const NO_SUCH_GROUP = -0x8000_0000;

/** Supplementary groups of a user, `gid` among them. */
export function groupsOfUser(name: string, gid: number): readonly number[] {
  return check("getgrouplist", name, native.groupList(name, gid));
}

// ---------------------------------------------------------------- unix datagrams

/**
 * Sends datagrams to a Unix socket by path; a leading `@` or NUL names an abstract socket. For syslog and sd_notify:
 * it never blocks. `send` answers false if the receiver is missing or full: the caller counts what was lost.
 */
export interface DatagramSender {
  send(bytes: Uint8Array): boolean;
  close(): void;
}

export function openDatagramSender(path: string): DatagramSender {
  const fd = check("socket", "AF_UNIX", native.socket(AF_UNIX, SOCK_DGRAM, 0));
  const name = path.startsWith("@") ? `\0${path.slice(1)}` : path;
  return {
    send: (bytes) => native.sendUnix(fd, name, bytes) >= 0,
    close: () => {
      native.close(fd);
    },
  };
}
const AF_UNIX = 1;
const SOCK_DGRAM = 2;

/** Index of an interface in the namespace of the thread, or undefined. */
export function interfaceIndex(name: string): number | undefined {
  const index = native.interfaceIndex(name);
  return index > 0 ? index : undefined;
}
