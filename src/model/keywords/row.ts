/**
 * One keyword, one row. Parsing, range errors, "did you mean", the generated keyword pages and the parser's grammar
 * are all made from these rows; nothing else in the project repeats a range or a default.
 */

/** Decimal spans are written in seconds unless another unit is given. */
export type SpanUnit = "s" | "ms" | "us";

export type EntryKind =
  | "virtual-address"
  | "static-address"
  | "route"
  | "rule"
  | "tracked"
  | "peer"
  | "name"
  | "recipient"
  | "server-group"
  | "linkbeat"
  | "debounce";

/** What one word, or a few words that belong together, must look like. */
export type ArgumentKind =
  /** true on yes / false off no; a missing word means true. */
  | { readonly kind: "flag" }
  | { readonly kind: "integer"; readonly min: number; readonly max: number }
  | {
      readonly kind: "span";
      readonly unit: SpanUnit;
      readonly decimals: number;
      readonly min: number;
      readonly max: number;
    }
  | { readonly kind: "word"; readonly name: string; readonly maxLength: number | undefined }
  | { readonly kind: "choice"; readonly words: readonly string[] }
  | { readonly kind: "address"; readonly family: "ipv4" | "ipv6" | "any"; readonly multicast: boolean }
  | { readonly kind: "interface" }
  /** A command by tokeniser B, split twice, then user and group. */
  | { readonly kind: "script" }
  /** A command without user and group after it. */
  | { readonly kind: "command" }
  | { readonly kind: "identity" }
  | { readonly kind: "weight"; readonly min: number; readonly max: number }
  /** Pairs of hex digits; `x` stands for any digit where `wildcard`. */
  | { readonly kind: "hex"; readonly wildcard: boolean; readonly digits: number | undefined }
  /** `200 300-399`. */
  | { readonly kind: "codes"; readonly min: number; readonly max: number }
  /** A word by tokeniser B: both kinds of quotes, backslash escapes. */
  | { readonly kind: "pattern" }
  /** The rest of the line, described in words; checked where the meaning is made. */
  | { readonly kind: "rest"; readonly syntax: string }
  | { readonly kind: "entries"; readonly of: EntryKind }
  | { readonly kind: "block"; readonly block: string };

export type Argument = ArgumentKind & {
  readonly optional?: true;
  /** Mandatory, but where it is missing keepalived ignores the line and goes on, rather than exit with 2. */
  readonly lenient?: true;
};

/** How far buoy is with a keyword. */
export type KeywordState =
  /** `lands`: the field of the model it ends in, or the part of buoy that obeys it. */
  | { readonly kind: "works"; readonly lands: string }
  /** Needs no doing; the reason is told by `check`. */
  | { readonly kind: "accepted"; readonly reason: string }
  /**
   * `refusal`: leaving it out could change who is master or what is reachable. `repair`: something visible is missing
   * without it. `note`: cosmetic.
   */
  | { readonly kind: "not-yet"; readonly effect: "refusal" | "repair" | "note" };

export type Area =
  | "vrrp"
  | "lvs"
  | "checker"
  | "bfd"
  | "static"
  | "track"
  | "script"
  | "global"
  | "process"
  | "config"
  | "snmp"
  | "dbus";

export interface KeywordRow {
  /** Where it stands: `root`, `vrrp_instance`, `virtual_server.real_server`, `virtual_ipaddress(entry)`. */
  readonly block: string;
  readonly keyword: string;
  readonly args: readonly Argument[];
  /** Default in words, as shown in the pages; empty where there is none. */
  readonly default: string;
  /** First version of keepalived that knows it; "buoy" for ours, "1.x" for words that later versions dropped. */
  readonly since: string;
  readonly area: Area;
  readonly state: KeywordState;
  readonly help: string;
  /** How many times it may usefully stand in one block: `all` adds up, `last` wins. */
  readonly repeat: "last" | "all";
}

export interface RowOptions {
  readonly default?: string;
  readonly since?: string;
  readonly area?: Area;
  readonly repeat?: "all";
}

/** A row before it is put into its block. */
export type RowTemplate = Omit<KeywordRow, "block" | "area"> & { readonly area: Area | undefined };

export function row(
  keyword: string,
  args: readonly Argument[],
  state: KeywordState,
  help: string,
  options: RowOptions = {},
): RowTemplate {
  return {
    keyword,
    args,
    state,
    help,
    default: options.default ?? "",
    since: options.since ?? "2.2.7",
    area: options.area,
    repeat: options.repeat ?? (args.some((arg) => arg.kind === "block") ? "all" : "last"),
  };
}

/** Rows of one block; `area` is what a row belongs to unless it says otherwise. */
export function block(name: string, area: Area, rows: readonly RowTemplate[]): readonly KeywordRow[] {
  return rows.map((template) => ({ ...template, block: name, area: template.area ?? area }));
}

export const UNSIGNED_MAX = 4_294_967_295;
export const SIGNED_MAX = 2_147_483_647;

export const flag: Argument = { kind: "flag", optional: true };
export const iface: Argument = { kind: "interface" };
export const script: Argument = { kind: "script" };
export const command: Argument = { kind: "command" };
export const pattern: Argument = { kind: "pattern" };
export const identity: Argument = { kind: "identity" };
export const address: Argument = { kind: "address", family: "any", multicast: false };
export const port: Argument = { kind: "integer", min: 1, max: 65535 };

export function integer(min: number, max: number): Argument {
  return { kind: "integer", min, max };
}

/** Seconds with up to `decimals` decimals. */
export function span(min: number, max: number, decimals = 6, unit: SpanUnit = "s"): Argument {
  return { kind: "span", unit, decimals, min, max };
}

export function word(name: string, maxLength?: number): Argument {
  return { kind: "word", name, maxLength };
}

export function choice(...words: readonly string[]): Argument {
  return { kind: "choice", words };
}

export function weight(min: number, max: number): Argument {
  return { kind: "weight", min, max };
}

export function rest(syntax: string): Argument {
  return { kind: "rest", syntax };
}

export function entries(of: EntryKind): Argument {
  return { kind: "entries", of };
}

export function nested(name: string): Argument {
  return { kind: "block", block: name };
}

/** Arguments whose absence only makes the line count for nothing. */
export function lenient(args: readonly Argument[]): readonly Argument[] {
  return args.map((argument) => ({ ...argument, lenient: true }));
}

export function optional(argument: Argument): Argument {
  return { ...argument, optional: true };
}

export function works(lands: string): KeywordState {
  return { kind: "works", lands };
}

export function accepted(reason: string): KeywordState {
  return { kind: "accepted", reason };
}

export const REFUSED: KeywordState = { kind: "not-yet", effect: "refusal" };
export const MISSED: KeywordState = { kind: "not-yet", effect: "repair" };
export const COSMETIC: KeywordState = { kind: "not-yet", effect: "note" };
/** Of words about receive buffers. */
export const LARGE_BUFFERS: KeywordState = accepted(
  "every socket has a receive buffer of 1 MiB and is emptied before any timer counts",
);
