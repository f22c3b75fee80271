/**
 * Text that remembers where each character was written, while definitions are put into it and pieces cut out of it.
 */
import type { Span, SpanLink } from "./source.ts";

/** A stretch of text with one origin. */
export interface Segment {
  readonly text: string;
  readonly span: Span;
  /** The text is what stands at the span, character by character; otherwise every character maps to the whole span. */
  readonly exact: boolean;
  /** Not syntax: braces, quotes and comment characters in it are ordinary. */
  readonly literal: boolean;
}

/** Immutable text with origins. Positions are indices into `text`. */
export interface TracedText {
  readonly text: string;
  readonly segments: readonly Segment[];
  /** Where the text would stand if it were empty. */
  readonly origin: Span;
  /** The whole text of a known block that this line begins. */
  readonly block?: string;
}

/**
 * A stretch of one line of a file, which is what nearly all text is: a large configuration has a million of them. One
 * object each; what else could be said about them is made when somebody asks.
 */
class FileText implements TracedText {
  readonly text: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly via: SpanLink | undefined;

  constructor(text: string, file: string, line: number, column: number, via: SpanLink | undefined) {
    this.text = text;
    this.file = file;
    this.line = line;
    this.column = column;
    this.via = via;
  }

  get segments(): readonly Segment[] {
    const { text } = this;
    return text === "" ? [] : [{ text, span: this.span(0, text.length), exact: true, literal: false }];
  }

  get origin(): Span {
    return this.span(0, 0);
  }

  span(start: number, end: number): Span {
    const { file, line, via } = this;
    const column = this.column + start;
    const endColumn = this.column + end;
    return via === undefined ? { file, line, column, endColumn } : { file, line, column, endColumn, via };
  }

  slice(start: number, end: number): FileText {
    return new FileText(this.text.slice(start, end), this.file, this.line, this.column + start, this.via);
  }
}

/** A whole line as it stands in a file; `via` is how the file was reached. */
export function tracedLine(file: string, line: number, text: string, via: SpanLink | undefined): TracedText {
  return new FileText(text, file, line, 1, via);
}

/** The first line of a known block. */
class KnownBlockText extends FileText {
  readonly block: string;

  constructor(block: string, file: string, line: number, via: SpanLink | undefined) {
    super(block.slice(0, block.indexOf("\n")), file, line, 1, via);
    this.block = block;
  }
}

/** A known block as it stands in a file, from this line on. */
export function tracedBlock(
  file: string,
  line: number,
  block: string,
  via: SpanLink | undefined,
): TracedText {
  return new KnownBlockText(block, file, line, via);
}

/** Text that is not what stands at the span but came from it, such as a random number or an escaped character. */
export function replacedText(text: string, span: Span, literal: boolean): TracedText {
  const origin = { ...span, endColumn: span.column };
  if (text === "") return { text, segments: [], origin };
  return { text, segments: [{ text, span, exact: false, literal }], origin };
}

/** The characters from `start` up to `end`. */
export function slice(traced: TracedText, start: number, end: number = traced.text.length): TracedText {
  if (start <= 0 && end >= traced.text.length) return traced;
  if (traced instanceof FileText) return traced.slice(start, Math.max(start, end));
  const segments: Segment[] = [];
  let at = 0;
  for (const segment of traced.segments) {
    const from = Math.max(start - at, 0);
    const to = Math.min(end - at, segment.text.length);
    if (from < to) segments.push(sliceSegment(segment, from, to));
    at += segment.text.length;
    if (at >= end) break;
  }
  const origin = segments[0]?.span ?? spanOf(traced, start, start);
  return {
    text: traced.text.slice(start, end),
    segments,
    origin: columns(origin, origin.column, origin.column),
  };
}

function sliceSegment(segment: Segment, from: number, to: number): Segment {
  if (from === 0 && to === segment.text.length) return segment;
  const text = segment.text.slice(from, to);
  const { span, exact, literal } = segment;
  if (!exact) return { text, span, exact, literal };
  return { text, span: columns(span, span.column + from, span.column + to), exact, literal };
}

/** Other columns of the same line. Written out, as a large configuration has millions of spans. */
function columns(span: Span, column: number, endColumn: number): Span {
  const { file, line, via } = span;
  return via === undefined ? { file, line, column, endColumn } : { file, line, column, endColumn, via };
}

/** The pieces one after the other; pieces that also follow each other in the file become one segment. */
export function concat(pieces: readonly TracedText[], origin: Span): TracedText {
  const segments: Segment[] = [];
  for (const piece of pieces) {
    for (const segment of piece.segments) {
      const last = segments.at(-1);
      if (last !== undefined && follows(last, segment)) segments[segments.length - 1] = join(last, segment);
      else segments.push(segment);
    }
  }
  return { text: pieces.map((piece) => piece.text).join(""), segments, origin: pieces[0]?.origin ?? origin };
}

function follows(first: Segment, second: Segment): boolean {
  return (
    first.exact &&
    second.exact &&
    first.literal === second.literal &&
    sameFrame(first.span, second.span) &&
    first.span.endColumn === second.span.column
  );
}

function join(first: Segment, second: Segment): Segment {
  return {
    ...first,
    text: first.text + second.text,
    span: { ...first.span, endColumn: second.span.endColumn },
  };
}

/** The same text without blanks (space, tab) around it. */
export function trim(traced: TracedText): TracedText {
  const { text } = traced;
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text[start])) start++;
  while (end > start && isBlank(text[end - 1])) end--;
  return slice(traced, start, end);
}

/** A space or a tab, or another blank that C's isspace knows: what separates words. */
export function isBlank(character: string | undefined): boolean {
  return (
    character === " " || character === "\t" || character === "\v" || character === "\f" || character === "\r"
  );
}

/** The same text with another reason for being read. */
export function relink(traced: TracedText, via: SpanLink): TracedText {
  return {
    text: traced.text,
    segments: traced.segments.map((segment) => ({ ...segment, span: { ...segment.span, via } })),
    origin: { ...traced.origin, via },
  };
}

/** The same text, no character of which is syntax. */
export function asLiteral(traced: TracedText): TracedText {
  const { text, segments, origin } = traced;
  return { text, segments: segments.map((segment) => ({ ...segment, literal: true })), origin };
}

/** The same text, every character of which may be syntax. */
export function asSyntax(traced: TracedText): TracedText {
  const { text, segments, origin } = traced;
  if (!segments.some((segment) => segment.literal)) return traced;
  return { text, segments: segments.map((segment) => ({ ...segment, literal: false })), origin };
}

function always(): boolean {
  return true;
}

/** For each index of the text: whether the character there can be syntax. */
export function syntaxTest(traced: TracedText): (index: number) => boolean {
  if (traced instanceof FileText || !traced.segments.some((segment) => segment.literal)) return always;
  const mask = new Uint8Array(traced.text.length);
  let at = 0;
  for (const segment of traced.segments) {
    if (!segment.literal) mask.fill(1, at, at + segment.text.length);
    at += segment.text.length;
  }
  return (index) => mask[index] === 1;
}

/**
 * The span of a stretch of the text. Where its characters were written in several places, it is what the line that
 * they all came into says there (`eth${i}`), with the resulting text as `expanded`.
 */
export function spanOf(traced: TracedText, start: number, end: number): Span {
  if (traced instanceof FileText) return traced.span(start, Math.max(start, end));
  if (start >= end) return emptySpan(traced, start);
  const touched: Segment[] = [];
  let at = 0;
  for (const segment of traced.segments) {
    const from = Math.max(start - at, 0);
    const to = Math.min(end - at, segment.text.length);
    if (from < to) touched.push(sliceSegment(segment, from, to));
    at += segment.text.length;
    if (at >= end) break;
  }
  const [first] = touched;
  if (first === undefined) return traced.origin;
  const expanded = traced.text.slice(start, end);
  if (touched.length === 1) return first.exact ? first.span : { ...first.span, expanded };
  return { ...commonFrame(touched, first.span), expanded };
}

function emptySpan(traced: TracedText, index: number): Span {
  let at = 0;
  for (const segment of traced.segments) {
    if (index < at + segment.text.length) {
      const column = segment.span.column + (segment.exact ? index - at : 0);
      return { ...segment.span, column, endColumn: column };
    }
    at += segment.text.length;
  }
  const last = traced.segments.at(-1);
  return last === undefined ? traced.origin : { ...last.span, column: last.span.endColumn };
}

/** The innermost line that all the segments were written in or put into. */
function commonFrame(segments: readonly Segment[], fallback: Span): Span {
  const chains = segments.map((segment) => frames(segment.span));
  for (const frame of chains[0] ?? []) {
    const matching = chains.map((chain) => chain.find((other) => sameFrame(frame, other)));
    if (matching.includes(undefined)) continue;
    let { column, endColumn } = frame;
    for (const one of matching) {
      if (one === undefined) continue;
      column = Math.min(column, one.column);
      endColumn = Math.max(endColumn, one.endColumn);
    }
    return { ...frame, column, endColumn };
  }
  return fallback;
}

/** The span itself, then the references that brought it in, outwards, as far as definitions go. */
function frames(span: Span): Span[] {
  const chain = [span];
  for (let via = span.via; via?.kind === "definition"; via = via.at.via) chain.push(via.at);
  return chain;
}

function sameFrame(one: Span, other: Span): boolean {
  return one.line === other.line && one.file === other.file && one.via === other.via;
}
