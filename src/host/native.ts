/**
 * The door to the native addon (`native/`): the only file that loads it. The addon moves bytes and reports errno; it
 * parses no protocol. This file types its functions and turns errno into {@link SystemError}; wrappers with a life of
 * their own are in `system.ts`, `socket.ts`, `loop.ts` and `netlink.ts`.
 *
 * Convention of the addon: a function answers a number, 0 or more on success and minus errno on failure. Functions of
 * the hot path are called as they are; the others go through {@link check}.
 */
import { createRequire } from "node:module";
import { constants } from "node:os";
import { fileURLToPath } from "node:url";
import type { OsError } from "../base/result.ts";
import { formatOsError } from "../base/result.ts";

/** An opaque handle of the addon: a readiness watcher, or a writer thread. Closed explicitly, freed when collected. */
export type NativeHandle = { readonly __native: unique symbol };

/** Arguments of a spawned process, as the addon wants them. */
export interface NativeSpawn {
  readonly path: string;
  readonly argv: readonly string[];
  readonly env: readonly string[];
  readonly cwd: string;
  /** -1 leaves it as it is. */
  readonly uid: number;
  readonly gid: number;
  /** Supplementary groups, or undefined to leave them. */
  readonly groups: readonly number[] | undefined;
  /** 0 as the parent, 1 own process group, 2 own session. */
  readonly group: number;
  readonly deathSignal: number;
  /** -1 leaves it. */
  readonly umask: number;
  /** Descriptor for each of 0, 1, 2, ...; -1 is /dev/null. */
  readonly stdio: readonly number[];
}

/** The raw surface of `buoy.node`. `addressBytes` are 4 or 16 bytes in network order. */
export interface Native {
  // readiness
  pollOpen(fd: number, drain: boolean, callback: (events: number) => void): NativeHandle | number;
  pollClose(handle: NativeHandle): void;
  /** What is waited for from now on: 1 readable (as opened), 2 writable, 3 both. */
  pollEvents(handle: NativeHandle, events: number): number;
  pollRef(handle: NativeHandle, keepAlive: boolean): void;
  /** A set of descriptors, which is one itself. Events are the kernel's: 1 readable, 4 writable. */
  epollOpen(): number;
  epollAdd(set: number, fd: number, token: number, events: number): number;
  epollChange(set: number, fd: number, token: number, events: number): number;
  epollRemove(set: number, fd: number): number;
  /** How many are ready, their tokens in the list. */
  epollReady(set: number, tokens: Int32Array): number;
  // clocks: microseconds
  monotonicMicros(): number;
  realtimeMicros(): number;
  boottimeMicros(): number;
  timerfdOpen(): number;
  /** Absolute microseconds on CLOCK_MONOTONIC; negative disarms. */
  timerfdSet(fd: number, at: number): number;
  // descriptors and sockets
  socket(domain: number, type: number, protocol: number): number;
  close(fd: number): number;
  bindInet(fd: number, address: Uint8Array, port: number, scopeId: number): number;
  connectInet(fd: number, address: Uint8Array, port: number, scopeId: number): number;
  bindPacket(fd: number, protocol: number, ifindex: number): number;
  bindUnix(fd: number, path: string): number;
  sendUnix(fd: number, path: string, bytes: Uint8Array): number;
  setOption(fd: number, level: number, name: number, value: number | Uint8Array | string): number;
  getOption(fd: number, level: number, name: number): number;
  joinGroup(fd: number, group: Uint8Array, ifindex: number): number;
  leaveGroup(fd: number, group: Uint8Array, ifindex: number): number;
  setMulticastInterface(fd: number, family: number, ifindex: number): number;
  attachFilter(fd: number, program: Uint32Array): number;
  receive(fd: number, buffer: Uint8Array): number;
  /** The next bytes of a stream, 0 at its end. */
  receiveStream(fd: number, buffer: Uint8Array): number;
  send(fd: number, bytes: Uint8Array): number;
  receiveBatch(fd: number, buffer: Uint8Array, slotSize: number, meta: Int32Array): number;
  sendBatch(fd: number, buffer: Uint8Array, slotSize: number, meta: Int32Array, count: number): number;
  sendFrames(fd: number, ifindex: number, buffer: Uint8Array, lengths: Int32Array, count: number): number;
  // netlink
  netlinkOpen(protocol: number, groups: number, receiveBuffer: number): number;
  netlinkPort(fd: number): number;
  writerOpen(protocol: number, queueLimit: number): NativeHandle | number;
  writerSubmit(writer: NativeHandle, id: number, request: Uint8Array): number;
  /** The next finished request: its id, errno (0 on success) and all that the kernel answered. */
  writerTake(writer: NativeHandle): readonly [number, number, Uint8Array] | undefined;
  /** Readable as long as finished requests wait to be taken. */
  writerDescriptor(writer: NativeHandle): number;
  writerPort(writer: NativeHandle): number;
  writerClose(writer: NativeHandle): void;
  // processes
  signalsOpen(numbers: readonly number[]): number;
  signalsRead(fd: number): number;
  signalsClose(): number;
  spawn(request: NativeSpawn): readonly [number, number, string];
  reap(pidfd: number): readonly [number, number];
  setScheduler(policy: number, priority: number, resetOnFork: boolean): number;
  setNice(nice: number): number;
  setAffinity(cpus: readonly number[]): number;
  setLimit(resource: number, soft: number, hard: number): number;
  setParentDeathSignal(signal: number): number;
  setNamespace(path: string, type: number): number;
  mountOwn(type: string, target: string): number;
  replaceProcess(path: string, argv: readonly string[], env: readonly string[]): number;
  lockDescriptor(fd: number): number;
  lockFileMappings(): number;
  groupList(user: string, gid: number): readonly number[] | number;
  userByName(user: string): readonly [number, number, string, string] | number;
  groupByName(group: string): number;
  interfaceIndex(name: string): number;
  // files
  makeFifo(path: string, mode: number): number;
  inotifyOpen(): number;
  inotifyWatch(fd: number, path: string, mask: number): number;
  inotifyUnwatch(fd: number, watch: number): number;
  /** Events as the kernel writes them, see `wire/inotify.ts`. */
  inotifyRead(fd: number, buffer: Uint8Array): number;
}

/** What the operating system refused, as an exception; `osError` is the plain value. */
export class SystemError extends Error {
  override readonly name = "SystemError";
  readonly osError: OsError;

  constructor(osError: OsError) {
    super(formatOsError(osError));
    this.osError = osError;
  }
}

/** Second names of numbers that have a better known one: EAGAIN, EOPNOTSUPP, EDEADLK. */
const SECOND_NAMES: readonly string[] = ["EWOULDBLOCK", "ENOTSUP", "EDEADLOCK"];
const ERRNO_NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(constants.errno)
    .filter(([name]) => !SECOND_NAMES.includes(name))
    .map(([name, number]) => [number, name]),
);

/** `EPERM` for 1, and so on; a number without a name gives `E524`. Minus signs are dropped. */
export function errnoName(errno: number): string {
  return ERRNO_NAMES.get(Math.abs(errno)) ?? `E${Math.abs(errno)}`;
}

/** The plain value for an errno (either sign). */
export function osError(call: string, subject: string, errno: number, detail?: string): OsError {
  const error = { call, errno: errnoName(errno), subject };
  return detail === undefined ? error : { ...error, detail };
}

/** The result of an addon function, or SystemError if it is minus errno. */
export function check<T>(call: string, subject: string, result: T | number): T {
  if (typeof result === "number" && result < 0) throw new SystemError(osError(call, subject, result));
  return result as T;
}

/** Where the build script puts the addon, seen from `src/host` and from `dist/host` alike. */
const ADDON_PATH = fileURLToPath(new URL("../../build/buoy.node", import.meta.url));

function loadAddon(): Native {
  try {
    return createRequire(import.meta.url)(ADDON_PATH) as Native;
  } catch (cause) {
    throw new Error(
      `The native addon ${ADDON_PATH} does not load. Install a C compiler (Debian: apt-get install -y gcc libc6-dev) ` +
        `and run npm install.`,
      { cause },
    );
  }
}

/** The addon, loaded once for each thread that imports this file. */
export const native: Native = loadAddon();
