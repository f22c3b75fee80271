/** The core of `keepalived -t`: keepalived's lines and exit codes for a configuration. */
import { keepalivedTestStatus } from "../config/diagnostic.ts";
import { renderDiagnostics } from "../config/render.ts";
import { type LoadOptions, loadConfiguration } from "../processes/load-configuration.ts";

export interface ConfigTestOptions extends LoadOptions {
  /** `-f`. */
  readonly file: string;
}

export interface ConfigTestOutcome {
  /**
   * 0 no complaint (also for a file that is not there), 2 a parameter is missing, 5 mistakes, 6 scripts without script
   * security or a fatal include. A keyword that buoy refuses to start with counts as a mistake.
   */
  readonly exitCode: 0 | 2 | 5 | 6;
  /** For standard error, or the file of `--config-test=FILE`. */
  readonly lines: readonly string[];
}

export function configTest(options: ConfigTestOptions): ConfigTestOutcome {
  const { file, ...load } = options;
  const { diagnostics, sources } = loadConfiguration(file, load);
  const text = renderDiagnostics(diagnostics, sources, { format: "keepalived" });
  return {
    exitCode: keepalivedTestStatus(diagnostics),
    lines: text.split("\n").filter((line) => line !== ""),
  };
}
