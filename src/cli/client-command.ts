/** What the commands that ask a running daemon have in common. */
import { type Command, InvalidArgumentError } from "commander";
import type { Reader } from "../observe/wall-clock.ts";
import { defaultRuntimeDir } from "./runtime-dir.ts";

export interface ClientOptions {
  readonly runtimeDir: string;
}

/** Adds `--runtime-dir`, which finds the daemon. */
export function withRuntimeDir(command: Command): Command {
  const usual = defaultRuntimeDir({ uid: process.getuid?.() ?? 0, environment: process.env });
  return command.option("--runtime-dir <dir>", "runtime directory of the daemon", usual);
}

/** The person in front of this command: local time, today. */
export function localReader(): Reader {
  return { now: Date.now() * 1000, zone: "local" };
}

/** A positive whole number, for commander. */
export function parseCount(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1)
    throw new InvalidArgumentError("a whole number from 1 on is needed");
  return count;
}
