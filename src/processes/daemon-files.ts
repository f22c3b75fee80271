/** The files that say that a daemon runs: the runtime directory's lock and keepalived's pid files. */
import { rmSync, writeFileSync } from "node:fs";
import type { Result } from "../base/result.ts";
import { fail, ok } from "../base/result.ts";
import type { LockedFile } from "../host/runtime-dir.ts";
import { claimPidFile, claimRuntimeDir, runtimePaths } from "../host/runtime-dir.ts";
import type { RunOptions } from "./run-options.ts";

/** Takes the lock of the runtime directory and the daemon's pid file, or says who has them. */
export function claimFiles(options: RunOptions): Result<readonly LockedFile[], string> {
  const lock = claimRuntimeDir(runtimePaths(options.runtimeDir));
  if (!lock.ok) return lock;
  const path = options.pidFiles.daemon;
  if (path === undefined) return ok([lock.value]);
  const pidFile = claimPidFile(path);
  if (pidFile.ok) return ok([pidFile.value, lock.value]);
  lock.value.release();
  return fail(pidFile.error);
}

/** Writes a child's pid file, or removes it where there is no process. No path, no file. */
export function writeChildPid(path: string | undefined, pid: number | undefined): void {
  if (path === undefined) return;
  if (pid === undefined) rmSync(path, { force: true });
  else writeFileSync(path, `${pid}\n`);
}
