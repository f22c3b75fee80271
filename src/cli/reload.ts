/** `buoy reload` */
import type { Command } from "commander";
import { type ClientOptions, withRuntimeDir } from "./client-command.ts";
import { ask } from "./control-client.ts";
import { CommandError, EXIT_FAILED, EXIT_REFUSED } from "./exit-codes.ts";

/** Reading a large configuration and starting what is new may take a while. */
const RELOAD_TIMEOUT_MS = 30_000;

export function registerReload(program: Command): void {
  withRuntimeDir(program.command("reload"))
    .description("read the configuration again; with a mistake in it nothing changes")
    .action(async (options: ClientOptions) => {
      const { outcome, diagnostics } = await askReload(options.runtimeDir);
      if (diagnostics !== "") process.stderr.write(`${diagnostics.trimEnd()}\n`);
      const said =
        outcome === "applied"
          ? "the new configuration is in force"
          : "the configuration is the same: nothing changed";
      process.stdout.write(`${said}\n`);
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
