/** Reading the configuration for a start or reload, and whether a reload may be applied. */
import type { Diagnostic } from "../config/diagnostic.ts";
import { exitClassOf } from "../config/diagnostic.ts";
import { FULL_CHECK } from "../config/include.ts";
import { renderDiagnostics } from "../config/render.ts";
import { diffModels, isUnchanged } from "../model/diff.ts";
import type { Model } from "../model/model.ts";
import type { KnownServices } from "../model/service-memo.ts";
import type { LoadedConfiguration, LoadOptions } from "./load-configuration.ts";
import { loadConfiguration } from "./load-configuration.ts";
import type { RunOptions } from "./run-options.ts";
import { EXIT_CONFIG, EXIT_CONFIG_UNREADABLE } from "./run-options.ts";

/** What runs, as the steward remembers it over its own death. */
export interface RunningConfiguration {
  readonly generation: number;
  readonly model: Model;
  readonly files: readonly string[];
  /** Repairs that were accepted when it was loaded. */
  readonly repairs: readonly string[];
}

export type ConfigurationDecision =
  | { readonly kind: "apply"; readonly running: RunningConfiguration; readonly report: ConfigurationReport }
  | {
      readonly kind: "unchanged";
      readonly running: RunningConfiguration;
      readonly report: ConfigurationReport;
    }
  | {
      readonly kind: "refuse";
      readonly why: string;
      /** What was read, where it could be. */
      readonly model: Model | undefined;
      /** keepalived's exit code, for a first start. */
      readonly exitCode: number;
      readonly report: ConfigurationReport;
    };

/** A decision, and what the reading leaves for the next one. */
export type Decided = ConfigurationDecision & { readonly known: KnownServices };

export interface ConfigurationReport {
  readonly files: readonly string[];
  /** What was read, line by line. */
  readonly lines: () => readonly string[];
  /** All diagnostics as text, with source lines; empty if there are none. */
  readonly text: string;
  readonly messages: readonly string[];
  readonly notes: number;
  readonly repairs: number;
}

/** Reads the files and compares with what runs; `running` is undefined at the first start. */
export function decideConfiguration(
  options: RunOptions,
  running: RunningConfiguration | undefined,
  known: KnownServices | undefined,
  file: string = options.file,
): Decided {
  const loaded = loadConfiguration(file, { ...loadOptions(options), known });
  return { ...judge(loaded, running, file), known: loaded.known };
}

/** How a daemon reads its files. A reload does not move it to another namespace. */
function loadOptions({ configId, acceptNotYet, allConfig, identity }: RunOptions): LoadOptions {
  const includeCheck = allConfig ? { includeCheck: FULL_CHECK } : {};
  return { configId, acceptNotYet, namespace: identity.namespace ?? null, ...includeCheck };
}

function judge(
  loaded: LoadedConfiguration,
  running: RunningConfiguration | undefined,
  file: string,
): ConfigurationDecision {
  const report = reportOf(loaded);
  const { model, diagnostics } = loaded;
  if (model === undefined) {
    return { kind: "refuse", why: `${file} is refused`, model, exitCode: refusalExitCode(loaded), report };
  }
  const repairs = diagnostics.filter((one) => one.severity === "repair").map(repairKey);
  const next = { generation: (running?.generation ?? 0) + 1, model, files: loaded.files, repairs };
  if (running === undefined) return { kind: "apply", running: next, report };
  const diff = diffModels(running.model, model);
  if (isUnchanged(diff)) {
    return { kind: "unchanged", running: { ...next, generation: running.generation }, report };
  }
  const known = new Set(running.repairs);
  const fresh = repairs.find((key) => !known.has(key));
  const groups = diff.settings.includes("vrrp.syncGroups")
    ? [...running.model.vrrp.syncGroups, ...model.vrrp.syncGroups]
    : [];
  const [altered] = [
    ...diff.changed.map((change) => change.before.name),
    ...diff.removed.map(({ name }) => name),
    ...groups.flatMap(({ members }) => members),
  ];
  if (fresh !== undefined && altered !== undefined) {
    const why = `a value that had to be repaired may alter the running instance ${altered}: ${fresh}`;
    return { kind: "refuse", why, model, exitCode: EXIT_CONFIG, report };
  }
  return { kind: "apply", running: next, report };
}

/** keepalived's exit code at a start: 6 where files could not be read, 2 otherwise. */
function refusalExitCode(loaded: LoadedConfiguration): number {
  const unread =
    loaded.files.length === 0 || loaded.diagnostics.some((one) => exitClassOf(one) === "include");
  return unread ? EXIT_CONFIG_UNREADABLE : EXIT_CONFIG;
}

/** Without its place: the same repair some lines further down is not a new one. */
function repairKey(diagnostic: Diagnostic): string {
  return `${diagnostic.message} (${diagnostic.code})`;
}

function reportOf(loaded: LoadedConfiguration): ConfigurationReport {
  const { diagnostics, sources, files, lines } = loaded;
  return {
    files,
    lines,
    text: diagnostics.length === 0 ? "" : renderDiagnostics(diagnostics, sources, { format: "text" }),
    messages: diagnostics.map((one) => `${one.severity}: ${one.message}`),
    notes: diagnostics.filter((one) => one.severity === "note").length,
    repairs: diagnostics.filter((one) => one.severity === "repair").length,
  };
}
