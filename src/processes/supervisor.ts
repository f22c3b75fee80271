/** The supervisor: the process of `buoy run`. It starts, watches and restarts the children and runs scripts. */
import { BugError } from "../base/assert.ts";
import type { RunOptions } from "./run-options.ts";

/**
 * Runs the daemon until it is told to stop and answers its exit code (keepalived's codes). Refusals of the first
 * configuration are printed to standard error.
 */
export async function runDaemon(options: RunOptions): Promise<number> {
  throw new BugError(`the daemon for ${options.file} is not assembled`);
}
