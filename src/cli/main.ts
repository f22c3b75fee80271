/** The `buoy` program: registers the commands and turns their outcome into an exit code. */
import { Command, CommanderError } from "commander";
import { CommandError, EXIT_CODES_HELP, EXIT_FAILED } from "./exit-codes.ts";
import { packageVersion } from "./version.ts";

type Register = (program: Command) => void;

/**
 * The commands in the order of the help. Only the one that is asked for is loaded: `status` needs no parser, and the
 * supervisor's heap stays small.
 */
const COMMANDS: Readonly<Record<string, () => Promise<Register>>> = {
  run: async () => (await import("./run.ts")).registerRun,
  check: async () => (await import("./check.ts")).registerCheck,
  status: async () => (await import("./status.ts")).registerStatus,
  why: async () => (await import("./why.ts")).registerWhy,
  journal: async () => (await import("./journal.ts")).registerJournal,
  ipvs: async () => (await import("./ipvs.ts")).registerIpvs,
  plan: async () => (await import("./plan.ts")).registerPlan,
  reload: async () => (await import("./reload.ts")).registerReload,
  failover: async () => (await import("./orders.ts")).registerFailover,
  maintenance: async () => (await import("./orders.ts")).registerMaintenance,
  freeze: async () => (await import("./orders.ts")).registerFreeze,
  pool: async () => (await import("./pool.ts")).registerPool,
  realserver: async () => (await import("./realserver.ts")).registerRealServer,
  stop: async () => (await import("./stop.ts")).registerStop,
  lab: async () => (await import("./lab.ts")).registerLab,
};

/** Runs the program; the exit code is left in `process.exitCode`, so that output is flushed first. */
export async function main(argv: readonly string[]): Promise<void> {
  try {
    const program = await buildProgram(argv);
    await program.parseAsync([...argv]);
  } catch (error) {
    process.exitCode = reportFailure(error);
  }
}

/** The program with the command that `argv` names, or with all of them where it names none. */
export async function buildProgram(argv: readonly string[]): Promise<Command> {
  const program = new Command("buoy");
  program
    .description("Keeps virtual IPs afloat: runs an existing keepalived.conf, and explains what it does.")
    .version(packageVersion(), "-v, --version")
    .showHelpAfterError("(run with --help for the options)")
    .addHelpText("after", EXIT_CODES_HELP)
    .configureHelp({ helpWidth: 100 })
    .exitOverride();
  const named = argv[2] ?? "";
  const wanted = Object.hasOwn(COMMANDS, named) ? [named] : Object.keys(COMMANDS);
  for (const name of wanted) {
    const register = await COMMANDS[name]?.();
    register?.(program);
  }
  return program;
}

function reportFailure(error: unknown): number {
  // commander has printed its message already; --help and --version end this way too, with 0.
  if (error instanceof CommanderError) return error.exitCode;
  if (error instanceof CommandError) {
    process.stderr.write(`buoy: ${error.message}\n`);
    return error.exitCode;
  }
  process.stderr.write(`buoy: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return EXIT_FAILED;
}
