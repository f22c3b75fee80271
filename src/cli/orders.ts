/** `buoy failover`, `buoy maintenance` and `buoy freeze`: what an operator orders beside the configuration. */
import { type Command, InvalidArgumentError } from "commander";
import type { Micros } from "../base/time.ts";
import { seconds } from "../base/time.ts";
import type { OrderOutcome } from "../observe/control-protocol.ts";
import type { OrderRequest } from "../supervise/orders.ts";
import { type ClientOptions, withRuntimeDir } from "./client-command.ts";
import { ask } from "./control-client.ts";
import { CommandError, EXIT_FAILED } from "./exit-codes.ts";
import { printLines } from "./terminal.ts";
import { whoAsks } from "./who-asks.ts";

/** The daemon answers when the instances have; it waits 20 s for them. */
const ORDER_TIMEOUT_MS = 25_000;

interface OrderOptions extends ClientOptions {
  readonly ttl?: Micros;
  readonly why?: string;
  readonly force?: true;
  readonly back?: true;
}

export function registerFailover(program: Command): void {
  withOrderOptions(program.command("failover"))
    .description(
      "hand an instance or a sync group over to another router, and stand aside until told otherwise",
    )
    .argument("<name>", "instance or sync group")
    .option("--back", "end it: compete again as configured")
    .action(async (subject: string, options: OrderOptions) => {
      await give("failover", options.back !== true, subject, options);
    });
}

export function registerMaintenance(program: Command): void {
  withOrderOptions(program.command("maintenance"))
    .description("hand all instances over and keep this host out of every election")
    .argument("<on|off>", "begin or end it", parseSwitch)
    .option("--force", "let the addresses go even if no other router takes them")
    .action(async (on: boolean, options: OrderOptions) => {
      await give("maintenance", on, undefined, options);
    });
}

export function registerFreeze(program: Command): void {
  withOrderOptions(program.command("freeze"))
    .description("nothing moves unless it must: trackers, preemption and reloads change nothing")
    .argument("[on|off]", "begin or end it", parseSwitch, true)
    .action(async (on: boolean, options: OrderOptions) => {
      await give("freeze", on, undefined, options);
    });
}

/** `90`, `90s`, `10m`, `2h` or `1d` in microseconds. */
export function parseTtl(text: string): Micros {
  const [, number, unit] = /^(\d+(?:\.\d+)?)([smhd]?)$/.exec(text) ?? [];
  const span = seconds(Number(number) * (TTL_UNITS[unit ?? ""] ?? Number.NaN));
  if (!(span > 0)) throw new InvalidArgumentError("a time such as 90s, 10m, 2h or 1d is needed");
  return span;
}

const TTL_UNITS: Readonly<Record<string, number>> = { "": 1, s: 1, m: 60, h: 3600, d: 86_400 };

function withOrderOptions(command: Command): Command {
  return withRuntimeDir(command)
    .option("--ttl <time>", "ends by itself after this long (90s, 10m, 2h, 1d)", parseTtl)
    .option("--why <text>", "the reason, for the journal and the status");
}

function parseSwitch(text: string): boolean {
  if (text !== "on" && text !== "off") throw new InvalidArgumentError("on or off is needed");
  return text === "on";
}

async function give(
  order: OrderRequest["order"],
  on: boolean,
  subject: string | undefined,
  { runtimeDir, ttl, why, force }: OrderOptions,
): Promise<void> {
  const request = { order, on, subject, ttl, why, force: force === true, by: whoAsks() };
  const { outcomes } = await ask(runtimeDir, { command: "order", ...request }, ORDER_TIMEOUT_MS);
  const isOpen = ({ stage }: OrderOutcome): boolean => stage === "kept" || stage === "under-way";
  const done = outcomes.filter((outcome) => !isOpen(outcome)).map(outcomeText);
  if (outcomes.length === 0) printLines([on ? `${order}: in force` : `${order}: ended`]);
  else if (done.length > 0) printLines(done);
  const open = outcomes.filter(isOpen).map(outcomeText);
  if (open.length > 0) throw new CommandError(open.join("\n"), EXIT_FAILED);
}

function outcomeText({ instance, stage, to }: OrderOutcome): string {
  switch (stage) {
    case "handed-over":
      return `${instance}: handed over, ${to ?? "another router"} is master`;
    case "in-force":
      return `${instance}: in force, it is not master`;
    case "kept":
      return `${instance}: STILL MASTER, no other router took over`;
    case "under-way":
      return `${instance}: not done yet; \`buoy status\` tells how it goes on`;
  }
}
