/** `$NAME=` definitions and the references to them. Values are kept as written and looked into when referred to. */
import { Prng } from "../base/prng.ts";
import type { Diagnostics } from "./diagnostic.ts";
import type { ReadingLimits } from "./reading.ts";
import type { Span, SpanLink } from "./source.ts";
import { suggest } from "./suggest.ts";
import {
  asLiteral,
  asSyntax,
  concat,
  relink,
  replacedText,
  slice,
  spanOf,
  syntaxTest,
  type TracedText,
} from "./traced.ts";

/**
 * A reference: `${NAME ...}` anywhere, `$NAME` before a blank, a comma, a closing parenthesis or the end.
 * The last two forms look like one and are none.
 */
const REFERENCE =
  /\$\{([A-Za-z_][A-Za-z0-9_]*)([ \t][^{}]*)?\}|\$([A-Za-z_][A-Za-z0-9_]*)(?=[ \t,)]|$)|\$\{[^\s{}][^{}]*\}|\$([A-Za-z_][A-Za-z0-9_]*)/g;

const LAST_REFERENCE = /(?:\$\{([A-Za-z_][A-Za-z0-9_]*)\}|\$([A-Za-z_][A-Za-z0-9_]*))$/;
const FIRST_REFERENCE = /^(?:\$\{([A-Za-z_][A-Za-z0-9_]*)\}|\$([A-Za-z_][A-Za-z0-9_]*)(?=[ \t,)]|$))/;

const LARGEST_RANDOM = 32767;

/** Every replacement counts as this many characters on top of what it yields, so that empty ones are bounded too. */
const COST_OF_REPLACEMENT = 32;

export interface DefinitionContext {
  readonly configId: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly seed: number;
  readonly limits: ReadingLimits;
  readonly diagnostics: Diagnostics;
}

/** The names known at a point of the reading. */
export class Definitions {
  readonly #values = new Map<string, readonly TracedText[]>();
  readonly #context: DefinitionContext;
  #prng: Prng;
  #spent = 0;
  #exhausted = false;

  constructor(context: DefinitionContext) {
    this.#context = context;
    this.#prng = new Prng(context.seed);
  }

  /** Defines or redefines a name; several lines are a multi-line definition. */
  define(name: string, lines: readonly TracedText[]): void {
    // An escaped comment character of a value is an ordinary one where the value is used.
    this.#values.set(name, lines.map(asSyntax));
  }

  /**
   * The line with one reference replaced by its value, which is not looked into: where it ends in a reference to
   * several lines, or begins with one that yields a condition, definition, sequence or include. The lines that come
   * out are to be read one by one, as each may define what the next refers to. Undefined where there is none such.
   */
  unfold(line: TracedText): readonly TracedText[] | undefined {
    const { text } = line;
    const isSyntax = syntaxTest(line);
    const last = LAST_REFERENCE.exec(text);
    if (last !== null && isSyntax(last.index) && this.#endsInLines(last[1] ?? last[2] ?? "", 0)) {
      return this.#replaceOnce(line, last.index, text.length, last[1] ?? last[2] ?? "");
    }
    const first = FIRST_REFERENCE.exec(text);
    if (first !== null && isSyntax(0) && this.#beginsDirective(first[1] ?? first[2] ?? "", 0)) {
      return this.#replaceOnce(line, 0, first[0].length, first[1] ?? first[2] ?? "");
    }
    return undefined;
  }

  #replaceOnce(
    line: TracedText,
    start: number,
    end: number,
    name: string,
  ): readonly TracedText[] | undefined {
    const at = spanOf(line, start, end);
    const value = (this.#values.get(name) ?? []).map((one) => relink(one, { kind: "definition", name, at }));
    const length = value.reduce((sum, one) => sum + one.text.length, 0);
    if (!this.#spend(at, COST_OF_REPLACEMENT + length)) return undefined;
    const [head, ...rest] = value;
    if (head === undefined) return undefined;
    return [concat([slice(line, 0, start), head, slice(line, end)], line.origin), ...rest];
  }

  #endsInLines(name: string, depth: number): boolean {
    const value = this.#values.get(name);
    if (value === undefined || depth > this.#context.limits.expansionDepth) return false;
    if (value.length !== 1) return value.length > 1;
    const last = LAST_REFERENCE.exec(value[0]?.text ?? "");
    return last !== null && this.#endsInLines(last[1] ?? last[2] ?? "", depth + 1);
  }

  #beginsDirective(name: string, depth: number): boolean {
    const value = this.#values.get(name);
    if (value === undefined || value.length !== 1 || depth > this.#context.limits.expansionDepth)
      return false;
    const text = value[0]?.text ?? "";
    if (/^(?:[@~]|include|\$[A-Za-z_][A-Za-z0-9_]*=)/.test(text)) return true;
    const first = FIRST_REFERENCE.exec(text);
    return first !== null && this.#beginsDirective(first[1] ?? first[2] ?? "", depth + 1);
  }

  /** `random_seed`. */
  reseed(seed: number): void {
    this.#prng = new Prng(seed);
  }

  /** The bound on expansions was reached; what is expanded from now on stays as it is. */
  get exhausted(): boolean {
    return this.#exhausted;
  }

  /**
   * The line with its references replaced. More than one line where the last reference is to a multi-line
   * definition. The very same line where it has none.
   */
  expand(line: TracedText, directory: string): readonly TracedText[] {
    if (!line.text.includes("$")) return [line];
    return this.#expand(line, directory, []);
  }

  #expand(line: TracedText, directory: string, active: readonly string[]): readonly TracedText[] {
    const { text } = line;
    const isSyntax = syntaxTest(line);
    const pieces: TracedText[] = [];
    let from = 0;
    for (const match of text.matchAll(REFERENCE)) {
      const at = match.index;
      if (!isSyntax(at)) continue;
      const end = at + match[0].length;
      if (match[4] !== undefined) {
        this.#almostReference(match[4], line, at, end);
        continue;
      }
      const reference: Reference = { match, line, at, span: spanOf(line, at, end) };
      const lines = this.#replace(reference, directory, active);
      pieces.push(slice(line, from, at));
      from = end;
      const [first, ...rest] = lines;
      if (first === undefined) continue;
      if (rest.length === 0) pieces.push(first);
      else if (text.slice(end).trim() === "") return [concat([...pieces, first], line.origin), ...rest];
      else pieces.push(this.#notLast(reference));
    }
    if (from === 0) return [line];
    pieces.push(slice(line, from));
    return [concat(pieces, line.origin)];
  }

  #replace(reference: Reference, directory: string, active: readonly string[]): readonly TracedText[] {
    const name = reference.match[1] ?? reference.match[3];
    const parameters = (reference.match[2] ?? "").trim();
    if (name === undefined) return [this.#undefined(reference)];
    if (!this.#spend(reference.span, COST_OF_REPLACEMENT)) return [asWritten(reference)];
    const value = parameters === "" ? this.#values.get(name) : undefined;
    if (value === undefined) {
      const builtIn = this.#builtIn(name, parameters, reference, directory);
      return [builtIn ?? this.#undefined(reference)];
    }
    if (active.includes(name)) return [this.#cycle(reference, name)];
    if (active.length >= this.#context.limits.expansionDepth) return [this.#tooDeep(reference)];
    const via: SpanLink = { kind: "definition", name, at: reference.span };
    const inside = [...active, name];
    const lines = value.flatMap((one) => {
      const used = relink(one, via);
      return one.text.includes("$") ? this.#expand(used, directory, inside) : [used];
    });
    const length = lines.reduce((sum, one) => sum + one.text.length, 0);
    return this.#spend(reference.span, length) ? lines : [asWritten(reference)];
  }

  #spend(at: Span, characters: number): boolean {
    if (this.#exhausted) return false;
    this.#spent += characters;
    const { limits, diagnostics } = this.#context;
    if (this.#spent <= limits.expandedCharacters) return true;
    this.#exhausted = true;
    diagnostics.refuse(
      "expansion-too-large",
      at,
      `the definitions expand to more than ${limits.expandedCharacters} characters`,
    );
    return false;
  }

  #builtIn(
    name: string,
    parameters: string,
    reference: Reference,
    directory: string,
  ): TracedText | undefined {
    const { span } = reference;
    if (name === "_RANDOM") return this.#random(parameters, span);
    if (name === "_ENV") {
      const value = environmentValue(this.#context.environment, parameters);
      return value === undefined ? undefined : replacedText(value, span, true);
    }
    if (parameters !== "") return undefined;
    switch (name) {
      case "_PWD":
        return replacedText(directory, span, true);
      case "_INSTANCE":
        return replacedText(this.#context.configId, span, true);
      case "_HASH":
        return replacedText("#", span, false);
      case "_BANG":
        return replacedText("!", span, false);
      default:
        return undefined;
    }
  }

  #random(parameters: string, span: Span): TracedText | undefined {
    const words = parameters === "" ? [] : parameters.split(/[ \t]+/);
    if (words.length > 2 || !words.every((word) => /^[0-9]{1,10}$/.test(word))) return undefined;
    const low = Number(words[0] ?? 0);
    const high = Number(words[1] ?? Math.max(low, LARGEST_RANDOM));
    if (low > high) {
      this.#context.diagnostics.repair(
        "random-range",
        span,
        `the least value ${low} is above the greatest ${high}`,
        {
          repair: `${low} is used`,
        },
      );
    }
    const value = low > high ? low : this.#prng.integer(low, high);
    return replacedText(String(value), span, true);
  }

  /** An unknown reference stays as it is. Its braces are not read as braces, which is what keepalived would do. */
  #undefined(reference: Reference): TracedText {
    const { match, span } = reference;
    const name = match[1] ?? match[3];
    const written = match[0];
    const hint = this.#undefinedHint(name, (match[2] ?? "").trim());
    const details = hint === undefined ? {} : { hint };
    const message = `'${written}' is not defined`;
    const { diagnostics } = this.#context;
    if (!written.startsWith("${") || isQuoted(reference.line, reference.at)) {
      diagnostics.note("undefined-name", span, `${message} and stays as it is`, details);
    } else {
      diagnostics.refuse(
        "undefined-name",
        span,
        `${message}; keepalived would read its braces as a block`,
        details,
      );
    }
    return asWritten(reference);
  }

  #undefinedHint(name: string | undefined, parameters: string): string | undefined {
    if (name === "_ENV") return `the environment has no variable '${parameters}'`;
    if (name === "_RANDOM") return `the form is $${"{_RANDOM [MIN [MAX]]}"}, whole numbers`;
    if (name === undefined) return "a name has letters, digits and underscores";
    if (parameters !== "" && this.#values.has(name))
      return `a reference has no parameters: did you mean '\${${name}}'?`;
    const known = [...this.#values.keys(), "_PWD", "_INSTANCE", "_RANDOM", "_HASH", "_BANG", "_ENV"];
    const nearest = suggest(name, known);
    return nearest === undefined
      ? undefined
      : `did you mean '${"$"}${parameters === "" ? `{${nearest}}` : nearest}'?`;
  }

  /** `"$NAME"` and `$NAME.x` are not replaced, which few expect. */
  #almostReference(name: string, line: TracedText, start: number, end: number): void {
    if (!this.#values.has(name)) return;
    const message = `'$${name}' is not replaced here, as neither a blank, ',', ')' nor the end of the line follows`;
    const hint = `write '$${`{${name}}`}'`;
    this.#context.diagnostics.note("reference-not-replaced", spanOf(line, start, end), message, { hint });
  }

  #notLast(reference: Reference): TracedText {
    this.#context.diagnostics.repair(
      "multi-line-not-last",
      reference.span,
      `'${reference.match[0]}' has several lines and must be the last on its line`,
      { repair: "it is not replaced" },
    );
    return asWritten(reference);
  }

  #tooDeep(reference: Reference): TracedText {
    const { limits, diagnostics } = this.#context;
    const message = `definitions and sequences are nested more than ${limits.expansionDepth} deep`;
    diagnostics.refuse("expansion-too-deep", reference.span, message);
    return asWritten(reference);
  }

  #cycle(reference: Reference, name: string): TracedText {
    this.#context.diagnostics.refuse(
      "definition-cycle",
      reference.span,
      `the definition of '$${name}' refers to itself`,
      {
        hint: "definitions are looked into when they are used, so a name cannot be added to",
      },
    );
    return asWritten(reference);
  }
}

interface Reference {
  readonly match: RegExpExecArray;
  /** The line it stands in, and where. */
  readonly line: TracedText;
  readonly at: number;
  readonly span: Span;
}

/** What stays where a reference cannot be replaced: its braces are no braces. */
function asWritten({ match, line, at }: Reference): TracedText {
  return asLiteral(slice(line, at, at + match[0].length));
}

function environmentValue(
  environment: Readonly<Record<string, string | undefined>>,
  name: string,
): string | undefined {
  return Object.hasOwn(environment, name) ? environment[name] : undefined;
}

/** Whether the index lies inside double quotes of the line. */
function isQuoted(line: TracedText, index: number): boolean {
  const isSyntax = syntaxTest(line);
  let quoted = false;
  for (let at = line.text.indexOf('"'); at >= 0 && at < index; at = line.text.indexOf('"', at + 1)) {
    if (isSyntax(at)) quoted = !quoted;
  }
  return quoted;
}
