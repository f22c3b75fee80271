/**
 * Going to the background as keepalived does without `-n`: the first process ends only when the daemon answers, or with
 * the daemon's own message and exit code.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, constants, openSync, readFileSync, unlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ask, errnoOf } from "./control-client.ts";
import { CommandError, EXIT_FAILED } from "./exit-codes.ts";

const POLL_MS = 25;
const READY_TIMEOUT_MS = 30_000;

export interface Background {
  /** The program and its arguments, all paths absolute. */
  readonly command: readonly [string, ...string[]];
  readonly runtimeDir: string;
  /** Leave the daemon the caller's standard error (`-l`). */
  readonly keepStandardError: boolean;
}

/** Starts the daemon in a session of its own, in `/`; the answer is the exit code of this process. */
export async function daemonise(background: Background): Promise<number> {
  const complaints = background.keepStandardError ? undefined : openComplaints();
  const [program, ...words] = background.command;
  const child = spawn(program, words, {
    cwd: "/",
    detached: true,
    stdio: ["ignore", "ignore", complaints?.descriptor ?? "inherit"],
  });
  try {
    return await waitUntilReady(child, background.runtimeDir);
  } finally {
    if (complaints !== undefined) {
      if (child.exitCode !== null || child.signalCode !== null)
        process.stderr.write(readFileSync(complaints.path));
      unlinkSync(complaints.path);
      closeSync(complaints.descriptor);
    }
    child.unref();
  }
}

interface Complaints {
  readonly path: string;
  readonly descriptor: number;
}

/**
 * A file for the daemon's standard error. A pipe would break when this process ends; the file's name is removed then and
 * the daemon keeps a descriptor that goes nowhere.
 */
function openComplaints(): Complaints {
  const path = join(tmpdir(), `buoy-start-${process.pid}-${Date.now()}`);
  const flags = constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | constants.O_APPEND;
  return { path, descriptor: openSync(path, flags, 0o600) };
}

async function waitUntilReady(child: ChildProcess, runtimeDir: string): Promise<number> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  let failure: Error | undefined;
  child.on("error", (error) => {
    failure = error;
  });
  for (;;) {
    if (failure !== undefined)
      throw new CommandError(`cannot start the daemon: ${failure.message}`, EXIT_FAILED);
    if (child.exitCode !== null) return child.exitCode;
    if (child.signalCode !== null)
      throw new CommandError(`the daemon was ended by ${child.signalCode}`, EXIT_FAILED);
    if (await isReady(runtimeDir, child.pid)) return 0;
    if (Date.now() > deadline) {
      throw new CommandError(
        `the daemon is not ready after ${READY_TIMEOUT_MS / 1000} s; its log may say why`,
        EXIT_FAILED,
      );
    }
    await sleep(POLL_MS);
  }
}

/** Ready is: the control socket is answered by this very daemon. */
async function isReady(runtimeDir: string, pid: number | undefined): Promise<boolean> {
  try {
    return (await ask(runtimeDir, { command: "status" }, 1_000)).status.pid === pid;
  } catch (error) {
    // A daemon that refuses its configuration may end between the question and the answer.
    if (error instanceof CommandError || errnoOf(error) !== undefined) return false;
    throw error;
  }
}
