/** Lines to a tree of statements, with recovery that never lets one mistake change how the lines around it are read. */
import type { Grammar, KeywordShape } from "./catalogue.ts";
import { Diagnostics } from "./diagnostic.ts";
import { cutAtBraces, type Piece, type PlacedWord, splitWords } from "./lexer.ts";
import { reportLookAlike } from "./look-alikes.ts";
import { KnownStatement, ReadStatement } from "./read-statement.ts";
import type { Reading } from "./reading.ts";
import { splitScript } from "./script-words.ts";
import type { Span } from "./source.ts";
import {
  reportForeignComment,
  reportLostBrace,
  reportSurplus,
  reportTouchingQuote,
  reportUnknown,
} from "./statement-reports.ts";
import { slice, spanOf, type TracedText, trim } from "./traced.ts";
import type { Entry, Statement, Tree } from "./tree.ts";

/** Parses what was read. The tree's diagnostics are the reading's, then the parser's own. */
export function parse(reading: Reading, grammar: Grammar): Tree {
  const diagnostics = new Diagnostics();
  diagnostics.addAll(reading.diagnostics);
  const pieces: Piece[] = [];
  for (const line of reading.lines) {
    reportLookAlike(line, diagnostics);
    cutAtBraces(line, pieces);
  }
  const parser = new Parser(pieces, grammar, diagnostics);
  const { misplaced } = parser;
  // Where a known block would be part of another, or a brace is missing somewhere, nothing here is of use.
  const statements = misplaced ? [] : parser.root();
  return { statements, diagnostics: diagnostics.list, sources: reading.sources, misplaced };
}

/** A block being read: its keyword, and the path of the places inside it. */
interface OpenBlock {
  readonly keyword: string;
  readonly keywordSpan: Span;
  readonly path: readonly string[];
}

/** A line of a block as the ordinary tokeniser cut it. */
interface Line {
  readonly text: TracedText;
  readonly keyword: PlacedWord;
  readonly words: readonly PlacedWord[];
  readonly unterminated: Span | undefined;
}

class Parser {
  readonly #pieces: readonly Piece[];
  readonly #grammar: Grammar;
  readonly #diagnostics: Diagnostics;
  #at = 0;
  /** How many closing braces the whole text lacks: only then is one guessed to be missing somewhere. */
  #missing: number;
  /** The blocks being read, outermost first. */
  readonly #open: OpenBlock[] = [];

  constructor(pieces: readonly Piece[], grammar: Grammar, diagnostics: Diagnostics) {
    this.#pieces = pieces;
    this.#grammar = grammar;
    this.#diagnostics = diagnostics;
    this.#missing = pieces.reduce((sum, piece, index) => sum + this.#braceCount(piece, index), 0);
  }

  /** What a piece adds to the closing braces that should be there; an outermost block that lost its `{` has one too. */
  #braceCount(piece: Piece, index: number): number {
    if (piece.kind === "open") return 1;
    if (piece.kind === "close") return -1;
    if (piece.kind === "block") return 0;
    if (this.#pieces[index + 1]?.kind === "open") return 0;
    const keyword = /^[A-Za-z_]+/.exec(piece.text.text)?.[0];
    const shape = keyword === undefined ? undefined : this.#grammar.lookup([], keyword);
    return shape?.block === "required" ? 1 : 0;
  }

  /** A known block stands elsewhere than between complete blocks of the outermost level. */
  get misplaced(): boolean {
    let depth = 0;
    let isMisplaced = false;
    let hasKnown = false;
    for (const { kind } of this.#pieces) {
      if (kind === "open") depth += 1;
      else if (kind === "close") depth -= 1;
      else if (kind === "block") hasKnown = true;
      isMisplaced ||= depth < 0 || (kind === "block" && depth > 0);
    }
    return hasKnown && (isMisplaced || depth > 0 || this.#missing !== 0);
  }

  root(): Statement[] {
    const statements: Statement[] = [];
    for (;;) {
      statements.push(...this.#statements([]));
      const piece = this.#pieces[this.#at];
      if (piece === undefined) return statements;
      this.#at += 1;
      if (piece.kind === "close") {
        this.#diagnostics.repair("extra-close", piece.span, "this '}' closes nothing", {
          repair: "it is ignored",
          hint: "a '{' is missing above, or there is one '}' too many",
        });
      }
    }
  }

  /** Statements up to the closing brace of their block, which is left for the caller, or to the end. */
  #statements(path: readonly string[]): Statement[] {
    const statements: Statement[] = [];
    for (let piece = this.#pieces[this.#at]; piece !== undefined; piece = this.#pieces[this.#at]) {
      if (piece.kind === "close") break;
      if (piece.kind === "open") this.#strayBlock(piece.span);
      else if (piece.kind === "block") {
        this.#at += 1;
        statements.push(
          new KnownStatement(splitWords(piece.text).words[0]?.text ?? "", piece.text, piece.block),
        );
      } else {
        if (this.#closedBefore(path, piece.text)) break;
        this.#at += 1;
        const statement = this.#statement(path, piece.text);
        if (statement !== undefined) statements.push(statement);
      }
    }
    return statements;
  }

  /** The lines of a value list, up to its closing brace. */
  #entries(path: readonly string[]): Entry[] {
    const entries: Entry[] = [];
    for (let piece = this.#pieces[this.#at]; piece !== undefined; piece = this.#pieces[this.#at]) {
      if (piece.kind === "close") break;
      if (piece.kind === "open") this.#strayBlock(piece.span);
      else {
        if (this.#closedBefore(path, piece.text)) break;
        this.#at += 1;
        const entry = this.#entry(piece.text);
        if (entry !== undefined) entries.push(entry);
      }
    }
    return entries;
  }

  #entry(text: TracedText): Entry | undefined {
    const line = readLine(text);
    if (line === undefined) return this.#unterminated(splitWords(text).unterminated);
    this.#unterminated(line.unterminated);
    const all = [line.keyword, ...line.words];
    const comment = all.findIndex(beginsComment);
    if (comment >= 0)
      reportForeignComment(this.#commentSpan(text, all, comment), comment, "entry", this.#diagnostics);
    const words = comment >= 0 ? all.slice(0, comment) : all;
    const last = words.at(-1);
    if (last === undefined) return undefined;
    return { words, raw: slice(text, 0, last.end), span: spanOf(text, line.keyword.start, last.end) };
  }

  #commentSpan(text: TracedText, words: readonly PlacedWord[], index: number): Span {
    return spanOf(text, words[index]?.start ?? 0, text.text.length);
  }

  #unterminated(span: Span | undefined): undefined {
    if (span === undefined) return;
    this.#diagnostics.repair("unterminated-quote", span, "this quote is not closed on its line", {
      repair: "what follows it is ignored",
    });
  }

  #statement(path: readonly string[], text: TracedText): Statement | undefined {
    const line = readLine(text);
    if (line === undefined) return this.#unterminated(splitWords(text).unterminated);
    const { keyword } = line;
    if (beginsComment(keyword)) {
      reportForeignComment(this.#commentSpan(text, [keyword], 0), 0, "statement", this.#diagnostics);
      this.#skipBlock(keyword.span);
      return undefined;
    }
    const shape = this.#grammar.lookup(path, keyword.text);
    if (shape === undefined) {
      this.#unterminated(line.unterminated);
      reportUnknown(path, keyword, this.#blockFollows(), this.#grammar, this.#diagnostics);
      this.#skipBlock(keyword.span);
      return undefined;
    }
    const read = shape.style === "script" ? this.#scriptLine(line) : this.#wordsLine(path, line, shape);
    if (read === undefined || !this.#hasWords(line, read.count, shape)) {
      this.#skipBlock(keyword.span);
      return undefined;
    }
    return this.#withBlock(path, line, shape, read.statement);
  }

  /** Words by the ordinary tokeniser, without somebody's comment and without what nobody looks at. */
  #wordsLine(
    path: readonly string[],
    line: Line,
    shape: KeywordShape,
  ): { statement: ReadStatement; count: number } {
    const { text, keyword } = line;
    this.#unterminated(line.unterminated);
    let words = line.words;
    const comment = words.findIndex(
      (word, index) => beginsComment(word) && (index > 0 || isBareComment(word, shape)),
    );
    if (comment >= 0) {
      reportForeignComment(this.#commentSpan(text, words, comment), comment, "words", this.#diagnostics);
      words = words.slice(0, comment);
    }
    const most = shape.maxWords ?? words.length;
    if (
      words.length > most &&
      (shape.block === "none" || shape.block === "optional" || this.#blockFollows())
    ) {
      const known = (word: PlacedWord): boolean => this.#grammar.lookup(path, word.text) !== undefined;
      reportSurplus(text, keyword, words, most, shape, known, this.#diagnostics);
    }
    words = words.slice(0, most);
    const end = words.at(-1)?.end ?? keyword.end;
    const statement = new ReadStatement(text, keyword, words, end);
    return { statement, count: words.length };
  }

  /** The rest of the line as it is, for the script-like tokeniser; undefined where that cannot read it. */
  #scriptLine(line: Line): { statement: ReadStatement; count: number } | undefined {
    const { text, keyword } = line;
    const rest = slice(text, keyword.end);
    let rawRest = trim(rest);
    const touching = rest.text.startsWith('"');
    const whole = splitScript(rawRest);
    if (whole.unterminated !== undefined) {
      this.#diagnostics.repair(
        "unterminated-quote",
        whole.unterminated,
        "this quote is not closed on its line",
        {
          repair: "the line is ignored",
        },
      );
      return undefined;
    }
    if (touching)
      reportTouchingQuote(keyword, spanOf(text, keyword.start, text.text.length), this.#diagnostics);
    const comment = /[ \t]\/\/(?=[ \t]|$)/.exec(rawRest.text);
    const outside =
      comment !== null && splitScript(slice(rawRest, 0, comment.index)).unterminated === undefined;
    if (comment !== null && outside) {
      const span = spanOf(rawRest, comment.index + 1, rawRest.text.length);
      reportForeignComment(span, 1, "script", this.#diagnostics);
      rawRest = trim(slice(rawRest, 0, comment.index));
    }
    const words = splitWords(rawRest).words;
    const end =
      rawRest.text === "" ? keyword.end : keyword.end + rest.text.indexOf(rawRest.text) + rawRest.text.length;
    const statement = new ReadStatement(text, keyword, words, end);
    return { statement, count: splitScript(rawRest).words.length };
  }

  #hasWords(line: Line, count: number, shape: KeywordShape): boolean {
    if (count >= shape.minWords) return true;
    const { text, span } = line.keyword;
    const wanted = shape.minWords === 1 ? "a value" : `${shape.minWords} values`;
    if (shape.block === "none" || (shape.block === "optional" && !this.#blockFollows())) {
      this.#diagnostics.refuse("missing-parameter", span, `'${text}' needs ${wanted} on the same line`, {
        exitClass: "missing-parameter",
      });
    } else {
      this.#diagnostics.repair(
        "missing-name",
        span,
        `the block '${text}' needs ${shape.minWords === 1 ? "a name" : wanted}`,
        {
          repair: "the whole block is ignored",
        },
      );
    }
    return false;
  }

  /** Adds the block that belongs to a statement, if any, or says that it should not be there or is not there. */
  #withBlock(path: readonly string[], line: Line, shape: KeywordShape, statement: ReadStatement): Statement {
    const { keyword } = line;
    const next = this.#pieces[this.#at];
    if (shape.block === "none" && next?.kind !== "open") return statement;
    const inner: OpenBlock = {
      keyword: keyword.text,
      keywordSpan: keyword.span,
      path: [...path, keyword.text],
    };
    if (next?.kind === "open") {
      if (shape.block === "none") {
        this.#diagnostics.repair("unexpected-block", next.span, `'${keyword.text}' has no block`, {
          repair: "the block is ignored",
        });
        this.#skipBlock(keyword.span);
        return statement;
      }
      this.#at += 1;
      return this.#readBlock(inner, shape, statement);
    }
    if (shape.block === "optional") return statement;
    const hasBody = this.#bodyFollows(path, inner, shape);
    reportLostBrace(line.text, keyword, line.words, shape, hasBody, this.#diagnostics);
    if (hasBody) return this.#readBlock(inner, shape, statement);
    return statement.with(shape.block === "values" ? { entries: [] } : { block: [] });
  }

  #readBlock(inner: OpenBlock, shape: KeywordShape, statement: ReadStatement): Statement {
    this.#open.push(inner);
    const content =
      shape.block === "values"
        ? { entries: this.#entries(inner.path) }
        : { block: this.#statements(inner.path) };
    this.#open.pop();
    const piece = this.#pieces[this.#at];
    if (piece?.kind === "close") {
      this.#at += 1;
      return statement.with({ ...content, closeSpan: piece.span });
    }
    // A block that ended before a text was reported there.
    if (piece === undefined) this.#unclosed(inner.keyword, inner.keywordSpan);
    return statement.with(content);
  }

  #unclosed(keyword: string, span: Span): void {
    this.#diagnostics.repair(
      "missing-close",
      span,
      `the block '${keyword}' is not closed: its '}' is missing`,
      {
        repair: "it ends with the file",
      },
    );
  }

  /**
   * Whether the block of `path` should have ended before this line: the text lacks a closing brace, and the line's
   * keyword is not known inside but belongs to a block further out.
   */
  #closedBefore(path: readonly string[], text: TracedText): boolean {
    if (this.#missing <= 0 || path.length === 0) return false;
    const keyword = splitWords(text).words[0];
    if (keyword === undefined || this.#grammar.lookup(path, keyword.text) !== undefined) return false;
    if (!path.some((_, length) => this.#grammar.lookup(path.slice(0, length), keyword.text) !== undefined))
      return false;
    const inside = this.#open.at(-1);
    const line = inside === undefined ? "" : ` of line ${inside.keywordSpan.line}`;
    this.#reportUnclosed(keyword, `the block '${path.at(-1)}'${line}`);
    return true;
  }

  /** The same for a block that is passed over, whose inside nobody knows: an outermost block ends it. */
  #skipEndsBefore(text: TracedText): boolean {
    const keyword = this.#missing <= 0 ? undefined : splitWords(text).words[0];
    if (keyword === undefined || this.#grammar.lookup([], keyword.text) === undefined) return false;
    this.#reportUnclosed(keyword, "the block that is ignored here");
    return true;
  }

  #reportUnclosed(keyword: PlacedWord, block: string): void {
    this.#missing -= 1;
    this.#diagnostics.refuse(
      "missing-close",
      keyword.span,
      `${block} is not closed before '${keyword.text}'`,
      {
        hint: "put a '}' before this line; keepalived would read the lines from here on as part of that block",
      },
    );
  }

  /** Whether the lines after a keyword whose `{` is missing look like its block. */
  #bodyFollows(path: readonly string[], inner: OpenBlock, shape: KeywordShape): boolean {
    const next = this.#pieces[this.#at];
    if (next?.kind !== "text") return false;
    const first = splitWords(next.text).words[0];
    if (first === undefined) return false;
    const knownOutside = this.#grammar.lookup(path, first.text) !== undefined;
    const knownInside =
      shape.block === "values" || this.#grammar.lookup(inner.path, first.text) !== undefined;
    return knownInside && (!knownOutside || first.span.column > inner.keywordSpan.column);
  }

  #blockFollows(): boolean {
    return this.#pieces[this.#at]?.kind === "open";
  }

  /** A `{` with nothing before it. */
  #strayBlock(span: Span): void {
    this.#diagnostics.repair("unexpected-block", span, "this '{' follows no keyword that has a block", {
      repair: "everything up to its '}' is ignored",
    });
    this.#skipBlock(span);
  }

  /** Passes over a block that follows here, whatever is in it. */
  #skipBlock(span: Span): void {
    if (!this.#blockFollows()) return;
    let depth = 0;
    for (let piece = this.#pieces[this.#at]; piece !== undefined; piece = this.#pieces[this.#at]) {
      this.#at += 1;
      if (piece.kind === "open") depth += 1;
      else if (piece.kind === "close") depth -= 1;
      else if (this.#skipEndsBefore(piece.text)) {
        this.#at -= 1;
        return;
      }
      if (depth === 0) return;
    }
    this.#diagnostics.repair("missing-close", span, "the block that is ignored here is not closed", {
      repair: "it ends with the file",
    });
  }
}

function readLine(text: TracedText): Line | undefined {
  const { words, unterminated } = splitWords(text);
  const [keyword, ...rest] = words;
  return keyword === undefined ? undefined : { text, keyword, words: rest, unterminated };
}

/** Whether somebody meant a comment by `//`. */
function beginsComment(word: PlacedWord): boolean {
  return !word.quoted && word.text.startsWith("//");
}

/** As the first word after a keyword, `//x` may be a path. */
function isBareComment(word: PlacedWord, shape: KeywordShape): boolean {
  return word.text === "//" || shape.maxWords === 0;
}
