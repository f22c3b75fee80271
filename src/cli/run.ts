/** `buoy run` */
import { resolve } from "node:path";
import type { Command } from "commander";
import { readIdentity } from "../processes/read-identity.ts";
import { defaultRunOptions } from "../processes/run-options.ts";
import { runDaemon } from "../processes/supervisor.ts";
import { type ClientOptions, withRuntimeDir } from "./client-command.ts";
import { DEFAULT_CONFIG_FILE } from "./keepalived-request.ts";
import { moveTo } from "./network-namespace.ts";

interface RunCommandOptions extends ClientOptions {
  readonly file: string;
  readonly configId?: string;
  readonly acceptNotYet?: true;
  readonly logDetail?: true;
  readonly dumpConf?: true;
}

export function registerRun(program: Command): void {
  withRuntimeDir(program.command("run"))
    .description("run the daemon in the foreground; SIGHUP reloads, SIGTERM releases and ends")
    .option("-f, --file <file>", "configuration file", DEFAULT_CONFIG_FILE)
    .option("-i, --config-id <id>", "selects lines of the configuration that begin with @id or @^id")
    .option("--accept-not-yet", "go on with keywords that are known but have no effect yet")
    .option("-D, --log-detail", "log more")
    .option("-d, --dump-conf", "log the configuration as it was understood")
    .action(async (options: RunCommandOptions) => {
      const file = resolve(options.file);
      const identity = await readIdentity(file, options.configId, undefined);
      moveTo(identity.namespace);
      process.exitCode = await runDaemon({
        ...defaultRunOptions(file, resolve(options.runtimeDir)),
        identity,
        acceptNotYet: options.acceptNotYet === true,
        configId: options.configId,
        logDetail: options.logDetail ? 1 : 0,
        dumpConfiguration: options.dumpConf === true,
      });
    });
}
