/** `$NAME=` definitions and the references to them. Values are kept as written and looked into when referred to. */
import { Prng } from "../base/prng.ts";
import type { Diagnostics } from "./diagnostic.ts";
import type { ReadingLimits } from "./reading.ts";
import type { Span, SpanLink } from "./source.ts";
import { suggest } from "./suggest.ts";
import {
  asLiteral,
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
    this.#values.set(name, lines);
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
      const reference: Reference = { match, written: slice(line, at, end), span: spanOf(line, at, end) };
      const lines = this.#replace(reference, isQuoted(line, at), directory, active);
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

  #replace(
    reference: Reference,
    quoted: boolean,
    directory: string,
    active: readonly string[],
  ): readonly TracedText[] {
    const name = reference.match[1] ?? reference.match[3];
    const parameters = (reference.match[2] ?? "").trim();
    if (name === undefined) return [this.#undefined(reference, quoted)];
    if (!this.#spend(reference, COST_OF_REPLACEMENT)) return [asLiteral(reference.written)];
    const value = parameters === "" ? this.#values.get(name) : undefined;
    if (value === undefined) {
      const builtIn = this.#builtIn(name, parameters, reference, directory);
      return [builtIn ?? this.#undefined(reference, quoted)];
    }
    if (active.includes(name) || active.length >= this.#context.limits.expansionDepth) {
      return [this.#cycle(reference, name)];
    }
    const via: SpanLink = { kind: "definition", name, at: reference.span };
    const inside = [...active, name];
    const lines = value.flatMap((one) => this.#expand(relink(one, via), directory, inside));
    const length = lines.reduce((sum, one) => sum + one.text.length, 0);
    return this.#spend(reference, length) ? lines : [asLiteral(reference.written)];
  }

  #spend(reference: Reference, characters: number): boolean {
    if (this.#exhausted) return false;
    this.#spent += characters;
    const { limits, diagnostics } = this.#context;
    if (this.#spent <= limits.expandedCharacters) return true;
    this.#exhausted = true;
    diagnostics.refuse(
      "expansion-too-large",
      reference.span,
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
  #undefined(reference: Reference, quoted: boolean): TracedText {
    const { match, span } = reference;
    const name = match[1] ?? match[3];
    const written = match[0];
    const hint = this.#undefinedHint(name, (match[2] ?? "").trim());
    const details = hint === undefined ? {} : { hint };
    const message = `'${written}' is not defined`;
    const { diagnostics } = this.#context;
    if (!written.startsWith("${") || quoted) {
      diagnostics.note("undefined-name", span, `${message} and stays as it is`, details);
    } else {
      diagnostics.refuse(
        "undefined-name",
        span,
        `${message}; keepalived would read its braces as a block`,
        details,
      );
    }
    return asLiteral(reference.written);
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
    return asLiteral(reference.written);
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
    return asLiteral(reference.written);
  }
}

interface Reference {
  readonly match: RegExpExecArray;
  readonly written: TracedText;
  readonly span: Span;
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
