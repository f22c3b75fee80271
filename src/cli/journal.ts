/** `buoy journal` */
import type { Command } from "commander";
import { journalLine } from "../observe/explain.ts";
import type { JournalEntry } from "../observe/journal-entry.ts";
import { type ClientOptions, localReader, parseCount, withRuntimeDir } from "./client-command.ts";
import { follow } from "./control-client.ts";

interface JournalOptions extends ClientOptions {
  readonly json?: true;
  readonly count: number;
  readonly follow?: true;
}

export function registerJournal(program: Command): void {
  withRuntimeDir(program.command("journal"))
    .description("print what happened, oldest first")
    .option("-n, --count <number>", "how many entries", parseCount, 50)
    .option("-f, --follow", "go on with what happens, until interrupted")
    .option("--json", "one JSON object a line")
    .action(async (options: JournalOptions) => {
      const request = { command: "journal", limit: options.count, follow: options.follow === true } as const;
      const write = (entry: JournalEntry): void => {
        const text = options.json ? JSON.stringify(entry) : journalLine(entry, localReader());
        process.stdout.write(`${text}\n`);
      };
      for await (const reply of follow(options.runtimeDir, request)) {
        for (const entry of reply.entries) write(entry);
        if (!request.follow) return;
      }
    });
}
