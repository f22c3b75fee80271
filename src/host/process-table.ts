/** The processes of this host: read from /proc, and the kernel's word of new and ended ones. */
import { readdirSync, readFileSync } from "node:fs";
import type { OsError } from "../base/result.ts";
import type { RunningProcess } from "../supervise/process-counts.ts";
import {
  CN_IDX_PROC,
  decodeProcessEvents,
  encodeProcessListen,
  NETLINK_CONNECTOR,
} from "../wire/proc-connector.ts";
import type { Loop, Registration } from "./loop.ts";
import { errnoName, native, osError } from "./native.ts";
import { SO_RCVBUF, SO_RCVBUFFORCE, SOL_SOCKET } from "./socket.ts";

/** Every process that runs. */
export function scanProcesses(): readonly RunningProcess[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readProcess(Number(name)))
    .filter((process) => process !== undefined);
}

/** One process; undefined where it has ended, a zombie among them. */
export function readProcess(pid: number): RunningProcess | undefined {
  const stat = readText(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  // The name stands in brackets and may hold any character, brackets too.
  const end = stat.lastIndexOf(")");
  const name = stat.slice(stat.indexOf("(") + 1, end);
  const state = stat[end + 2];
  if (end < 0 || state === "Z" || state === "X") return undefined;
  const commandLine = readText(`/proc/${pid}/cmdline`) ?? "";
  const words = commandLine === "" ? [] : commandLine.replace(/\0$/, "").split("\0");
  return { pid, name, words };
}

/** A process may end between any two calls. */
function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ESRCH") return undefined;
    throw error;
  }
}

export interface ProcessListener {
  /** Processes to be read again, and processes that have ended. */
  changed(pids: readonly number[], ended: readonly number[]): void;
  /** Events were lost: everything is to be read again. */
  lost(): void;
}

export interface ReceiveBuffer {
  readonly bytes: number;
  /** Beyond the system's limit (`process_monitor_rcv_bufs_force`). */
  readonly force: boolean;
}

/**
 * Listens to the kernel's process connector. An error where there is none: without privileges, and in any network
 * namespace but the first (ECONNREFUSED).
 */
export function watchProcesses(
  loop: Loop,
  buffer: ReceiveBuffer | undefined,
  listener: ProcessListener,
): Registration | OsError {
  const fd = native.netlinkOpen(NETLINK_CONNECTOR, CN_IDX_PROC, 0);
  if (fd < 0) return osError("bind", "process connector", fd);
  if (buffer !== undefined) {
    native.setOption(fd, SOL_SOCKET, buffer.force ? SO_RCVBUFFORCE : SO_RCVBUF, buffer.bytes);
  }
  const sent = native.send(fd, encodeProcessListen());
  if (sent < 0) {
    native.close(fd);
    return osError("send", "process connector", sent);
  }
  const bytes = new Uint8Array(4096);
  const registration = loop.onReadable(fd, () => readEvents(fd, bytes, listener));
  return {
    close() {
      registration.close();
      native.close(fd);
    },
    keepAlive: registration.keepAlive,
  };
}

function readEvents(fd: number, bytes: Uint8Array, listener: ProcessListener): void {
  const changed = new Set<number>();
  const ended = new Set<number>();
  for (;;) {
    const length = native.receive(fd, bytes);
    if (length < 0) {
      if (errnoName(length) === "ENOBUFS") {
        listener.lost();
        continue;
      }
      break;
    }
    for (const { kind, pid } of decodeProcessEvents(bytes.subarray(0, length))) {
      (kind === "ended" ? ended : changed).add(pid);
      (kind === "ended" ? changed : ended).delete(pid);
    }
  }
  if (changed.size + ended.size > 0) listener.changed([...changed], [...ended]);
}
