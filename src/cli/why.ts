/** `buoy why` */
import type { Command } from "commander";
import { explain, explainJson } from "../observe/explain.ts";
import { type ClientOptions, localReader, parseCount, withRuntimeDir } from "./client-command.ts";
import { ask } from "./control-client.ts";
import { printJson, printLines } from "./terminal.ts";

interface WhyOptions extends ClientOptions {
  readonly json?: true;
  readonly count: number;
}

export function registerWhy(program: Command): void {
  withRuntimeDir(program.command("why"))
    .description("explain the last state changes, newest first")
    .argument("[name]", "one instance, sync group, BFD session, virtual or real server only")
    .option("-n, --count <number>", "how many", parseCount, 5)
    .option("--json", "entries with their causes as JSON")
    .action(async (instance: string | undefined, options: WhyOptions) => {
      const { entries } = await ask(options.runtimeDir, { command: "why", instance, limit: options.count });
      const reader = localReader();
      if (options.json) return printJson(entries.map((entry) => explainJson(entry, reader)));
      if (entries.length === 0) return printLines([nothingYet(instance)]);
      printLines(entries.flatMap((entry) => explain(entry, reader)));
    });
}

function nothingYet(instance: string | undefined): string {
  return instance === undefined
    ? "no state has changed since the daemon started"
    : `the journal knows no state change of ${instance}; \`buoy status\` lists all there is`;
}
