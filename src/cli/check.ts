/** `buoy check`: says everything that is wrong with a configuration, before anything runs. */
import { type Command, Option } from "commander";
import { checkExitStatus, type Diagnostic } from "../config/diagnostic.ts";
import { type RenderOptions, renderDiagnostics } from "../config/render.ts";
import {
  type LoadedConfiguration,
  type LoadOptions,
  loadConfiguration,
} from "../processes/load-configuration.ts";

export type CheckFormat = RenderOptions["format"];

export interface CheckOptions {
  readonly format: CheckFormat;
  readonly acceptNotYet: boolean;
  /** `-i` of the daemon: selects `@id` lines; default: the host name. */
  readonly configId?: string | undefined;
  readonly colour?: boolean;
  /** For tests: in place of the disk and the host. */
  readonly load?: LoadOptions;
}

export interface CheckOutcome {
  /** 0 clean or notes only, 1 repairs, 2 refusals; the worst of all files. */
  readonly exitCode: 0 | 1 | 2;
  /** Ends in a newline unless empty. */
  readonly output: string;
}

const FORMATS: readonly CheckFormat[] = ["text", "json", "keepalived"];

/** Adds the command to the program. */
export function registerCheck(program: Command): void {
  program
    .command("check")
    .description("say everything that is wrong with a configuration; exit 0 clean, 1 repairs, 2 refusals")
    .argument("<file...>", "configuration files, each one checked for itself")
    .addOption(new Option("--format <format>", "how to say it").choices([...FORMATS]).default("text"))
    .option("--accept-not-yet", "go on with keywords that have no effect yet", false)
    .option("-i, --config-id <id>", "which @id lines to keep (default: the host name up to its first dot)")
    .action((files: readonly string[], given: Omit<CheckOptions, "load" | "colour">) => {
      const colour = process.stdout.isTTY === true && process.env.NO_COLOR === undefined;
      const { exitCode, output } = runCheck(files, { ...given, colour });
      process.stdout.write(output);
      process.exitCode = exitCode;
    });
}

/** Checks each file for itself. Throws only for what is not the configuration's fault. */
export function runCheck(files: readonly string[], options: CheckOptions): CheckOutcome {
  const checked = files.map((file) => ({ file, loaded: load(file, options) }));
  const codes = checked.map(({ loaded }) => checkExitStatus(loaded.diagnostics));
  return { exitCode: worst(codes), output: render(checked, options) };
}

function load(file: string, options: CheckOptions): LoadedConfiguration {
  return loadConfiguration(file, {
    ...options.load,
    acceptNotYet: options.acceptNotYet,
    ...(options.configId === undefined ? {} : { configId: options.configId }),
  });
}

function worst(codes: readonly (0 | 1 | 2)[]): 0 | 1 | 2 {
  return codes.includes(2) ? 2 : codes.includes(1) ? 1 : 0;
}

interface Checked {
  readonly file: string;
  readonly loaded: LoadedConfiguration;
}

function render(checked: readonly Checked[], options: CheckOptions): string {
  const { format } = options;
  if (format === "json") return `${JSON.stringify(checked.map(asJson), undefined, 2)}\n`;
  return checked
    .map(({ file, loaded }) => {
      const body = renderDiagnostics(loaded.diagnostics, loaded.sources, {
        format,
        colour: options.colour ?? false,
      });
      if (format === "keepalived") return body;
      return `${body}${body === "" ? "" : "\n"}${summarise(file, loaded)}\n`;
    })
    .join("");
}

function asJson({ file, loaded }: Checked): unknown {
  return {
    file,
    exitCode: checkExitStatus(loaded.diagnostics),
    instances: loaded.model?.vrrp.instances.map((instance) => instance.name) ?? null,
    diagnostics: JSON.parse(
      renderDiagnostics(loaded.diagnostics, loaded.sources, { format: "json" }) || "[]",
    ),
  };
}

/** One line at the end: what was found, and what would become of a start. */
export function summarise(file: string, loaded: LoadedConfiguration): string {
  const counts = (["refusal", "repair", "note"] as const)
    .map((severity) => ({ severity, count: countOf(loaded.diagnostics, severity) }))
    .filter(({ count }) => count > 0)
    .map(({ severity, count }) => plural(count, severity));
  const found = counts.length === 0 ? "nothing to complain about" : counts.join(", ");
  return `${file}: ${found}; ${verdict(loaded)}`;
}

function verdict({ model, diagnostics }: LoadedConfiguration): string {
  if (model === undefined) return "it would not start";
  const runs = plural(model.vrrp.instances.length, "instance");
  const idle =
    model.vrrp.instances.length + model.director.virtualServers.length === 0
      ? ", so there would be nothing to do"
      : "";
  return countOf(diagnostics, "repair") > 0
    ? `it would run with the repairs, ${runs}${idle}`
    : `${runs}${idle}`;
}

function countOf(diagnostics: readonly Diagnostic[], severity: Diagnostic["severity"]): number {
  return diagnostics.filter((diagnostic) => diagnostic.severity === severity).length;
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
