/** `buoy reload` */
import type { Command } from "commander";
import { planLines } from "../observe/plan-text.ts";
import { type ClientOptions, withRuntimeDir } from "./client-command.ts";
import { ask } from "./control-client.ts";
import { CommandError, EXIT_FAILED, EXIT_REFUSED } from "./exit-codes.ts";
import { painterFor, printLines, widthOf } from "./terminal.ts";

/** Reading a large configuration and starting what is new may take a while. */
const RELOAD_TIMEOUT_MS = 30_000;

export function registerReload(program: Command): void {
  withRuntimeDir(program.command("reload"))
    .description("read the configuration again; with a mistake in it nothing changes")
    .action(async (options: ClientOptions) => {
      const { outcome, plan, diagnostics } = await askReload(options.runtimeDir);
      if (diagnostics !== "") process.stderr.write(`${diagnostics.trimEnd()}\n`);
      const said =
        outcome === "applied"
          ? "the new configuration is in force"
          : "the configuration is the same: nothing changed";
      printLines([
        said,
        ...(plan === undefined
          ? []
          : planLines(plan, painterFor(process.stdout, process.env), widthOf(process.stdout))),
      ]);
    });
}

async function askReload(runtimeDir: string): ReturnType<typeof ask<"reload">> {
  try {
    return await ask(runtimeDir, { command: "reload" }, RELOAD_TIMEOUT_MS);
  } catch (error) {
    // What the daemon refuses here is the configuration.
    if (error instanceof CommandError && error.exitCode === EXIT_FAILED)
      throw new CommandError(error.message, EXIT_REFUSED);
    throw error;
  }
}
