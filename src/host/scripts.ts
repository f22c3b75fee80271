/** Runs a configured command as keepalived does: own process group, nothing but /dev/null, its own user. */
import { constants } from "node:os";
import { formatOsError } from "../base/result.ts";
import type { Instant } from "../base/time.ts";
import type { CommandModel } from "../model/command-model.ts";
import type { Loop } from "./loop.ts";
import { SystemError } from "./native.ts";
import type { SpawnExit, SpawnedProcess, SpawnOptions } from "./system.ts";
import { spawnProcess } from "./system.ts";

export interface ScriptEnd {
  /** Undefined if a signal ended it, or it could not be started. */
  readonly exitCode: number | undefined;
  /** `SIGTERM`. */
  readonly signal: string | undefined;
  readonly duration: number;
  /** Why it could not be started. */
  readonly error: string | undefined;
}

/** A running script; `signal` reaches its whole process group. */
export interface RunningScript {
  readonly pid: number;
  signal(name: "TERM" | "KILL"): void;
}

/** Removed from the environment: they would change what a script of another user runs. */
const UNSAFE: ReadonlySet<string> = new Set([
  "IFS",
  "LD_PRELOAD",
  "LD_LIBRARY_PATH",
  "NOTIFY_SOCKET",
  "NODE_CHANNEL_FD",
]);

/**
 * Starts a command. `onEnd` is called exactly once, never from within this call; where the command could not be started
 * undefined is returned and the end carries the error. `umask` -1 leaves it as it is. `orphaned` is what the command is sent
 * when this process ends before it.
 */
export function runScript(
  loop: Loop,
  command: CommandModel,
  onEnd: (end: ScriptEnd) => void,
  umask = -1,
  orphaned: "SIGTERM" | "SIGKILL" = "SIGTERM",
): RunningScript | undefined {
  const startedAt = loop.now();
  const ended = (exit: SpawnExit): void => onEnd(endOf(exit, startedAt, loop.now()));
  const options = { ...spawnOptions(command), umask, parentDeathSignal: constants.signals[orphaned] };
  try {
    return running(startWithShellFallback(loop, options, command, ended));
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    const text = formatOsError(error.osError);
    queueMicrotask(() => onEnd({ exitCode: undefined, signal: undefined, duration: 0, error: text }));
    return undefined;
  }
}

function spawnOptions(command: CommandModel): SpawnOptions {
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined && !UNSAFE.has(name)) environment[name] = value;
  }
  // The daemon's own identity is kept as it is: in a user namespace with one uid every change is refused.
  const same = command.uid === process.getuid?.() && command.gid === process.getgid?.();
  return {
    path: command.path,
    argv: command.argv,
    env: environment,
    cwd: process.cwd(),
    isolation: "process-group",
    ...(same ? {} : { uid: command.uid, gid: command.gid, groups: command.groups }),
  };
}

/** A script without an interpreter line is run by /bin/sh, as execvp does. */
function startWithShellFallback(
  loop: Loop,
  options: SpawnOptions,
  command: CommandModel,
  ended: (exit: SpawnExit) => void,
): SpawnedProcess {
  try {
    return spawnProcess(loop, options, ended);
  } catch (error) {
    if (!(error instanceof SystemError) || error.osError.errno !== "ENOEXEC") throw error;
    const argv = ["/bin/sh", command.path, ...command.argv.slice(1)];
    return spawnProcess(loop, { ...options, path: "/bin/sh", argv }, ended);
  }
}

function running(spawned: SpawnedProcess): RunningScript {
  return {
    pid: spawned.pid,
    signal(name) {
      try {
        spawned.kill(name === "TERM" ? constants.signals.SIGTERM : constants.signals.SIGKILL);
      } catch (error) {
        // The group can be gone between its end and its reaping; anything else is worth dying for.
        if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
      }
    },
  };
}

function endOf(exit: SpawnExit, startedAt: Instant, now: Instant): ScriptEnd {
  const duration = now - startedAt;
  if (exit.kind === "exited") return { exitCode: exit.code, signal: undefined, duration, error: undefined };
  return { exitCode: undefined, signal: signalName(exit.signal), duration, error: undefined };
}

/** `SIGTERM` for 15; `signal 40` where there is no name. */
export function signalName(number: number): string {
  const found = Object.entries(constants.signals).find(([, value]) => value === number);
  return found?.[0] ?? `signal ${number}`;
}
