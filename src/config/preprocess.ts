/** Reads a configuration with its includes, conditions, definitions and sequences, as a step machine that opens no file itself. */
import { assert } from "../base/assert.ts";
import { Definitions } from "./definitions.ts";
import { Diagnostics } from "./diagnostic.ts";
import { applyIncludeCheck, checkOf, INCLUDE_LINE, NO_CHECK, reportFiles } from "./include.ts";
import type { Input, Line, OpenDefinition } from "./inputs.ts";
import { cutAtBraces, decomment, LineReader, splitWords } from "./lexer.ts";
import { directoryOf, relativeTo, resolvePath } from "./paths.ts";
import type {
  FilesReply,
  FilesRequest,
  IncludeCheck,
  LogicalLine,
  ProvidedFile,
  Reading,
  ReadingLimits,
  ReadingOptions,
} from "./reading.ts";
import { readSequence, sequencePrefix } from "./sequence.ts";
import type { SourceFile, Span, SpanLink } from "./source.ts";
import { concat, relink, replacedText, slice, spanOf, type TracedText, trim } from "./traced.ts";

/** A reading in progress. */
export interface Reader {
  /** Works until a file is needed or everything is read. Asked again without an answer, it repeats its request. */
  next(): FilesRequest | Reading;
  /** Answers the last request. */
  provide(reply: FilesReply): void;
}

export const DEFAULT_LIMITS: ReadingLimits = {
  includeDepth: 50,
  expansionDepth: 64,
  sequenceLength: 100_000,
  lines: 2_000_000,
  files: 20_000,
  expandedCharacters: 32 * 1024 * 1024,
};

export function startReading(options: ReadingOptions): Reader {
  return new StepReader(options);
}

/** Drives a reader to its end with a synchronous answerer (`findFiles` of glob.ts makes one). */
export function readConfiguration(
  options: ReadingOptions,
  answer: (request: FilesRequest) => FilesReply,
): Reading {
  const reader = startReading(options);
  for (;;) {
    const step = reader.next();
    if (step.kind === "done") return step;
    reader.provide(answer(step));
  }
}

/** The lines as texts; those of a known block one by one. */
export function textsOf(lines: readonly LogicalLine[]): readonly string[] {
  return lines.flatMap(({ text, block }) => (block === undefined ? [text] : plainLines(block)));
}

function plainLines(block: string): readonly string[] {
  const file = { name: "", text: block };
  const reader = new LineReader(file, undefined);
  const texts: string[] = [];
  // Nothing was said about it when it was read.
  const silent = new Diagnostics();
  for (let line = reader.next(silent); line !== undefined; line = reader.next(silent)) {
    const { text } = trim(decomment(line).line);
    if (text !== "") texts.push(text);
  }
  return texts;
}

/** What the reader itself acts on. */
const DIRECTIVE = /^(?:[@~]|include|\$[A-Za-z_][A-Za-z0-9_]*=)/;

class StepReader implements Reader {
  readonly #options: ReadingOptions;
  readonly #limits: ReadingLimits;
  readonly #diagnostics = new Diagnostics();
  readonly #definitions: Definitions;
  readonly #sources = new Map<string, SourceFile>();
  readonly #lines: LogicalLine[] = [];
  readonly #inputs: Input[] = [];
  #check: IncludeCheck;
  #definition: OpenDefinition | undefined;
  #request: FilesRequest | undefined;
  /** What is fatal for the include that `#request` stands for. */
  #requestCheck: IncludeCheck = NO_CHECK;
  #stopped = false;
  #linesRead = 0;
  #filesRead = 0;

  constructor(options: ReadingOptions) {
    this.#options = options;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#check = options.includeCheck ?? NO_CHECK;
    const { configId, environment, seed } = options;
    const diagnostics = this.#diagnostics;
    this.#definitions = new Definitions({ configId, environment, seed, limits: this.#limits, diagnostics });
    this.#request = { kind: "need-files", pattern: options.path, baseDirectory: options.workingDirectory };
  }

  next(): FilesRequest | Reading {
    while (this.#request === undefined && !this.#stopped) {
      const line = this.#nextLine();
      if (line === undefined) break;
      const { block } = line.text;
      this.#linesRead += block === undefined ? 1 : (this.#options.known?.lines.get(block) ?? 1);
      if (this.#linesRead > this.#limits.lines) this.#tooManyLines(line.text);
      else this.#read(line);
      if (this.#definitions.exhausted) this.#stopped = true;
    }
    if (this.#request !== undefined && !this.#stopped) return this.#request;
    this.#stopped = true;
    return {
      kind: "done",
      lines: this.#lines,
      sources: this.#sources,
      diagnostics: this.#diagnostics.list,
    };
  }

  provide(reply: FilesReply): void {
    const request = this.#request;
    assert(request !== undefined, "files were provided that nobody asked for");
    this.#request = undefined;
    if (reportFiles(request, reply, this.#requestCheck, this.#diagnostics)) this.#stopped = true;
    if (request.from === undefined && reply.files.length > 1) {
      const message = `'${request.pattern}' names ${reply.files.length} files, which are read one after the other`;
      this.#diagnostics.note("several-files", undefined, message);
    }
    const via: SpanLink | undefined =
      request.from === undefined ? undefined : { kind: "include", at: request.from };
    this.#filesRead += reply.files.length;
    if (this.#filesRead > this.#limits.files) {
      this.#stopped = true;
      const message = `more than ${this.#limits.files} files are included`;
      this.#diagnostics.refuse("too-many-files", request.from, message, { exitClass: "include" });
      return;
    }
    for (const file of [...reply.files].reverse()) this.#open(file, via);
  }

  #open(file: ProvidedFile, via: SpanLink | undefined): void {
    const { path, workingDirectory } = this.#options;
    const name = path.startsWith("/") ? file.path : relativeTo(workingDirectory, file.path);
    // The first text read under a name stays, so that the whole reading sees one state of the file.
    const source = this.#sources.get(name) ?? { name, text: file.text };
    this.#sources.set(name, source);
    this.#inputs.push({
      kind: "file",
      reader: new LineReader(source, via),
      directory: directoryOf(resolvePath(workingDirectory, file.path)),
      checkBefore: this.#check,
    });
  }

  /** The next line with something on it, its comment taken off. */
  #nextLine(): Line | undefined {
    for (let input = this.#inputs.at(-1); input !== undefined; input = this.#inputs.at(-1)) {
      const line = this.#lineOf(input);
      if (line === undefined) {
        this.#close(input);
        continue;
      }
      if (input.kind !== "file" || line.text.block !== undefined) return line;
      const blank = line.text.text.trim() === "";
      const bare = trim(decomment(line.text).line);
      // In a definition of several lines an empty line is the end, but a line of comment is passed over.
      if (bare.text === "" && !(blank && this.#definition !== undefined)) continue;
      return { ...line, text: bare };
    }
    return undefined;
  }

  #lineOf(input: Input): Line | undefined {
    if (input.kind === "file") {
      // A line that continues a definition is no line of a block, whatever it looks like.
      const known = this.#definition === undefined ? this.#options.known : undefined;
      const text = input.reader.next(this.#diagnostics, known);
      return text === undefined ? undefined : { text, depth: 0 };
    }
    if (input.kind === "lines") {
      const text = input.lines[input.next];
      input.next += 1;
      return text === undefined ? undefined : { text: trim(text), depth: input.depth };
    }
    if (input.next >= input.sequence.length) return undefined;
    const bindings = input.sequence.at(input.next);
    input.next += 1;
    const via: SpanLink = { kind: "sequence", bindings, at: input.at };
    for (const { name, value } of bindings) {
      this.#definitions.define(name, [replacedText(value, input.at, false)]);
    }
    return { text: relink(input.rest, via), depth: input.depth };
  }

  #close(input: Input): void {
    if (this.#definition !== undefined && this.#definition.inputs >= this.#inputs.length)
      this.#endDefinition();
    this.#inputs.pop();
    if (input.kind === "file") this.#check = input.checkBefore;
  }

  /** Takes one line to its end: a condition, a definition, a sequence, an include, or something for the parser. */
  #read(line: Line): void {
    if (this.#definition !== undefined) {
      this.#continueDefinition(this.#definition, line.text);
      return;
    }
    const text = line.text.text.startsWith("@") ? this.#condition(line.text) : line.text;
    if (text === undefined || text.text === "") return;
    if (this.#define(text)) return;
    if (text.text.startsWith("~")) {
      this.#sequence({ ...line, text });
      return;
    }
    const include = INCLUDE_LINE.exec(text.text);
    if (include !== null) this.#include(text, include[0].length, include[1] ?? "");
    else this.#substitute({ ...line, text });
  }

  /** `@ID text` and `@^ID text`: the text, or undefined where it is not for us. */
  #condition(line: TracedText): TracedText | undefined {
    const head = /^@(\^?)([^ \t]*)[ \t]*/.exec(line.text);
    if (head === null) return undefined;
    const differs = head[1] === "^";
    const matches = (head[2] === this.#options.configId) !== differs;
    const rest = trim(slice(line, head[0].length));
    if (matches) return rest;
    if (/^\$[A-Za-z_][A-Za-z0-9_]*=.*\\$/.test(rest.text)) {
      this.#diagnostics.repair(
        "condition-splits-definition",
        spanOf(line, 0, head[0].trimEnd().length),
        "the definition is not for this system, but only its first line is left out",
        {
          repair: "the lines that continue it are read by themselves",
          hint: "put the condition on each of them",
        },
      );
    }
    return undefined;
  }

  /** `$NAME=text`; true where the line was one. */
  #define(line: TracedText): boolean {
    const head = /^\$([A-Za-z_][A-Za-z0-9_]*)=[ \t]*/.exec(line.text);
    if (head === null) {
      this.#hintAtBlankedDefinition(line);
      return false;
    }
    const name = head[1] ?? "";
    const value = slice(line, head[0].length);
    if (value.text.endsWith("\\")) {
      this.#definition = { name, lines: [], inputs: this.#inputs.length };
      this.#continueDefinition(this.#definition, value);
    } else this.#definitions.define(name, [value]);
    return true;
  }

  #hintAtBlankedDefinition(line: TracedText): void {
    const head = /^\$[A-Za-z_][A-Za-z0-9_]*[ \t]+=/.exec(line.text);
    if (head === null) return;
    const span = spanOf(line, 0, head[0].length);
    this.#diagnostics.note(
      "blank-in-definition",
      span,
      "this is no definition: a blank stands before the '='",
      {
        hint: `write '${head[0].replace(/[ \t]+=$/, "=")}'`,
      },
    );
  }

  #continueDefinition(definition: OpenDefinition, line: TracedText): void {
    const { text } = line;
    const goesOn = text.endsWith("\\");
    const value = trim(goesOn ? slice(line, 0, text.length - 1) : line);
    if (value.text !== "") definition.lines.push(value);
    if (!goesOn) this.#endDefinition();
  }

  #endDefinition(): void {
    const definition = this.#definition;
    this.#definition = undefined;
    if (definition !== undefined) this.#definitions.define(definition.name, definition.lines);
  }

  #sequence(line: Line): void {
    const { text } = line;
    const prefix = sequencePrefix(text.text);
    if (prefix.kind === "malformed") {
      this.#badSequence(spanOf(text, 0, text.text.length), prefix.problem);
      return;
    }
    const at = spanOf(text, 0, prefix.end);
    const parameters = slice(text, prefix.parametersStart, prefix.parametersEnd);
    const expanded = this.#definitions.expand(parameters, this.#directory());
    if (expanded.length > 1) {
      this.#badSequence(at, "a definition of several lines cannot be a parameter");
      return;
    }
    const sequence = readSequence(prefix.name, expanded[0]?.text ?? "");
    if ("problem" in sequence) {
      this.#badSequence(at, sequence.problem);
      return;
    }
    if (sequence.length > this.#limits.sequenceLength) {
      this.#diagnostics.refuse(
        "sequence-too-long",
        at,
        `the sequence has ${sequence.length} values; at most ${this.#limits.sequenceLength} are read`,
      );
      return;
    }
    const rest = trim(slice(text, prefix.end));
    if (rest.text === "" || !this.#deeper(line, at)) return;
    this.#inputs.push({ kind: "sequence", sequence, rest, at, next: 0, depth: line.depth + 1 });
  }

  #badSequence(span: Span, problem: string): void {
    this.#diagnostics.repair("bad-sequence", span, problem, {
      repair: "the line is ignored",
      hint: "~SEQ(VARIABLE, [START, [STEP,]] END) TEXT or ~LST(VARIABLE, VALUE, ...) TEXT",
    });
  }

  #include(line: TracedText, pathStart: number, letter: string): void {
    const from = spanOf(line, 0, line.text.length);
    const written = slice(line, pathStart);
    const expanded = this.#definitions.expand(written, this.#directory());
    const pattern = trim(concat(expanded.slice(0, 1), written.origin));
    const depth = this.#inputs.filter((input) => input.kind === "file").length;
    if (depth > this.#limits.includeDepth) {
      this.#diagnostics.refuse(
        "include-too-deep",
        from,
        `includes are nested more than ${this.#limits.includeDepth} deep`,
        { hint: "does a file include itself?", exitClass: "include" },
      );
      return;
    }
    const quoted = /^"([^"]*)"$/.exec(pattern.text)?.[1];
    this.#requestCheck = checkOf(letter, this.#check);
    this.#request = {
      kind: "need-files",
      pattern: quoted ?? pattern.text,
      baseDirectory: this.#directory(),
      from,
    };
  }

  /** Replaces references. What comes out may be a condition, a definition, a sequence or an include in its turn. */
  #substitute(line: Line): void {
    if (!line.text.text.includes("$")) {
      this.#emit(line.text);
      return;
    }
    const unfolded = this.#definitions.unfold(line.text);
    const expanded = unfolded ?? this.#definitions.expand(line.text, this.#directory());
    const [only] = expanded;
    if (only === line.text) {
      this.#emit(line.text);
      return;
    }
    const bare = expanded.map((one) => this.#withoutComment(one));
    if (unfolded === undefined && bare.length === 1 && !DIRECTIVE.test(bare[0]?.text ?? "")) {
      if (bare[0] !== undefined) this.#emit(bare[0]);
      return;
    }
    const span = spanOf(line.text, 0, line.text.text.length);
    if (!this.#deeper(line, span)) return;
    this.#inputs.push({ kind: "lines", lines: bare, next: 0, depth: line.depth + 1 });
  }

  /** A comment character that a reference brought in begins a comment, as for keepalived's second reading. */
  #withoutComment(line: TracedText): TracedText {
    const bare = decomment(line);
    if (bare.comment !== undefined) {
      this.#diagnostics.note("comment-from-reference", bare.comment, "a comment begins here", {
        hint: "put the text in double quotes to keep the character",
      });
    }
    return trim(bare.line);
  }

  #deeper(line: Line, span: Span): boolean {
    if (line.depth < this.#limits.expansionDepth) return true;
    this.#diagnostics.refuse(
      "expansion-too-deep",
      span,
      `definitions and sequences are nested more than ${this.#limits.expansionDepth} deep`,
    );
    return false;
  }

  #emit(line: TracedText): void {
    if (line.text === "") return;
    this.#lines.push(line);
    if (line.text.includes("random_seed") || line.text.includes("include_check")) this.#obey(line);
  }

  #tooManyLines(line: TracedText): void {
    this.#stopped = true;
    this.#diagnostics.refuse(
      "too-many-lines",
      spanOf(line, 0, line.text.length),
      `the configuration has more than ${this.#limits.lines} lines`,
    );
  }

  /** Two keywords of `global_defs` steer the reading itself. */
  #obey(line: TracedText): void {
    for (const piece of cutAtBraces(line)) {
      if (piece.kind !== "text") continue;
      const [keyword, ...rest] = splitWords(piece.text).words.map((word) => word.text);
      if (keyword === "include_check") this.#check = applyIncludeCheck(rest, this.#check);
      else if (keyword === "random_seed" && /^[0-9]{1,10}$/.test(rest[0] ?? "")) {
        this.#definitions.reseed(Number(rest[0]));
      }
    }
  }

  #directory(): string {
    for (let index = this.#inputs.length - 1; index >= 0; index--) {
      const input = this.#inputs[index];
      if (input?.kind === "file") return input.directory;
    }
    return this.#options.workingDirectory;
  }
}
