/** `buoy ipvs` */
import type { Command } from "commander";
import { formatOsError, type OsError, type Result } from "../base/result.ts";
import type { Micros } from "../base/time.ts";
import { millis } from "../base/time.ts";
import type { FoundService } from "../director/table.ts";
import type { Ipvs } from "../host/ipvs.ts";
import { createLoop } from "../host/loop.ts";
import { NFT_PLANE } from "../host/nft/plane.ts";
import { withRates } from "../observe/table-rates.ts";
import { tableRows } from "../observe/table-rows.ts";
import { tableLines } from "../observe/table-text.ts";
import type { DataPlane } from "../ports/data-plane.ts";
import { openIpvsIn, openNftIn } from "../processes/open-plane.ts";
import { type ClientOptions, withRuntimeDir } from "./client-command.ts";
import { ask, type ReplyTo } from "./control-client.ts";
import { CommandError, EXIT_FAILED, EXIT_NO_DAEMON, EXIT_NO_PERMISSION } from "./exit-codes.ts";
import { painterFor, printJson, printLines } from "./terminal.ts";

interface IpvsOptions extends ClientOptions {
  readonly watch?: true;
  readonly json?: true;
}

const FORBIDDEN = ["EPERM", "EACCES"];
const NFT_TITLE = "Virtual servers in nftables (table buoy)";
const INTERVAL_MS = 2_000;
const CLEAR_SCREEN = "\u001b[H\u001b[J";

export function registerIpvs(program: Command): void {
  withRuntimeDir(program.command("ipvs"))
    .description(
      "show the kernel's table of virtual servers (IPVS, or ours in nftables) in ipvsadm's layout, and where it differs from what is programmed",
    )
    .option("--watch", "with rates, again every two seconds")
    .option("--json", "services and servers with all counters as JSON")
    .action(async (options: IpvsOptions) => {
      const shown = await open(await programmed(options));
      let last: Look | undefined;
      try {
        do {
          last = await show(shown, options, last);
        } while (options.watch && (await pause()));
      } finally {
        shown.plane.close();
      }
    });
}

interface Shown {
  readonly plane: DataPlane;
  readonly title: string;
}

interface Look {
  readonly at: Micros;
  readonly services: readonly FoundService[];
}

async function show(
  { plane, title }: Shown,
  { watch, json, runtimeDir }: IpvsOptions,
  last: Look | undefined,
): Promise<Look> {
  const table = await programmed({ runtimeDir });
  const isThere = table?.plane?.name === plane.name;
  const look = { at: millis(performance.now()), services: await read(plane) };
  const found =
    last === undefined ? look.services : withRates(look.services, last.services, look.at - last.at);
  const rows = tableRows(isThere ? table.programmed : undefined, found);
  if (json) printJson({ plane: plane.name, services: rows });
  else {
    const paint = painterFor(process.stdout, process.env);
    if (watch && process.stdout.isTTY) process.stdout.write(CLEAR_SCREEN);
    printLines(tableLines(title, rows, { paint, rates: watch === true }));
  }
  return look;
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

/** What the daemon uses; without a daemon, IPVS where the kernel has it. */
async function open(table: ReplyTo<"table"> | undefined): Promise<Shown> {
  const ours = (): Promise<DataPlane> =>
    opened((done) => openNftIn(createLoop(), table?.namespace, true, done));
  if (table?.plane?.name === NFT_PLANE) return { plane: await ours(), title: NFT_TITLE };
  try {
    const ipvs = await opened<Ipvs>((done) => openIpvsIn(createLoop(), table?.namespace, done));
    const { version, size } = ipvs.info;
    return { plane: ipvs, title: `IP Virtual Server version ${version} (size=${size})` };
  } catch (error) {
    if (table !== undefined || !(error instanceof CommandError)) throw error;
    return { plane: await ours(), title: NFT_TITLE };
  }
}

function opened<Plane>(start: (done: (result: Result<Plane, OsError>) => void) => void): Promise<Plane> {
  return new Promise((resolve, reject) => {
    start((result) => {
      if (result.ok) return resolve(result.value);
      const code = FORBIDDEN.includes(result.error.errno) ? EXIT_NO_PERMISSION : EXIT_FAILED;
      return reject(new CommandError(formatOsError(result.error), code));
    });
  });
}

function read(plane: DataPlane): Promise<readonly FoundService[]> {
  return new Promise((resolve, reject) => {
    plane.read((result) =>
      result.ok ? resolve(result.value) : reject(new CommandError(formatOsError(result.error), EXIT_FAILED)),
    );
  });
}

function pause(): Promise<true> {
  return new Promise((resolve) => {
    setTimeout(() => resolve(true), INTERVAL_MS);
  });
}
