/**
 * keepalived's command line as a table, and its reading as getopt_long does: bundled short options, attached and
 * separate arguments, unambiguous prefixes of long options, `--`. Pure.
 */

export type Argument = "none" | "required" | "optional";

export interface OptionRow {
  readonly short: string | undefined;
  readonly long: string;
  readonly argument: Argument;
  /** Name of the argument in the help. */
  readonly value?: string;
  readonly help: string;
  /** Why the option changes nothing here; said once on standard error. */
  readonly noEffect?: string;
  /** Accepted but not shown in the help: exists only in some builds of keepalived. */
  readonly hidden?: true;
}

const NO_SNMP = "there is no SNMP agent";
const NO_DEBUG = "it belongs to debugging builds of keepalived";

/** Every option of keepalived 2.2.7 and 2.4, in the order of its help. */
export const KEEPALIVED_OPTIONS = [
  {
    short: "f",
    long: "use-file",
    argument: "required",
    value: "FILE",
    help: "configuration file (default /etc/keepalived/keepalived.conf)",
  },
  { short: "P", long: "vrrp", argument: "none", help: "run VRRP only" },
  { short: "C", long: "check", argument: "none", help: "run health checks only" },
  { short: "B", long: "no_bfd", argument: "none", help: "run no BFD" },
  {
    short: undefined,
    long: "all",
    argument: "none",
    help: "start every process, also without configuration",
    noEffect: "every process buoy has is always started",
  },
  { short: "l", long: "log-console", argument: "none", help: "log to standard error instead of syslog" },
  { short: "D", long: "log-detail", argument: "none", help: "log more; twice for everything" },
  {
    short: "S",
    long: "log-facility",
    argument: "required",
    value: "FACILITY",
    help: "syslog facility: 0-7, local0-local7, user or daemon (default)",
  },
  { short: "G", long: "no-syslog", argument: "none", help: "do not log to syslog" },
  {
    short: "u",
    long: "umask",
    argument: "required",
    value: "MASK",
    help: "umask for created files, octal with leading 0, else decimal or 0x",
  },
  {
    short: "X",
    long: "release-vips",
    argument: "none",
    help: "remove left-over VIPs on the way to BACKUP (always done)",
  },
  {
    short: "V",
    long: "dont-release-vrrp",
    argument: "none",
    help: "on stop leave VIPs in place and send no priority 0",
  },
  {
    short: "I",
    long: "dont-release-ipvs",
    argument: "none",
    help: "on stop leave virtual servers in the kernel",
  },
  { short: "R", long: "dont-respawn", argument: "none", help: "do not start a dead process again" },
  { short: "n", long: "dont-fork", argument: "none", help: "stay in the foreground" },
  { short: "d", long: "dump-conf", argument: "none", help: "log the configuration as it was understood" },
  { short: "p", long: "pid", argument: "required", value: "FILE", help: "pid file of the parent" },
  { short: "r", long: "vrrp_pid", argument: "required", value: "FILE", help: "pid file of the VRRP child" },
  { short: "T", long: "genhash", argument: "none", help: "become genhash" },
  {
    short: "c",
    long: "checkers_pid",
    argument: "required",
    value: "FILE",
    help: "pid file of the checker child",
  },
  {
    short: "a",
    long: "address-monitoring",
    argument: "none",
    help: "log every address that comes or goes",
    noEffect: "`ip monitor address` shows them, and `buoy journal` what concerns the instances",
  },
  { short: "b", long: "bfd_pid", argument: "required", value: "FILE", help: "pid file of the BFD child" },
  { short: "s", long: "namespace", argument: "required", value: "NAME", help: "run in a network namespace" },
  {
    short: "m",
    long: "core-dump",
    argument: "none",
    help: "let a crash leave a core file, of any size",
  },
  {
    short: "M",
    long: "core-dump-pattern",
    argument: "required",
    value: "PATTERN",
    help: "kernel core pattern",
    noEffect: "the kernel's core pattern is the whole machine's, and stays as it is",
  },
  {
    short: "e",
    long: "all-config",
    argument: "none",
    help: "a missing include is an error",
  },
  {
    short: "i",
    long: "config-id",
    argument: "required",
    value: "ID",
    help: "selects lines that begin with @ID or @^ID",
  },
  { short: "x", long: "snmp", argument: "none", help: "SNMP agent", noEffect: NO_SNMP },
  {
    short: "A",
    long: "snmp-agent-socket",
    argument: "required",
    value: "SPEC",
    help: "SNMP master agent's socket",
    noEffect: NO_SNMP,
  },
  {
    short: undefined,
    long: "signum",
    argument: "required",
    value: "NAME",
    help: "print the number of the signal for STOP, RELOAD, DATA, STATS, STATS_CLEAR or JSON",
  },
  {
    short: "t",
    long: "config-test",
    argument: "optional",
    value: "LOGFILE",
    help: "check the configuration and exit",
  },
  {
    short: undefined,
    long: "ignore-sigint",
    argument: "none",
    help: "ignore SIGINT",
    noEffect: "SIGINT stops the daemon",
  },
  { short: "v", long: "version", argument: "none", help: "print the version" },
  { short: "h", long: "help", argument: "none", help: "print this help" },
  {
    short: "g",
    long: "log-file",
    argument: "optional",
    value: "FILE",
    help: "log file",
    hidden: true,
    noEffect: "log to syslog, or redirect standard error with -l",
  },
  {
    short: undefined,
    long: "flush-log-file",
    argument: "none",
    help: "flush the log file",
    hidden: true,
    noEffect: "there is no log file",
  },
  {
    short: undefined,
    long: "perf",
    argument: "optional",
    value: "WHAT",
    help: "perf records",
    hidden: true,
    noEffect: NO_DEBUG,
  },
  {
    short: undefined,
    long: "debug",
    argument: "optional",
    value: "WHAT",
    help: "debug messages",
    hidden: true,
    noEffect: NO_DEBUG,
  },
  {
    short: undefined,
    long: "mem-check",
    argument: "none",
    help: "memory checks",
    hidden: true,
    noEffect: NO_DEBUG,
  },
  {
    short: "L",
    long: "mem-check-log",
    argument: "none",
    help: "memory checks to syslog",
    hidden: true,
    noEffect: NO_DEBUG,
  },
  {
    short: "N",
    long: "no-mem-check",
    argument: "none",
    help: "no memory checks",
    hidden: true,
    noEffect: NO_DEBUG,
  },
  {
    short: "O",
    long: "openssl-mem-check",
    argument: "none",
    help: "OpenSSL memory checks",
    hidden: true,
    noEffect: NO_DEBUG,
  },
] as const satisfies readonly OptionRow[];

export type OptionName = (typeof KEEPALIVED_OPTIONS)[number]["long"];

/** One option found, in the order of the command line. */
export interface FoundOption {
  readonly name: OptionName;
  readonly value: string | undefined;
}

export type ParsedWords =
  | { readonly ok: true; readonly options: readonly FoundOption[]; readonly unexpected: readonly string[] }
  /** keepalived's words for it; the exit status is 1. */
  | { readonly ok: false; readonly message: string };

/** Reads the words after the program's name. The first bad option ends the reading. */
export function parseWords(words: readonly string[]): ParsedWords {
  const options: FoundOption[] = [];
  const unexpected: string[] = [];
  let index = 0;
  while (index < words.length) {
    const word = words[index] ?? "";
    index += 1;
    if (word === "--") {
      unexpected.push(...words.slice(index));
      break;
    }
    if (!word.startsWith("-") || word === "-") {
      unexpected.push(word);
      continue;
    }
    const found = word.startsWith("--") ? parseLong(word, words[index]) : parseBundle(word, words[index]);
    if (!found.ok) return found;
    options.push(...found.options);
    if (found.usedNext) index += 1;
  }
  return { ok: true, options, unexpected };
}

type Step =
  | { readonly ok: true; readonly options: readonly FoundOption[]; readonly usedNext: boolean }
  | { readonly ok: false; readonly message: string };

function parseLong(word: string, next: string | undefined): Step {
  const equals = word.indexOf("=");
  const name = equals < 0 ? word.slice(2) : word.slice(2, equals);
  const attached = equals < 0 ? undefined : word.slice(equals + 1);
  const row = findLong(name);
  if (row === undefined || (row.argument === "none" && attached !== undefined)) {
    return { ok: false, message: `Unknown option ${word}` };
  }
  if (row.argument !== "required" || attached !== undefined) {
    return { ok: true, options: [{ name: row.long, value: attached }], usedNext: false };
  }
  if (next === undefined) return { ok: false, message: `Missing parameter for option --${row.long}` };
  return { ok: true, options: [{ name: row.long, value: next }], usedNext: true };
}

/** A long option by its whole name or an unambiguous beginning of it. */
function findLong(name: string): (typeof KEEPALIVED_OPTIONS)[number] | undefined {
  const exact = KEEPALIVED_OPTIONS.find((row) => row.long === name);
  if (exact !== undefined) return exact;
  const candidates = KEEPALIVED_OPTIONS.filter((row) => row.long.startsWith(name));
  return candidates.length === 1 && name !== "" ? candidates[0] : undefined;
}

function parseBundle(word: string, next: string | undefined): Step {
  const options: FoundOption[] = [];
  for (let position = 1; position < word.length; position += 1) {
    const letter = word.charAt(position);
    const row = KEEPALIVED_OPTIONS.find((candidate) => candidate.short === letter);
    if (row === undefined) return { ok: false, message: `Unknown option -${letter}` };
    if (row.argument === "none") {
      options.push({ name: row.long, value: undefined });
      continue;
    }
    const attached = word.slice(position + 1);
    if (attached !== "" || row.argument === "optional") {
      options.push({ name: row.long, value: attached === "" ? undefined : attached });
      return { ok: true, options, usedNext: false };
    }
    if (next === undefined) return { ok: false, message: `Missing parameter for option -${letter}` };
    options.push({ name: row.long, value: next });
    return { ok: true, options, usedNext: true };
  }
  return { ok: true, options, usedNext: false };
}

/** The help, one option a line. */
export function optionsHelp(program: string): string {
  const lines = (KEEPALIVED_OPTIONS as readonly OptionRow[])
    .filter((row) => row.hidden === undefined)
    .map((row) => {
      const short = row.short === undefined ? "    " : `-${row.short}, `;
      const value =
        row.argument === "optional" ? `[=${row.value}]` : row.argument === "required" ? `=${row.value}` : "";
      const nothing = row.noEffect === undefined ? "" : " (no effect)";
      return `  ${short}${`--${row.long}${value}`.padEnd(28)} ${row.help}${nothing}`;
    });
  return [`Usage: ${program} [OPTION...]`, ...lines, ""].join("\n");
}
