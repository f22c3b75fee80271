/** Words to values, by the kinds of the keyword rows. Every reader reports what is wrong and answers undefined. */
import { assert } from "../base/assert.ts";
import { familyOf, type IpAddress, isMulticast, parseIp, parseIpPrefix } from "../base/ip.ts";
import type { Micros } from "../base/time.ts";
import type { Diagnostics } from "../config/diagnostic.ts";
import { splitCommand, splitScript } from "../config/script-words.ts";
import type { Span } from "../config/source.ts";
import { didYouMean } from "../config/suggest.ts";
import type { Statement, Word } from "../config/tree.ts";
import type { Argument, ArgumentKind, KeywordRow } from "./keywords/row.ts";

/** A command as written: what to run and as whom. */
export interface CommandText {
  /** The whole command as one string, for a shell. */
  readonly text: string;
  readonly argv: readonly string[];
  readonly identity: IdentityText | undefined;
  readonly span: Span;
}

/** `user [[:]group]`. */
export interface IdentityText {
  readonly user: string;
  readonly group: string | undefined;
  /** The group was written with a colon: the user's supplementary groups apply. */
  readonly supplementary: boolean;
  readonly span: Span;
}

export interface WeightText {
  readonly weight: number;
  readonly reverse: boolean;
}

export type Value =
  | { readonly kind: "flag"; readonly value: boolean }
  | { readonly kind: "number"; readonly value: number }
  /** Microseconds. */
  | { readonly kind: "span"; readonly value: Micros }
  | { readonly kind: "text"; readonly value: string; readonly span: Span }
  | { readonly kind: "address"; readonly value: IpAddress; readonly prefixLength: number | undefined }
  | { readonly kind: "command"; readonly value: CommandText }
  | { readonly kind: "identity"; readonly value: IdentityText }
  | { readonly kind: "weight"; readonly value: WeightText }
  | { readonly kind: "words"; readonly value: readonly Word[] };

/** What the message says will happen to a wrong value. */
interface Context {
  readonly row: KeywordRow;
  readonly report: Diagnostics;
}

/**
 * The values of a statement in the order of the row's arguments, without its block; undefined where one is wrong, after
 * the mistake has been reported.
 */
export function readValues(
  row: KeywordRow,
  statement: Statement,
  report: Diagnostics,
): readonly Value[] | undefined {
  const context = { row, report };
  const values: Value[] = [];
  let at = 0;
  for (const arg of row.args) {
    if (arg.kind === "block" || arg.kind === "entries") continue;
    const word = statement.words[at];
    if (word === undefined && arg.kind !== "flag") {
      if (arg.optional === true) continue;
      return missing(context, statement);
    }
    const read = readArgument(context, arg, statement, at);
    if (read === undefined) return undefined;
    values.push(read.value);
    at += read.used;
  }
  return values;
}

function missing(context: Context, statement: Statement): undefined {
  context.report.repair("missing-value", statement.keywordSpan, `'${context.row.keyword}' needs a value`, {
    hint: describeArguments(context.row.args),
    repair: "the line is ignored",
  });
  return undefined;
}

interface Read {
  readonly value: Value;
  /** Words taken. */
  readonly used: number;
}

function readArgument(context: Context, arg: Argument, statement: Statement, at: number): Read | undefined {
  const word = statement.words[at];
  if (arg.kind === "flag") return one(readFlag(context, word), word === undefined ? 0 : 1);
  assert(word !== undefined, "a word for the argument");
  switch (arg.kind) {
    case "integer":
      return one(readInteger(context, word, arg.min, arg.max), 1);
    case "span":
      return one(readSpan(context, word, arg), 1);
    case "choice":
      return one(readChoice(context, word, arg.words), 1);
    case "address":
      return one(readAddress(context, word, arg), 1);
    case "word":
    case "interface":
      return one(readText(context, word, arg.kind === "word" ? arg.maxLength : 15), 1);
    case "weight":
      return readWeight(context, statement.words.slice(at), arg.min, arg.max);
    case "identity": {
      const identity = readIdentity(statement.words.slice(at));
      return { value: { kind: "identity", value: identity.value }, used: identity.used };
    }
    case "script":
    case "command":
      return one(readCommand(context, statement), statement.words.length);
    case "pattern":
      return one(readPattern(context, statement), statement.words.length);
    case "hex":
      return one(readHex(context, statement.words.slice(at), arg), statement.words.length - at);
    case "codes":
      return one(readCodes(context, statement.words.slice(at), arg), statement.words.length - at);
    case "rest":
      return {
        value: { kind: "words", value: statement.words.slice(at) },
        used: statement.words.length - at,
      };
    case "block":
    case "entries":
      return undefined;
  }
}

function one(value: Value | undefined, used: number): Read | undefined {
  return value === undefined ? undefined : { value, used };
}

function readFlag(context: Context, word: Word | undefined): Value | undefined {
  if (word === undefined) return { kind: "flag", value: true };
  if (["true", "on", "yes"].includes(word.text)) return { kind: "flag", value: true };
  if (["false", "off", "no"].includes(word.text)) return { kind: "flag", value: false };
  const lower = word.text.toLowerCase();
  const near = ["true", "on", "yes", "false", "off", "no"].includes(lower) ? lower : undefined;
  return wrong(context, word, `'${word.text}' is neither on nor off`, {
    hint: near === undefined ? "write on, off, yes, no, true or false" : `did you mean '${near}'?`,
  });
}

function readInteger(context: Context, word: Word, min: number, max: number): Value | undefined {
  if (!/^-?\d+$/.test(word.text)) {
    return wrong(context, word, `'${word.text}' is not a whole number`, {
      hint: `a number from ${min} to ${max}`,
    });
  }
  const value = Number(word.text);
  return value < min || value > max ? outOfRange(context, word, min, max, "") : { kind: "number", value };
}

function readSpan(
  context: Context,
  word: Word,
  arg: Extract<ArgumentKind, { kind: "span" }>,
): Value | undefined {
  const match = /^(-?\d+)(?:\.(\d*))?$/.exec(word.text);
  const unit = { s: "seconds", ms: "milliseconds", us: "microseconds" }[arg.unit];
  if (match === null) {
    return wrong(context, word, `'${word.text}' is not a number`, {
      hint: `${unit} from ${arg.min} to ${arg.max}`,
    });
  }
  const value = Number(word.text);
  const rounded = Number(value.toFixed(arg.decimals));
  if (rounded < arg.min || value > arg.max) return outOfRange(context, word, arg.min, arg.max, ` ${unit}`);
  if ((match[2]?.replace(/0+$/, "").length ?? 0) > arg.decimals) {
    context.report.repair(
      "too-many-decimals",
      word.span,
      `'${word.text}' has more than ${arg.decimals} decimals`,
      {
        repair: `${rounded} is used`,
      },
    );
  }
  return { kind: "span", value: Math.round(rounded * { s: 1_000_000, ms: 1_000, us: 1 }[arg.unit]) };
}

function outOfRange(context: Context, word: Word, min: number, max: number, unit: string): undefined {
  return wrong(
    context,
    word,
    `${context.row.keyword} ${word.text} is outside the range ${min} to ${max}${unit}`,
    {},
    "out-of-range",
  );
}

function readChoice(context: Context, word: Word, words: readonly string[]): Value | undefined {
  if (words.includes(word.text)) return { kind: "text", value: word.text, span: word.span };
  const hint = didYouMean(word.text, words) ?? `one of ${words.join(", ")}`;
  return wrong(context, word, `'${word.text}' is no ${context.row.keyword}`, { hint });
}

function readText(context: Context, word: Word, maxLength: number | undefined): Value | undefined {
  if (maxLength !== undefined && word.text.length > maxLength) {
    return wrong(context, word, `'${word.text}' is longer than ${maxLength} characters`, {});
  }
  return { kind: "text", value: word.text, span: word.span };
}

function readAddress(
  context: Context,
  word: Word,
  arg: Extract<ArgumentKind, { kind: "address" }>,
): Value | undefined {
  const parsed = parseIpPrefix(word.text);
  if (parsed === undefined) {
    return wrong(context, word, `'${word.text}' is no IP address`, { hint: addressHint(word.text) });
  }
  if (arg.family !== "any" && familyOf(parsed.address) !== arg.family) {
    return wrong(
      context,
      word,
      `'${word.text}' is no ${arg.family === "ipv4" ? "IPv4" : "IPv6"} address`,
      {},
    );
  }
  if (arg.multicast && !isMulticast(parsed.address)) {
    return wrong(context, word, `${parsed.address} is no multicast address`, {});
  }
  return { kind: "address", value: parsed.address, prefixLength: parsed.prefixLength };
}

/** Why a text that looks like an address is none. */
export function addressHint(text: string): string {
  const address = text.split("/")[0] ?? "";
  if (parseIp(address) !== undefined) return "the length after / must be a number";
  const parts = address.split(".");
  if (parts.length === 4 && parts.every((part) => /^\d+$/.test(part))) {
    const bad = parts.find((part) => Number(part) > 255 || (part.length > 1 && part.startsWith("0")));
    return Number(bad) > 255 ? `${bad} is more than 255` : "no leading zeros";
  }
  return "an address such as 192.0.2.10 or 2001:db8::10";
}

function readWeight(context: Context, words: readonly Word[], min: number, max: number): Read | undefined {
  const [word, direction] = words;
  if (word === undefined) return undefined;
  const number = readInteger(context, word, min, max);
  if (number?.kind !== "number") return undefined;
  if (direction !== undefined && direction.text !== "reverse" && direction.text !== "noreverse") {
    context.report.repair(
      "unknown-option",
      direction.span,
      `'${direction.text}' means nothing after a weight`,
      {
        hint: didYouMean(direction.text, ["reverse", "noreverse"]) ?? "only reverse or noreverse may follow",
        repair: "the word is ignored",
      },
    );
  }
  const value = { weight: number.value, reverse: direction?.text === "reverse" };
  return { value: { kind: "weight", value }, used: Math.min(words.length, 2) };
}

/** User and group from up to two words: `user`, `user group`, `user :group`. */
export function readIdentity(words: readonly Word[]): {
  readonly value: IdentityText;
  readonly used: number;
} {
  const [user, group] = words;
  assert(user !== undefined, "a user");
  const colon = group?.text.startsWith(":") === true;
  const value = {
    user: user.text,
    group: colon ? group?.text.slice(1) : group?.text,
    supplementary: colon,
    span: user.span,
  };
  return { value, used: group === undefined ? 1 : 2 };
}

function readCommand(context: Context, statement: Statement): Value | undefined {
  const { words, unterminated } = splitScript(statement.rawRest);
  const [first, ...identity] = words;
  if (unterminated !== undefined) {
    context.report.repair("unterminated-quote", unterminated, "the quote is never closed", {
      repair: "the command is ignored",
    });
    return undefined;
  }
  const command = first === undefined ? undefined : splitCommand(first.text);
  if (first === undefined || command === undefined || command.argv.length === 0) {
    context.report.repair("missing-value", statement.keywordSpan, `'${context.row.keyword}' has no command`, {
      repair: "the line is ignored",
    });
    return undefined;
  }
  if (command.unterminated) {
    context.report.repair("unterminated-quote", first.span, "a quote inside the command is never closed", {
      repair: "the command is ignored",
    });
    return undefined;
  }
  return {
    kind: "command",
    value: {
      text: first.text,
      argv: command.argv,
      identity: identity.length === 0 ? undefined : readIdentity(identity).value,
      span: first.span,
    },
  };
}

function readPattern(context: Context, statement: Statement): Value | undefined {
  const { words, unterminated } = splitScript(statement.rawRest);
  const [first] = words;
  if (first !== undefined) return { kind: "text", value: first.text, span: first.span };
  context.report.repair("unterminated-quote", unterminated ?? statement.span, "the quote is never closed", {
    repair: "the line is ignored",
  });
  return undefined;
}

function readHex(
  context: Context,
  words: readonly Word[],
  arg: Extract<ArgumentKind, { kind: "hex" }>,
): Value | undefined {
  const digits = words.map((word) => word.text).join("");
  const first = words[0];
  if (first === undefined) return undefined;
  const pattern = arg.wildcard ? /^([0-9a-fA-FxX]{2})+$/ : /^([0-9a-fA-F]{2})+$/;
  if (arg.digits !== undefined && digits.length !== arg.digits) {
    return wrong(context, first, `'${digits}' has ${digits.length} characters, not ${arg.digits}`, {});
  }
  if (!pattern.test(digits)) {
    return wrong(context, first, `'${digits}' is not made of pairs of hex digits`, {});
  }
  return { kind: "text", value: digits.toLowerCase(), span: first.span };
}

function readCodes(
  context: Context,
  words: readonly Word[],
  arg: Extract<ArgumentKind, { kind: "codes" }>,
): Value | undefined {
  for (const word of words) {
    const match = /^(\d+)(?:-(\d+))?$/.exec(word.text);
    const low = Number(match?.[1]);
    const high = match?.[2] === undefined ? low : Number(match[2]);
    if (match === null || low < arg.min || high > arg.max || low > high) {
      return wrong(
        context,
        word,
        `'${word.text}' is no code from ${arg.min} to ${arg.max}, and no range of them`,
        {},
      );
    }
  }
  return { kind: "words", value: words };
}

function wrong(
  context: Context,
  word: Word,
  message: string,
  details: { readonly hint?: string },
  code = "invalid-value",
): undefined {
  const standing = context.row.default;
  const repair = context.row.args.some((arg) => arg.kind === "block")
    ? "the block is ignored"
    : context.row.repeat === "all" || standing === ""
      ? "the line is ignored"
      : `the line is ignored; without another one, the default holds (${standing})`;
  context.report.repair(code, word.span, message, { ...details, repair });
  return undefined;
}

/** The form of a keyword's arguments: `<1..255>`, `[on|off]`, `SECONDS`. */
export function describeArguments(args: readonly Argument[]): string {
  return args.map(describeArgument).join(" ");
}

function describeArgument(arg: Argument): string {
  const text = describeKind(arg);
  return arg.optional === true && !text.startsWith("[") && text !== "" ? `[${text}]` : text;
}

function describeKind(arg: ArgumentKind): string {
  switch (arg.kind) {
    case "flag":
      return "[on|off]";
    case "integer":
      return `<${arg.min}..${arg.max}>`;
    case "span":
      return `<${arg.min}..${arg.max} ${arg.unit}${arg.decimals === 0 ? "" : `, ${arg.decimals} decimals`}>`;
    case "word":
      return arg.name.toUpperCase();
    case "choice":
      return arg.words.join("|");
    case "address":
      return arg.multicast ? "MULTICAST-ADDRESS" : "ADDRESS";
    case "interface":
      return "INTERFACE";
    case "script":
      return '"COMMAND" [USER [GROUP]]';
    case "command":
      return '"COMMAND"';
    case "identity":
      return "USER [GROUP]";
    case "weight":
      return `<${arg.min}..${arg.max}> [reverse]`;
    case "pattern":
      return '"PATTERN"';
    case "hex":
      return "HEX-DIGITS";
    case "codes":
      return `<${arg.min}..${arg.max}>[-<...>] ...`;
    case "rest":
      return arg.syntax;
    case "entries":
      return "{ lines }";
    case "block":
      return "{ ... }";
  }
}
