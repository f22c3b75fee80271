/** `buoy stop` */
import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "commander";
import { type ClientOptions, withRuntimeDir } from "./client-command.ts";
import { answers, ask } from "./control-client.ts";
import { CommandError, EXIT_FAILED } from "./exit-codes.ts";

const STOP_TIMEOUT_MS = 15_000;
const POLL_MS = 50;

export function registerStop(program: Command): void {
  withRuntimeDir(program.command("stop"))
    .description("release the addresses, tell the peers and end the daemon")
    .action(async (options: ClientOptions) => {
      await ask(options.runtimeDir, { command: "stop" });
      const deadline = Date.now() + STOP_TIMEOUT_MS;
      while (await answers(options.runtimeDir)) {
        if (Date.now() > deadline) {
          throw new CommandError(
            `the daemon was told to stop but still runs after ${STOP_TIMEOUT_MS / 1000} s`,
            EXIT_FAILED,
          );
        }
        await sleep(POLL_MS);
      }
      process.stdout.write("stopped\n");
    });
}
