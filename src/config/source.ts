/**
 * Where a piece of configuration text was written, and by which way it came to be read.
 *
 * Lines and columns count from 1; a column counts UTF-16 code units of the line, as JavaScript indexes it.
 */

/** One file's text as it was read: the unit that spans point into. */
export interface SourceFile {
  /** The path shown to the operator; unique within one reading. */
  readonly name: string;
  readonly text: string;
}

/**
 * A stretch of one line of one file, and the chain of reasons why that line was read.
 *
 * For text that stands in the file as it is read, the text at the span is the text read. Where it was put together
 * (`eth${i}`, `\#`, `${_RANDOM}`), the span covers what was written and `expanded` says what it became.
 */
export interface Span {
  /** Name of the SourceFile. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Column after the last character; equal to `column` for an empty stretch. */
  readonly endColumn: number;
  /** What the written text was read as, where the two differ. */
  readonly expanded?: string;
  /** How this text was reached; absent for text of the main file read directly. */
  readonly via?: SpanLink;
}

/** One step of the way from the main file to a piece of text. `at` is where that step was written, and carries its own `via`. */
export type SpanLink =
  /** The file was read because of an `include` at `at`. */
  | { readonly kind: "include"; readonly at: Span }
  /** The text is (part of) the value of `$name`, which `at` refers to. */
  | { readonly kind: "definition"; readonly name: string; readonly at: Span }
  /** The line is one repetition, made by the `~SEQ`, `~SEQx` or `~LST` at `at`. */
  | { readonly kind: "sequence"; readonly bindings: readonly Binding[]; readonly at: Span };

/** A variable of a sequence and its value in one repetition. */
export interface Binding {
  readonly name: string;
  readonly value: string;
}

/** Finds lines in a text; counts them only when the first one is asked for. */
export class LineIndex {
  readonly #text: string;
  #starts: readonly number[] | undefined;

  constructor(text: string) {
    this.#text = text;
  }

  /** The text of a line without its line end (LF or CR LF), or undefined where there is no such line. */
  line(number: number): string | undefined {
    const starts = this.#lineStarts();
    const start = starts[number - 1];
    if (start === undefined) return undefined;
    const next = starts[number];
    const end = next === undefined ? this.#text.length : next - 1;
    const text = this.#text.slice(start, end);
    return text.endsWith("\r") ? text.slice(0, -1) : text;
  }

  /** Where a line begins in the text. */
  start(number: number): number | undefined {
    return this.#lineStarts()[number - 1];
  }

  /** How many lines there are; a text that ends in a line feed has no empty line after it. */
  count(): number {
    const starts = this.#lineStarts();
    return starts.at(-1) === this.#text.length ? starts.length - 1 : starts.length;
  }

  #lineStarts(): readonly number[] {
    if (this.#starts === undefined) {
      const starts = [0];
      for (let at = this.#text.indexOf("\n"); at >= 0; at = this.#text.indexOf("\n", at + 1))
        starts.push(at + 1);
      this.#starts = starts;
    }
    return this.#starts;
  }
}

/** The text a span covers, or undefined where the file or line is not there. */
export function textAt(span: Span, sources: ReadonlyMap<string, SourceFile>): string | undefined {
  const file = sources.get(span.file);
  if (file === undefined) return undefined;
  return new LineIndex(file.text).line(span.line)?.slice(span.column - 1, span.endColumn - 1);
}
