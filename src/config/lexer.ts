/**
 * The lexical level: physical lines, comments, braces, and the ordinary tokeniser.
 * The script-like tokeniser is in script-words.ts.
 */
import type { Diagnostics } from "./diagnostic.ts";
import { blockTextAt, type KnownBlocks } from "./known-blocks.ts";
import type { SourceFile, Span, SpanLink } from "./source.ts";
import {
  concat,
  isBlank,
  replacedText,
  slice,
  spanOf,
  syntaxTest,
  type TracedText,
  tracedBlock,
  tracedLine,
  trim,
} from "./traced.ts";
import type { Word } from "./tree.ts";

/** keepalived's longest line in bytes, without the line end. */
export const LONGEST_LINE = 1022;

const BYTE_ORDER_MARK = "\uFEFF";

/** Reads a file's physical lines one by one, leaving out those that cannot be read. */
export class LineReader {
  readonly file: SourceFile;
  readonly via: SpanLink | undefined;
  #position = 0;
  #number = 0;

  constructor(file: SourceFile, via: SpanLink | undefined) {
    this.file = file;
    this.via = via;
  }

  /** The next readable line or known block, or undefined at the end of the file. */
  next(diagnostics: Diagnostics, known?: KnownBlocks): TracedText | undefined {
    const { text, name } = this.file;
    while (this.#position < text.length) {
      const block = known && this.#knownBlock(known);
      if (block !== undefined) return block;
      const feed = text.indexOf("\n", this.#position);
      const end = feed < 0 ? text.length : feed;
      let line = text.slice(this.#position, end);
      this.#position = end + 1;
      this.#number += 1;
      if (line.endsWith("\r")) line = line.slice(0, -1);
      const traced = tracedLine(name, this.#number, line, this.via);
      if (this.#readable(traced, diagnostics)) return this.#withoutMark(traced, diagnostics);
    }
    return undefined;
  }

  #knownBlock({ keyword, lines }: KnownBlocks): TracedText | undefined {
    const { text, name } = this.file;
    if (!text.startsWith(keyword, this.#position)) return undefined;
    const block = blockTextAt(text, this.#position);
    const count = block === undefined ? undefined : lines.get(block);
    if (block === undefined || count === undefined) return undefined;
    const line = this.#number + 1;
    this.#position += block.length + 1;
    this.#number += count;
    return tracedBlock(name, line, block, this.via);
  }

  #readable(line: TracedText, diagnostics: Diagnostics): boolean {
    if (isLineTooLong(line.text)) {
      diagnostics.repair(
        "line-too-long",
        spanOf(line, 0, line.text.length),
        `a line may have ${LONGEST_LINE} bytes at most`,
        {
          repair: "the line is ignored",
          hint: "put long commands into a script, long lists on several lines",
        },
      );
      return false;
    }
    const nul = line.text.indexOf("\0");
    if (nul < 0) return true;
    diagnostics.repair("nul-byte", spanOf(line, nul, nul + 1), "the line holds a NUL byte", {
      repair: "the line is ignored",
      hint: "the file may be damaged, or saved as UTF-16",
    });
    return false;
  }

  #withoutMark(line: TracedText, diagnostics: Diagnostics): TracedText {
    if (this.#number !== 1 || !line.text.startsWith(BYTE_ORDER_MARK)) return line;
    diagnostics.repair("byte-order-mark", spanOf(line, 0, 1), "the file begins with a byte order mark", {
      repair: "it is passed over",
      hint: "save the file as UTF-8 without BOM: keepalived loses the whole first block to it",
    });
    return slice(line, 1);
  }
}

/** Whether a line has more bytes than keepalived reads. */
export function isLineTooLong(line: string): boolean {
  return isLongerThan(line, LONGEST_LINE);
}

/** Whether the text has more than `limit` bytes in UTF-8. */
function isLongerThan(text: string, limit: number): boolean {
  if (text.length > limit) return true;
  if (text.length * 3 <= limit) return false;
  let bytes = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x1_0000 ? 3 : 4;
  }
  return bytes > limit;
}

/** The line up to its comment; `cut` says whether there was one. `\#` and `\!` become ordinary characters. */
export interface Decommented {
  readonly line: TracedText;
  readonly comment: Span | undefined;
}

/** Takes a comment off: `#` or `!` anywhere outside double quotes begins one. */
export function decomment(line: TracedText): Decommented {
  const { text } = line;
  if (!text.includes("#") && !text.includes("!")) return { line, comment: undefined };
  const isSyntax = syntaxTest(line);
  const pieces: TracedText[] = [];
  let from = 0;
  let quoted = false;
  let end = text.length;
  for (let at = 0; at < text.length; at++) {
    if (!isSyntax(at)) continue;
    const character = text[at];
    if (character === '"') quoted = !quoted;
    else if (quoted) continue;
    else if (character === "#" || character === "!") {
      end = at;
      break;
    } else if (character === "\\" && (text[at + 1] === "#" || text[at + 1] === "!") && isSyntax(at + 1)) {
      pieces.push(slice(line, from, at));
      pieces.push(replacedText(text[at + 1] ?? "", spanOf(line, at, at + 2), true));
      from = at + 2;
      at += 1;
    }
  }
  pieces.push(slice(line, from, end));
  return {
    line: concat(pieces, line.origin),
    comment: end < text.length ? spanOf(line, end, text.length) : undefined,
  };
}

/** A stretch between braces, or a brace. */
export type Piece =
  | { readonly kind: "text"; readonly text: TracedText }
  | { readonly kind: "open"; readonly span: Span }
  | { readonly kind: "close"; readonly span: Span }
  | { readonly kind: "block"; readonly text: TracedText; readonly block: string };

/** Cuts a line at every brace outside double quotes; blanks around the pieces are gone, empty pieces left out. */
export function cutAtBraces(line: TracedText, pieces: Piece[] = []): Piece[] {
  const { text, block } = line;
  if (block !== undefined) {
    pieces.push({ kind: "block", text: line, block });
    return pieces;
  }
  if (!text.includes("{") && !text.includes("}")) {
    addText(line, pieces);
    return pieces;
  }
  const isSyntax = syntaxTest(line);
  let from = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if ((character !== '"' && character !== "{" && character !== "}") || !isSyntax(at)) continue;
    if (character === '"') quoted = !quoted;
    else if (!quoted) {
      addText(slice(line, from, at), pieces);
      pieces.push({ kind: character === "{" ? "open" : "close", span: spanOf(line, at, at + 1) });
      from = at + 1;
    }
  }
  addText(slice(line, from), pieces);
  return pieces;
}

function addText(text: TracedText, pieces: Piece[]): void {
  const trimmed = trim(text);
  if (trimmed.text !== "") pieces.push({ kind: "text", text: trimmed });
}

/** Words and where they ended in the text. */
export interface Words {
  readonly words: readonly PlacedWord[];
  /** An opening quote that is never closed; what follows it is no word, as with keepalived. */
  readonly unterminated: Span | undefined;
}

/** A word with its indices in the text it was cut from. */
export interface PlacedWord extends Word {
  readonly start: number;
  readonly end: number;
}

/**
 * The ordinary tokeniser: blanks separate words; double quotes group, and begin or end a word even in its middle
 * (`a"b c"d` is three words). There is no escape, and a single quote is an ordinary character.
 */
export function splitWords(raw: TracedText): Words {
  const { text } = raw;
  const isSyntax = syntaxTest(raw);
  const isQuote = (at: number): boolean => text[at] === '"' && isSyntax(at);
  const words: PlacedWord[] = [];
  let at = 0;
  while (at < text.length) {
    if (isBlank(text[at])) {
      at += 1;
      continue;
    }
    const start = at;
    const quoted = isQuote(at);
    if (quoted) {
      at += 1;
      while (at < text.length && !isQuote(at)) at += 1;
      if (at >= text.length) return { words, unterminated: spanOf(raw, start, start + 1) };
      at += 1;
    } else {
      while (at < text.length && !isBlank(text[at]) && !isQuote(at)) at += 1;
    }
    words.push(new CutWord(raw, start, at, quoted));
  }
  return { words, unterminated: undefined };
}

/** Where it stands is worked out when somebody asks, which is seldom. */
class CutWord implements PlacedWord {
  readonly text: string;
  readonly quoted: boolean;
  readonly start: number;
  readonly end: number;
  readonly #raw: TracedText;

  constructor(raw: TracedText, start: number, end: number, quoted: boolean) {
    this.text = quoted ? raw.text.slice(start + 1, end - 1) : raw.text.slice(start, end);
    this.quoted = quoted;
    this.start = start;
    this.end = end;
    this.#raw = raw;
  }

  get span(): Span {
    return wordSpan(this.#raw, this.start, this.end, this.text, this.quoted);
  }
}

/** A quoted word's span covers the quotes; only text that was put together has `expanded`, without the quotes. */
function wordSpan(raw: TracedText, start: number, end: number, content: string, quoted: boolean): Span {
  const span = spanOf(raw, start, end);
  return quoted && span.expanded !== undefined ? { ...span, expanded: content } : span;
}
