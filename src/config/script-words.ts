/** The script-like tokeniser: both kinds of quotes, backslash escapes, and a command that is split a second time. */
import type { Span } from "./source.ts";
import { isBlank, spanOf, type TracedText } from "./traced.ts";
import type { Word } from "./tree.ts";

/** A script-like rest of line: command string, then user, then group as words 2 and 3. */
export interface ScriptWords {
  readonly words: readonly Word[];
  /** The opening quote that is never closed; the words are then what could be read. */
  readonly unterminated?: Span;
}

/** First level: the raw rest of a line (Statement.rawRest) to words. */
export function splitScript(raw: TracedText): ScriptWords {
  const words: Word[] = [];
  let at = 0;
  for (;;) {
    at = skipBlanks(raw.text, at);
    if (at >= raw.text.length) return { words };
    const cut = cutWord(raw.text, at);
    if (cut.openQuote !== undefined) {
      return { words, unterminated: spanOf(raw, cut.openQuote, cut.openQuote + 1) };
    }
    const span = spanOf(raw, at, cut.end);
    const put = span.expanded === undefined ? span : { ...span, expanded: cut.text };
    words.push({ text: cut.text, quoted: cut.quoted, span: put });
    at = cut.end;
  }
}

/** Second level: a command string to its argument vector. Empty for an empty command. */
export function splitCommand(command: string): {
  readonly argv: readonly string[];
  readonly unterminated: boolean;
} {
  const argv: string[] = [];
  let at = 0;
  for (;;) {
    at = skipBlanks(command, at);
    if (at >= command.length) return { argv, unterminated: false };
    const cut = cutWord(command, at);
    if (cut.openQuote !== undefined) return { argv, unterminated: true };
    argv.push(cut.text);
    at = cut.end;
  }
}

function skipBlanks(text: string, from: number): number {
  let at = from;
  while (at < text.length && isBlank(text[at])) at += 1;
  return at;
}

interface CutWord {
  readonly text: string;
  readonly quoted: boolean;
  readonly end: number;
  /** Index of a quote that is never closed. */
  readonly openQuote: number | undefined;
}

/** One word from `start`, which is not a blank. Quoted and unquoted parts that touch are one word. */
function cutWord(text: string, start: number): CutWord {
  let out = "";
  let at = start;
  let quote: string | undefined;
  let openQuote = 0;
  let quoted = false;
  while (at < text.length) {
    const character = text[at] ?? "";
    if (character === "\\" && at + 1 < text.length) {
      const escaped = readEscape(text, at + 1);
      out += escaped.text;
      at = escaped.end;
      continue;
    }
    if (quote === undefined && isBlank(character)) break;
    if (quote === undefined && (character === '"' || character === "'")) {
      quote = character;
      openQuote = at;
      quoted = true;
    } else if (character === quote) quote = undefined;
    else out += character;
    at += 1;
  }
  return { text: out, quoted, end: at, openQuote: quote === undefined ? undefined : openQuote };
}

const LETTER_ESCAPES: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  E: "\x1b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

/** What an escape stands for, `at` being the index after its backslash. */
function readEscape(text: string, at: number): { readonly text: string; readonly end: number } {
  const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
  const letter = Object.hasOwn(LETTER_ESCAPES, character) ? LETTER_ESCAPES[character] : undefined;
  if (letter !== undefined) return { text: letter, end: at + 1 };
  const octal = /^[0-7]{1,3}/.exec(text.slice(at, at + 3))?.[0];
  if (octal !== undefined) {
    return { text: String.fromCharCode(Number.parseInt(octal, 8) & 0xff), end: at + octal.length };
  }
  const hex = /^x([0-9a-fA-F]{1,2})/.exec(text.slice(at, at + 3))?.[1];
  if (hex !== undefined) {
    return { text: String.fromCharCode(Number.parseInt(hex, 16)), end: at + 1 + hex.length };
  }
  const control = /^c([\x20-\x7e])/.exec(text.slice(at, at + 2))?.[1];
  if (control !== undefined) return { text: String.fromCharCode(control.charCodeAt(0) & 0x1f), end: at + 2 };
  return { text: character, end: at + character.length };
}
