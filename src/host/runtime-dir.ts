/**
 * The directory that holds one daemon: its lock, control socket and journal. A lock that is held means that a daemon is
 * running; everything else found there is left over from a life before and is replaced.
 */
import {
  closeSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Result } from "../base/result.ts";
import { fail, ok } from "../base/result.ts";
import { tryLock } from "./system.ts";

export interface RuntimePaths {
  readonly directory: string;
  readonly lock: string;
  readonly controlSocket: string;
  readonly journal: string;
  /** Operators' orders, over restarts. */
  readonly orders: string;
  /** The same about real servers. */
  readonly poolOrders: string;
  /** Addresses of unicast peers that are host names. */
  readonly peerNames: string;
  /** Interfaces and settings to be undone, for a life after a crash. */
  readonly interfaces: string;
}

export function runtimePaths(directory: string): RuntimePaths {
  return {
    directory,
    lock: join(directory, "lock"),
    controlSocket: join(directory, "control.sock"),
    journal: join(directory, "journal.jsonl"),
    orders: join(directory, "orders.json"),
    poolOrders: join(directory, "pool-orders.json"),
    peerNames: join(directory, "peers.json"),
    interfaces: join(directory, "interfaces.json"),
  };
}

/** A file that is locked as long as this process lives and holds its process id. */
export interface LockedFile {
  /** Removes the file and gives the lock back. */
  release(): void;
}

/** Makes the directory and takes its lock. The error is a sentence for the operator. */
export function claimRuntimeDir(paths: RuntimePaths): Result<LockedFile, string> {
  try {
    mkdirSync(paths.directory, { recursive: true, mode: 0o755 });
  } catch (error) {
    return fail(`cannot make the runtime directory ${paths.directory}: ${(error as Error).message}`);
  }
  const lock = claimPidFile(paths.lock);
  if (!lock.ok) return fail(`${lock.error} (runtime directory ${paths.directory})`);
  // Of a life before: its owner is dead, since the lock was free.
  for (const name of readdirSync(paths.directory)) {
    if (name.startsWith(basename(paths.controlSocket))) {
      rmSync(join(paths.directory, name), { recursive: true, force: true });
    }
  }
  return lock;
}

/**
 * Writes this process's id into a file and locks it. Fails with a sentence if another process holds it or it cannot be
 * written.
 */
export function claimPidFile(path: string, pid: number = process.pid): Result<LockedFile, string> {
  for (;;) {
    let fd: number;
    try {
      mkdirSync(dirname(path), { recursive: true });
      fd = openSync(path, "a+", 0o644);
    } catch (error) {
      return fail(`cannot write ${path}: ${(error as Error).message}`);
    }
    if (!tryLock(fd)) {
      const holder = readFileSync(path, "utf8").trim();
      closeSync(fd);
      return fail(
        `daemon is already running${holder === "" ? "" : ` with process id ${holder}`}: ${path} is locked`,
      );
    }
    // Between open and lock the holder may have removed the file: then the lock is on a file without a name.
    if (!isSameFile(fd, path)) {
      closeSync(fd);
      continue;
    }
    ftruncateSync(fd, 0);
    writeSync(fd, `${pid}\n`);
    return ok({
      release() {
        if (isSameFile(fd, path)) rmSync(path, { force: true });
        closeSync(fd);
      },
    });
  }
}

function isSameFile(fd: number, path: string): boolean {
  const named = statSync(path, { throwIfNoEntry: false });
  const opened = fstatSync(fd);
  return named !== undefined && named.ino === opened.ino && named.dev === opened.dev;
}
