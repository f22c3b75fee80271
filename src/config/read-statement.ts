/** A statement as the parser makes it: where its parts stand is worked out when somebody asks, which is seldom. */
import type { PlacedWord } from "./lexer.ts";
import type { Span } from "./source.ts";
import { slice, spanOf, type TracedText, trim } from "./traced.ts";
import type { Entry, Statement, Word } from "./tree.ts";

/** What stands between a keyword's braces. */
export interface BlockContent {
  readonly block?: readonly Statement[];
  readonly entries?: readonly Entry[];
  readonly closeSpan?: Span;
}

/** A known block as a statement. */
export class KnownStatement implements Statement {
  readonly keyword: string;
  readonly known: string;
  readonly words: readonly Word[] = [];
  readonly #text: TracedText;

  constructor(keyword: string, text: TracedText, known: string) {
    this.keyword = keyword;
    this.known = known;
    this.#text = text;
  }

  get keywordSpan(): Span {
    return spanOf(this.#text, 0, this.keyword.length);
  }

  get span(): Span {
    const { text } = this.#text;
    return spanOf(this.#text, 0, text.slice(0, text.lastIndexOf("{")).trimEnd().length);
  }

  get rawRest(): TracedText {
    return slice(this.#text, this.keyword.length);
  }
}

export class ReadStatement implements Statement {
  readonly words: readonly Word[];
  readonly block: readonly Statement[] | undefined;
  readonly entries: readonly Entry[] | undefined;
  readonly closeSpan: Span | undefined;
  readonly #text: TracedText;
  readonly #keyword: PlacedWord;
  readonly #end: number;

  /** `end` is where the last word of `text` ends. */
  constructor(
    text: TracedText,
    keyword: PlacedWord,
    words: readonly Word[],
    end: number,
    content: BlockContent = {},
  ) {
    this.#text = text;
    this.#keyword = keyword;
    this.#end = end;
    this.words = words;
    this.block = content.block;
    this.entries = content.entries;
    this.closeSpan = content.closeSpan;
  }

  get keyword(): string {
    return this.#keyword.text;
  }

  get keywordSpan(): Span {
    return this.#keyword.span;
  }

  get span(): Span {
    return spanOf(this.#text, this.#keyword.start, this.#end);
  }

  get rawRest(): TracedText {
    return trim(slice(this.#text, this.#keyword.end, Math.max(this.#end, this.#keyword.end)));
  }

  /** The same statement with its block. */
  with(content: BlockContent): ReadStatement {
    return new ReadStatement(this.#text, this.#keyword, this.words, this.#end, content);
  }
}
