/** `buoy ipvs` */
import type { Command } from "commander";
import { formatOsError } from "../base/result.ts";
import type { FoundService } from "../director/table.ts";
import type { Ipvs } from "../host/ipvs.ts";
import { createLoop } from "../host/loop.ts";
import { tableRows } from "../observe/table-rows.ts";
import { tableLines } from "../observe/table-text.ts";
import { openIpvsIn } from "../processes/open-plane.ts";
import { type ClientOptions, withRuntimeDir } from "./client-command.ts";
import { ask, type ReplyTo } from "./control-client.ts";
import { CommandError, EXIT_FAILED, EXIT_NO_DAEMON, EXIT_NO_PERMISSION } from "./exit-codes.ts";
import { painterFor, printJson, printLines } from "./terminal.ts";

interface IpvsOptions extends ClientOptions {
  readonly watch?: true;
  readonly json?: true;
}

const FORBIDDEN = ["EPERM", "EACCES"];
const INTERVAL_MS = 2_000;
const CLEAR_SCREEN = "\u001b[H\u001b[J";

export function registerIpvs(program: Command): void {
  withRuntimeDir(program.command("ipvs"))
    .description(
      "show the kernel's IPVS table in ipvsadm's layout, and where it differs from what is programmed",
    )
    .option("--watch", "with rates, again every two seconds")
    .option("--json", "services and servers with all counters as JSON")
    .action(async (options: IpvsOptions) => {
      const ipvs = await open((await programmed(options))?.namespace);
      try {
        do {
          await show(ipvs, options);
        } while (options.watch && (await pause()));
      } finally {
        ipvs.close();
      }
    });
}

async function show(ipvs: Ipvs, { watch, json, runtimeDir }: IpvsOptions): Promise<void> {
  const table = await programmed({ runtimeDir });
  const isThere = table?.plane?.name.startsWith("IPVS") === true;
  const rows = tableRows(isThere ? table.programmed : undefined, await read(ipvs));
  if (json) return printJson({ plane: ipvs.name, services: rows });
  const paint = painterFor(process.stdout, process.env);
  const title = `IP Virtual Server version ${ipvs.info.version} (size=${ipvs.info.size})`;
  if (watch && process.stdout.isTTY) process.stdout.write(CLEAR_SCREEN);
  printLines(tableLines(title, rows, { paint, rates: watch === true }));
}

/** Undefined where no daemon runs: the kernel's table can be shown all the same. */
async function programmed({ runtimeDir }: ClientOptions): Promise<ReplyTo<"table"> | undefined> {
  try {
    return await ask(runtimeDir, { command: "table" });
  } catch (error) {
    if (error instanceof CommandError && error.exitCode === EXIT_NO_DAEMON) return undefined;
    throw error;
  }
}

function open(namespace: string | undefined): Promise<Ipvs> {
  return new Promise((resolve, reject) => {
    openIpvsIn(createLoop(), namespace, (result) => {
      if (result.ok) return resolve(result.value);
      const code = FORBIDDEN.includes(result.error.errno) ? EXIT_NO_PERMISSION : EXIT_FAILED;
      return reject(new CommandError(formatOsError(result.error), code));
    });
  });
}

function read(ipvs: Ipvs): Promise<readonly FoundService[]> {
  return new Promise((resolve, reject) => {
    ipvs.read((result) =>
      result.ok ? resolve(result.value) : reject(new CommandError(formatOsError(result.error), EXIT_FAILED)),
    );
  });
}

function pause(): Promise<true> {
  return new Promise((resolve) => {
    setTimeout(() => resolve(true), INTERVAL_MS);
  });
}
