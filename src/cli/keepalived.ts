/** The `keepalived` program: keepalived's command line in front of buoy's daemon. */
import { mkdirSync, writeFileSync } from "node:fs";
import { release } from "node:os";
import { dirname, resolve } from "node:path";
import { FULL_CHECK } from "../config/include.ts";
import type { DaemonIdentity } from "../processes/identity.ts";
import { readIdentity } from "../processes/read-identity.ts";
import type { PidFilePaths, RunOptions } from "../processes/run-options.ts";
import { EXIT_FATAL, EXIT_OK } from "../processes/run-options.ts";
import { runDaemon } from "../processes/supervisor.ts";
import { daemonise } from "./daemonise.ts";
import { CommandError } from "./exit-codes.ts";
import { optionsHelp } from "./keepalived-options.ts";
import { type KeepalivedSettings, readCommandLine, SIGNAL_NUMBERS } from "./keepalived-request.ts";
import { moveTo } from "./network-namespace.ts";
import { keepalivedRuntimeDir, usualPidFile } from "./runtime-dir.ts";
import { packageVersion } from "./version.ts";

/** Runs the program; the exit code is left in `process.exitCode`. `program` is the path it was started by. */
export async function keepalivedMain(program: string, words: readonly string[]): Promise<void> {
  try {
    process.exitCode = await answer(program, words);
  } catch (error) {
    const text =
      error instanceof CommandError ? error.message : error instanceof Error ? error.stack : String(error);
    process.stderr.write(`keepalived: ${text}\n`);
    process.exitCode = error instanceof CommandError ? error.exitCode : EXIT_FATAL;
  }
}

async function answer(program: string, words: readonly string[]): Promise<number> {
  const request = readCommandLine(words);
  switch (request.kind) {
    case "version":
      process.stderr.write(versionText());
      return EXIT_OK;
    case "help":
      process.stderr.write(optionsHelp("keepalived"));
      return EXIT_OK;
    case "signum":
      return printSignal(request.name);
    case "genhash": {
      const { genhash } = await import("./genhash.ts");
      return genhash(request.words);
    }
    case "bad-usage":
      process.stderr.write(`${request.message}\n`);
      return EXIT_FATAL;
    case "config-test":
      warn(request.warnings);
      return testConfiguration(request.settings, request.logFile);
    case "run":
      warn(request.warnings);
      return run(program, words, request.settings);
  }
}

/** `-t`: keepalived's lines to standard error, or to the file of `-tFILE`, which only its owner may read. */
async function testConfiguration(settings: KeepalivedSettings, logFile: string | undefined): Promise<number> {
  const { configTest } = await import("./config-test.ts");
  const { configId, namespace } = settings;
  const includes = settings.allConfig ? { includeCheck: FULL_CHECK } : {};
  const { exitCode, lines } = configTest({ file: resolve(settings.file), configId, namespace, ...includes });
  const text = lines.map((line) => `${line}\n`).join("");
  if (logFile === undefined) process.stderr.write(text);
  else writeFileSync(logFile, text, { mode: 0o600, flag: "a" });
  return exitCode;
}

function warn(lines: readonly string[]): void {
  // The background process reads the same command line again; once is enough.
  if (process.env[BACKGROUND] !== undefined) return;
  for (const line of lines) process.stderr.write(`${line}\n`);
}

function versionText(): string {
  return `Keepalived-compatible buoy v${packageVersion()}\n\nNode ${process.version}, running on Linux ${release()}\n`;
}

function printSignal(name: string): number {
  const number = Object.hasOwn(SIGNAL_NUMBERS, name) ? SIGNAL_NUMBERS[name] : undefined;
  if (number === undefined) {
    process.stderr.write(`Unknown sigfunc ${name}\n`);
    return EXIT_FATAL;
  }
  process.stdout.write(`${number}\n`);
  return EXIT_OK;
}

/** Set in the environment of the background process: its relative paths belong to this directory. */
const BACKGROUND = "BUOY_STARTED_IN";

async function run(program: string, words: readonly string[], settings: KeepalivedSettings): Promise<number> {
  const startedIn = process.env[BACKGROUND];
  const directory = startedIn ?? process.cwd();
  const file = resolve(directory, settings.file);
  const identity = await readIdentity(file, settings.configId, settings.namespace);
  if (settings.foreground || startedIn !== undefined) {
    moveTo(identity.namespace);
    delete process.env[BACKGROUND];
    if (settings.umask !== undefined) process.umask(settings.umask);
    // In the background standard error is the file that the first process repeats, so the daemon may complain there.
    return runDaemon(runOptions(settings, identity, directory));
  }
  const { runtimeDir } = runOptions(settings, identity, directory);
  process.env[BACKGROUND] = directory;
  const command = [process.execPath, program, ...words] as const;
  return daemonise({ command, runtimeDir, keepStandardError: settings.logConsole });
}

function runOptions(settings: KeepalivedSettings, identity: DaemonIdentity, directory: string): RunOptions {
  const absolute = (path: string | undefined): string | undefined =>
    path === undefined ? undefined : resolve(directory, path);
  const facts = { uid: process.getuid?.() ?? 0, environment: process.env };
  const { configId, logConsole, syslogFacility, logDetail, allConfig, coreDump } = settings;
  const { releaseOnStop, releaseServices, respawn, runVrrp, runCheckers, dumpConfiguration } = settings;
  const names = { pidFile: absolute(settings.pidFile), configId, ...identity };
  const runtimeDir = keepalivedRuntimeDir(names, facts);
  const usual = (name: string): string => usualPidFile(name, facts.uid === 0 ? "/run" : runtimeDir, identity);
  return {
    file: resolve(directory, settings.file),
    runtimeDir,
    foreground: true,
    logConsole,
    syslogFacility,
    logDetail,
    acceptNotYet: false,
    pidFiles: pidFiles(settings, absolute, usual),
    configId,
    identity,
    allConfig,
    coreDump,
    releaseOnStop,
    respawn,
    releaseServices,
    runVrrp,
    runCheckers,
    dumpConfiguration,
  };
}

/** keepalived writes its pid files also where no option names them. */
function pidFiles(
  settings: KeepalivedSettings,
  absolute: (path: string | undefined) => string | undefined,
  usual: (name: string) => string,
): PidFilePaths {
  const paths = {
    daemon: absolute(settings.pidFile) ?? usual("keepalived"),
    vrrp: absolute(settings.vrrpPidFile) ?? usual("vrrp"),
    checkers: absolute(settings.checkersPidFile) ?? usual("checkers"),
    ...optional("bfd", absolute(settings.bfdPidFile)),
  };
  for (const path of Object.values(paths)) mkdirSync(dirname(path), { recursive: true });
  return paths;
}

function optional<Name extends string>(
  name: Name,
  path: string | undefined,
): { readonly [Key in Name]?: string } {
  if (path === undefined) return {};
  return { [name]: path } as { readonly [Key in Name]: string };
}
