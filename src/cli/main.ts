/** The `buoy` program: registers the commands and turns their outcome into an exit code. */
import { Command, CommanderError } from "commander";
import { registerCheck } from "./check.ts";
import { CommandError, EXIT_CODES_HELP, EXIT_FAILED } from "./exit-codes.ts";
import { registerJournal } from "./journal.ts";
import { registerLab } from "./lab.ts";
import { registerReload } from "./reload.ts";
import { registerRun } from "./run.ts";
import { registerStatus } from "./status.ts";
import { registerStop } from "./stop.ts";
import { packageVersion } from "./version.ts";
import { registerWhy } from "./why.ts";

/** Runs the program; the exit code is left in `process.exitCode`, so that output is flushed first. */
export async function main(argv: readonly string[]): Promise<void> {
  try {
    await buildProgram().parseAsync([...argv]);
  } catch (error) {
    process.exitCode = reportFailure(error);
  }
}

export function buildProgram(): Command {
  const program = new Command("buoy");
  program
    .description("Keeps virtual IPs afloat: runs an existing keepalived.conf, and explains what it does.")
    .version(packageVersion(), "-v, --version")
    .showHelpAfterError("(run with --help for the options)")
    .addHelpText("after", EXIT_CODES_HELP)
    .configureHelp({ helpWidth: 100 })
    .exitOverride();
  registerRun(program);
  registerCheck(program);
  registerStatus(program);
  registerWhy(program);
  registerJournal(program);
  registerReload(program);
  registerStop(program);
  registerLab(program);
  return program;
}

function reportFailure(error: unknown): number {
  // commander has printed its message already; --help and --version end this way too, with 0.
  if (error instanceof CommanderError) return error.exitCode;
  if (error instanceof CommandError) {
    process.stderr.write(`buoy: ${error.message}\n`);
    return error.exitCode;
  }
  process.stderr.write(`buoy: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return EXIT_FAILED;
}
