/** `buoy pool`: real servers of a running director, looked at and changed without a reload. */
import { setTimeout as sleep } from "node:timers/promises";
import { type Command, InvalidArgumentError } from "commander";
import { MICROS_PER_MILLI, type Micros } from "../base/time.ts";
import { instantText } from "../observe/explain.ts";
import { poolLines, serviceLines } from "../observe/pool-text.ts";
import type { PoolStatus } from "../observe/pool-view.ts";
import type { PoolRequest } from "../supervise/pool-orders.ts";
import { MOST_WEIGHT } from "../supervise/pool-orders.ts";
import { type ClientOptions, localReader, withRuntimeDir } from "./client-command.ts";
import { ask } from "./control-client.ts";
import { CommandError, EXIT_DONE, EXIT_FAILED, EXIT_INTERRUPTED } from "./exit-codes.ts";
import { parseTtl } from "./orders.ts";
import { type DrainEnd, followDrain } from "./pool-drain.ts";
import { painterFor, printJson, printLines, widthOf } from "./terminal.ts";
import { whoAsks } from "./who-asks.ts";

interface PoolOptions extends ClientOptions {
  readonly why?: string;
  readonly timeout?: Micros;
  readonly wait?: boolean;
}

/** Between two looks at a server that is being drained. */
const DRAIN_LOOK_MS = 1000;
/** A script goes on with what it wanted only where no connection is left. */
const DRAIN_EXIT: Readonly<Record<DrainEnd, number>> = {
  drained: EXIT_DONE,
  gone: EXIT_DONE,
  uncounted: EXIT_FAILED,
  "taken back": EXIT_FAILED,
  "timed out": EXIT_FAILED,
  interrupted: EXIT_INTERRUPTED,
};

export function registerPool(program: Command): void {
  const pool = program
    .command("pool")
    .description("list real servers, and take them out of service and back");
  withRuntimeDir(pool.command("list"))
    .description("services and their servers, with what is wrong with them")
    .argument("[service]", "one service only")
    .option("--json", "as JSON")
    .action(list);
  order(pool, "drain", "no new connections; out of the pool when the old ones have ended")
    .option("--no-wait", "do not wait until the last connection has ended")
    .option("--timeout <time>", "wait no longer than this (90s, 10m, 2h); it goes on draining", parseTtl)
    .action(async (service: string, server: string, options: PoolOptions) => {
      const { realServer, virtualServer } = await give(
        { action: "drain", service, server, weight: undefined },
        options,
      );
      if (options.wait === false) return;
      const end = await watchDrain(options, virtualServer, realServer);
      process.exitCode = DRAIN_EXIT[end];
    });
  order(pool, "disable", "out of the pool at once, its connections with it").action(simple("disable"));
  order(pool, "enable", "back to what the configuration and the checks say").action(simple("enable"));
  order(pool, "weight", "another weight than the configuration's, until `enable`")
    .argument("<weight>", `0 to ${MOST_WEIGHT}`, parseWeight)
    .action(async (service: string, server: string, weight: number, options: PoolOptions) => {
      await give({ action: "weight", service, server, weight }, options);
    });
}

function order(pool: Command, name: PoolRequest["action"], description: string): Command {
  return withRuntimeDir(pool.command(name))
    .description(description)
    .argument("<service>", "as the configuration or the log writes it: 10.0.0.1:80, a group, fwmark 5")
    .argument("<server>", "address, or address:port")
    .option("--why <text>", "the reason, for the journal and the status");
}

function simple(action: "disable" | "enable") {
  return async (service: string, server: string, options: PoolOptions): Promise<void> => {
    await give({ action, service, server, weight: undefined }, options);
  };
}

function parseWeight(text: string): number {
  const weight = Number(text);
  if (!/^\d+$/.test(text) || weight > MOST_WEIGHT)
    throw new InvalidArgumentError(`a whole number from 0 to ${MOST_WEIGHT} is needed`);
  return weight;
}

async function give(
  request: Pick<PoolRequest, "action" | "service" | "server" | "weight">,
  { runtimeDir, why }: PoolOptions,
): Promise<{ readonly virtualServer: string; readonly realServer: string }> {
  const reply = await ask(runtimeDir, { command: "pool", ...request, by: whoAsks(), why });
  const { action, weight } = request;
  const what = action === "weight" ? `weight ${weight}` : action;
  printLines([`${what}: ordered for ${reply.realServer} of ${reply.virtualServer}`]);
  return reply;
}

async function list(
  service: string | undefined,
  options: ClientOptions & { readonly json?: true },
): Promise<void> {
  const { pool, time, at } = await askPool(options, service);
  if (options.json) return printJson(pool);
  const paint = painterFor(process.stdout, process.env);
  const instant = instantText({ time, at }, localReader());
  const view = { paint, width: widthOf(process.stdout), instant };
  if (service === undefined) return printLines(poolLines(pool, view, pool.services.length));
  printLines(pool.services.flatMap((one) => serviceLines(one, pool.at, view)));
}

async function askPool(
  { runtimeDir }: ClientOptions,
  service: string | undefined,
): Promise<{ readonly pool: PoolStatus; readonly time: string; readonly at: number }> {
  const { pool, time, at } = await ask(runtimeDir, { command: "pools", service }, 20_000);
  if (pool === undefined)
    throw new CommandError("this daemon has no virtual server, or its checker does not answer", EXIT_FAILED);
  return { pool, time, at };
}

/** The last line is written over where a person looks on; Ctrl-C ends the looking, not the drain. */
async function watchDrain(
  options: PoolOptions,
  virtualServer: string,
  realServer: string,
): Promise<DrainEnd> {
  const interrupt = new AbortController();
  const onSignal = (): void => interrupt.abort();
  process.once("SIGINT", onSignal);
  const isTerminal = process.stdout.isTTY === true;
  let said = "";
  try {
    return await followDrain(
      { realServer, timeout: options.timeout },
      {
        look: async () => (await askPool(options, virtualServer)).pool,
        show: (text, isLast) => {
          const [head = text] = text.split(", draining for");
          if (isTerminal) process.stdout.write(`\r\x1b[K${text}${isLast ? "\n" : ""}`);
          else if (isLast || head !== said) printLines([isLast ? text : head]);
          said = head;
        },
        pause: () => sleep(DRAIN_LOOK_MS, undefined, { signal: interrupt.signal }).catch(() => undefined),
        isInterrupted: () => interrupt.signal.aborted,
        now: () => performance.now() * MICROS_PER_MILLI,
      },
    );
  } finally {
    process.off("SIGINT", onSignal);
  }
}
