/** A configuration as statements and blocks: what is written, before anybody asks what it means. */
import type { Diagnostic } from "./diagnostic.ts";
import type { SourceFile, Span } from "./source.ts";
import type { TracedText } from "./traced.ts";

/** One word as a tokeniser cut it: quotes and escapes are gone from `text`, the span still covers them. */
export interface Word {
  readonly text: string;
  /** Stood in quotes, so that an empty or blank-holding text is meant. */
  readonly quoted: boolean;
  readonly span: Span;
}

/**
 * A keyword with its words, and its block where it has one.
 * Statements that keepalived would ignore (unknown, incomplete, unreadable) are reported and are not in the tree.
 */
export interface Statement {
  readonly keyword: string;
  readonly keywordSpan: Span;
  /** The words after the keyword, by the ordinary tokeniser; somebody's `//` comment is already taken off. */
  readonly words: readonly Word[];
  /** The same text uncut, blanks around it removed: for `splitScript` (script-like keywords). */
  readonly rawRest: TracedText;
  /** Keyword and words, without the block. */
  readonly span: Span;
  /** The statements of a block; present (maybe empty) where a `{` was read after a keyword with a keyword block. */
  readonly block?: readonly Statement[] | undefined;
  /** The lines of a value list (`virtual_ipaddress { ... }`); present where a `{` was read after such a keyword. */
  readonly entries?: readonly Entry[] | undefined;
  /** The text of a known block, of which the words and the block were not read. */
  readonly known?: string | undefined;
  /** The closing brace; absent without a block, or where it is missing. */
  readonly closeSpan?: Span | undefined;
}

/** One line of a value-list block. Has at least one word. */
export interface Entry {
  readonly words: readonly Word[];
  /** The whole line uncut. */
  readonly raw: TracedText;
  readonly span: Span;
}

/** The outcome of parsing. `diagnostics` holds the reader's and the parser's, in that order. */
export interface Tree {
  readonly statements: readonly Statement[];
  readonly diagnostics: readonly Diagnostic[];
  readonly sources: ReadonlyMap<string, SourceFile>;
  /** Known blocks stand where they may mean something else: all of it is to be read without them. */
  readonly misplaced: boolean;
}
