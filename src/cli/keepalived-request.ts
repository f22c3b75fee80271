/** What a keepalived command line asks for. Pure: paths stay as written. */
import type { FoundOption, OptionName } from "./keepalived-options.ts";
import { KEEPALIVED_OPTIONS, type OptionRow, parseWords } from "./keepalived-options.ts";

export type KeepalivedRequest =
  | { readonly kind: "version" }
  | { readonly kind: "help" }
  | { readonly kind: "signum"; readonly name: string }
  /** Words of genhash's own command line. */
  | { readonly kind: "genhash"; readonly words: readonly string[] }
  | { readonly kind: "bad-usage"; readonly message: string }
  | {
      readonly kind: "config-test";
      readonly logFile: string | undefined;
      readonly settings: KeepalivedSettings;
      readonly warnings: readonly string[];
    }
  | { readonly kind: "run"; readonly settings: KeepalivedSettings; readonly warnings: readonly string[] };

export interface KeepalivedSettings {
  /** `-f`, as written. */
  readonly file: string;
  readonly foreground: boolean;
  readonly logConsole: boolean;
  readonly syslogFacility: string | undefined;
  readonly logDetail: 0 | 1 | 2;
  readonly umask: number | undefined;
  readonly pidFile: string | undefined;
  readonly vrrpPidFile: string | undefined;
  readonly checkersPidFile: string | undefined;
  readonly bfdPidFile: string | undefined;
  readonly configId: string | undefined;
  readonly namespace: string | undefined;
  readonly allConfig: boolean;
  readonly coreDump: boolean;
  readonly releaseOnStop: boolean;
  readonly respawn: boolean;
  readonly releaseServices: boolean;
  readonly runVrrp: boolean;
  readonly runCheckers: boolean;
  readonly dumpConfiguration: boolean;
}

export const DEFAULT_CONFIG_FILE = "/etc/keepalived/keepalived.conf";

/** keepalived's signals by the name that `--signum` takes. */
export const SIGNAL_NUMBERS: Readonly<Record<string, number>> = {
  STOP: 15,
  RELOAD: 1,
  DATA: 10,
  STATS: 12,
  STATS_CLEAR: 63,
  JSON: 36,
};

/** Reads a whole command line (without the program's name). */
export function readCommandLine(words: readonly string[]): KeepalivedRequest {
  // The options after it are genhash's own.
  if (words[0] === "-T" || words[0] === "--genhash") return { kind: "genhash", words: words.slice(1) };
  const parsed = parseWords(words);
  if (!parsed.ok) return { kind: "bad-usage", message: parsed.message };
  const immediate = immediateRequest(parsed.options);
  if (immediate !== undefined) return immediate;
  if (parsed.options.some((option) => option.name === "genhash")) {
    return { kind: "bad-usage", message: "-T has to be the first option: what follows is genhash's" };
  }
  const warnings = [...noEffectWarnings(parsed.options), ...unexpectedWarning(parsed.unexpected)];
  const settings = readSettings(parsed.options, warnings);
  const test = parsed.options.findLast((option) => option.name === "config-test");
  if (test !== undefined) return { kind: "config-test", logFile: test.value, settings, warnings };
  return { kind: "run", settings, warnings };
}

/** `-v`, `-h` and `--signum` answer at once, at their place in the line. */
function immediateRequest(options: readonly FoundOption[]): KeepalivedRequest | undefined {
  for (const option of options) {
    if (option.name === "version") return { kind: "version" };
    if (option.name === "help") return { kind: "help" };
    if (option.name === "signum") return { kind: "signum", name: option.value ?? "" };
  }
  return undefined;
}

function lastValue(options: readonly FoundOption[], name: OptionName): string | undefined {
  return options.findLast((option) => option.name === name)?.value;
}

function noEffectWarnings(options: readonly FoundOption[]): string[] {
  const named = new Set(options.map((option) => option.name));
  const rows = (KEEPALIVED_OPTIONS as readonly OptionRow[]).filter(
    (row) => row.noEffect !== undefined && named.has(row.long as OptionName),
  );
  return rows.map((row) => `option --${row.long} has no effect: ${row.noEffect}`);
}

function unexpectedWarning(words: readonly string[]): string[] {
  return words.length === 0 ? [] : [`Unexpected argument(s): ${words.join(" ")}`];
}

/** Fills the settings and appends what could not be understood to `warnings`. */
function readSettings(options: readonly FoundOption[], warnings: string[]): KeepalivedSettings {
  const has = (name: OptionName): boolean => options.some((option) => option.name === name);
  const value = (name: OptionName): string | undefined => lastValue(options, name);
  const detail = options.filter((option) => option.name === "log-detail").length;
  const logConsole = has("log-console");
  const facility = readFacility(value("log-facility"), warnings);
  return {
    file: value("use-file") ?? DEFAULT_CONFIG_FILE,
    foreground: has("dont-fork"),
    logConsole,
    syslogFacility: logConsole || has("no-syslog") ? undefined : facility,
    logDetail: detail === 0 ? 0 : detail === 1 ? 1 : 2,
    umask: readUmask(value("umask"), warnings),
    pidFile: value("pid"),
    vrrpPidFile: value("vrrp_pid"),
    checkersPidFile: value("checkers_pid"),
    bfdPidFile: value("bfd_pid"),
    configId: value("config-id"),
    namespace: value("namespace"),
    allConfig: has("all-config"),
    coreDump: has("core-dump"),
    releaseOnStop: !has("dont-release-vrrp"),
    releaseServices: !has("dont-release-ipvs"),
    respawn: !has("dont-respawn"),
    // -P and -C together mean both, as neither does.
    runVrrp: has("vrrp") || !has("check"),
    runCheckers: has("check") || !has("vrrp"),
    dumpConfiguration: has("dump-conf"),
  };
}

function readFacility(text: string | undefined, warnings: string[]): string {
  if (text === undefined) return "daemon";
  const number = /^(?:local)?([0-7])$/.exec(text);
  if (number !== null) return `local${number[1]}`;
  if (text === "user" || text === "daemon") return text;
  warnings.push(`Invalid log facility '${text}'`);
  return "daemon";
}

function readUmask(text: string | undefined, warnings: string[]): number | undefined {
  if (text === undefined) return undefined;
  const octal = /^0[0-7]*$/.test(text);
  const mask = octal
    ? Number.parseInt(text, 8)
    : /^(?:0[xX][0-9a-fA-F]+|[1-9]\d*)$/.test(text)
      ? Number(text)
      : Number.NaN;
  if (Number.isInteger(mask) && mask <= 0o777) return mask;
  warnings.push(`Invalid --umask option ${text}`);
  return undefined;
}
