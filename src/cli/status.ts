/** `buoy status` */
import type { Command } from "commander";
import { renderStatus } from "../observe/status.ts";
import { type ClientOptions, withRuntimeDir } from "./client-command.ts";
import { ask } from "./control-client.ts";
import { painterFor, printJson, printLines, widthOf } from "./terminal.ts";

export function registerStatus(program: Command): void {
  withRuntimeDir(program.command("status"))
    .description("show instances, addresses, processes, scripts and what is degraded")
    .option("--json", "the whole status document as JSON")
    .action(async (options: ClientOptions & { readonly json?: true }) => {
      const { status } = await ask(options.runtimeDir, { command: "status" });
      if (options.json) return printJson(status);
      const paint = painterFor(process.stdout, process.env);
      printLines(renderStatus(status, { paint, zone: "local", width: widthOf(process.stdout) }));
    });
}
