/**
 * A PCRE2 pattern, as keepalived's `regex` has it, as a JavaScript one: what differs is rewritten, what JavaScript has no
 * words for is said. Whether there is a match counts, and where it begins; how long it is does not.
 */
import { PCRE_OPTIONS } from "./pcre-options.ts";
import { fail, ok, type Result } from "./result.ts";

/** Why there is no expression: a mistake in the pattern, or something that only PCRE2 has. */
export interface PatternFault {
  readonly kind: "invalid" | "unsupported";
  readonly clause: string;
}

const INLINE: Readonly<Record<string, string>> = {
  i: "caseless",
  m: "multiline",
  s: "dotall",
  x: "extended",
  U: "ungreedy",
  n: "no_auto_capture",
};

/** PCRE2's members without `ucp`; JavaScript's `\s` has more. */
const SPACE = "\\t-\\r ";
const POSIX: Readonly<Record<string, string>> = {
  alpha: "A-Za-z",
  digit: "0-9",
  alnum: "A-Za-z0-9",
  upper: "A-Z",
  lower: "a-z",
  space: SPACE,
  blank: " \\t",
  punct: "!-\\/:-@\\[-`\\{-~",
  xdigit: "0-9A-Fa-f",
  word: "\\w",
  cntrl: "\\x00-\\x1f\\x7f",
  print: " -~",
  graph: "!-~",
};

const START = "(?<![\\s\\S])";
const END = "(?![\\s\\S])";
/** Without `dollar_endonly` and `multiline`, `$` stands before the newline that ends the text, too. */
const LAST_LINE_END = `(?=\\n?${END})`;

const ESCAPES: Readonly<Record<string, string>> = {
  A: START,
  z: END,
  Z: LAST_LINE_END,
  h: "[ \\t\\xa0]",
  H: "[^ \\t\\xa0]",
  s: `[${SPACE}]`,
  S: `[^${SPACE}]`,
  V: "[^\\n\\v\\f\\r\\x85]",
  v: "[\\n\\v\\f\\r\\x85]",
  R: "(?:\\r\\n|[\\n\\v\\f\\r\\x85])",
  N: "[^\\n]",
  C: "[\\s\\S]",
  a: "\\x07",
  e: "\\x1b",
  E: "",
  // Where the match is said to begin.
  K: "",
};
const CLASS_ESCAPES: Readonly<Record<string, string>> = {
  h: " \\t\\xa0",
  s: SPACE,
  v: "\\n\\v\\f\\r\\x85",
  a: "\\x07",
  e: "\\x1b",
  E: "",
};
/** Mean the same to both. */
const SAME = /[bBdDwWtnrfpPcx0-9]/;

/** Translates. The expression is global: `lastIndex` says where its search begins. */
export function pcreToRegExp(pattern: string, options: readonly string[]): Result<RegExp, PatternFault> {
  const words = new Set(options);
  // Without `utf` both sides are bytes.
  let source = words.has("utf") ? pattern : asBytes(pattern);
  const inline = /^\(\?([imsxUn]+)\)/;
  for (let found = inline.exec(source); found !== null; found = inline.exec(source)) {
    for (const letter of found[1] ?? "") words.add(INLINE[letter] ?? "");
    source = source.slice(found[0].length);
  }
  const missing = [...words].find((word) => PCRE_OPTIONS[word] === "unsupported");
  if (missing !== undefined) return unsupported(`the option ${missing}`);
  try {
    const text = words.has("literal") ? escaped(source) : new Translation(source, words).text();
    const anchored = words.has("anchored") ? `${START}(?:${text})` : text;
    const whole = words.has("endanchored") ? `(?:${anchored})${END}` : anchored;
    return ok(new RegExp(whole, `g${words.has("caseless") ? "i" : ""}${isUnicode(text, words) ? "u" : ""}`));
  } catch (error) {
    if (error instanceof Unsupported) return unsupported(error.message);
    if (error instanceof SyntaxError && !MISTAKES.test(error.message)) return unsupported(error.message);
    return fail({ kind: "invalid", clause: error instanceof Error ? error.message : String(error) });
  }
}

/** What JavaScript says of patterns that no PCRE2 would take either. */
const MISTAKES = /Unterminated group|Unmatched|Nothing to repeat|out of order/;

function asBytes(text: string): string {
  return String.fromCharCode(...new TextEncoder().encode(text));
}

/** Characters by their properties are known to Unicode expressions alone. */
function isUnicode(text: string, words: ReadonlySet<string>): boolean {
  return words.has("utf") || words.has("ucp") || /\\[pP]\{/.test(text);
}

class Unsupported extends Error {}

function unsupported(what: string): Result<never, PatternFault> {
  return fail({ kind: "unsupported", clause: `${what} is not supported` });
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}

class Translation {
  readonly #pattern: string;
  readonly #words: ReadonlySet<string>;
  #at = 0;
  #out = "";

  constructor(pattern: string, words: ReadonlySet<string>) {
    this.#pattern = pattern;
    this.#words = words;
  }

  text(): string {
    while (this.#at < this.#pattern.length) this.#out += this.#piece();
    return this.#out;
  }

  #rest(): string {
    return this.#pattern.slice(this.#at);
  }

  /** Moves on by what a piece took. */
  #take(length: number, text: string): string {
    this.#at += length;
    return text;
  }

  #piece(): string {
    const character = this.#pattern.charAt(this.#at);
    const extended = this.#words.has("extended") || this.#words.has("extended_more");
    if (extended && /\s/.test(character)) return this.#take(1, "");
    if (extended && character === "#")
      return this.#take(/^#[^\n]*\n?/.exec(this.#rest())?.[0].length ?? 1, "");
    switch (character) {
      case "\\":
        return this.#escape();
      case "[":
        return this.#class();
      case "(":
        return this.#group();
      case ".":
        return this.#take(1, this.#words.has("dotall") ? "[\\s\\S]" : "[^\\n]");
      case "^":
        return this.#take(1, this.#lineStart());
      case "$":
        return this.#take(1, this.#lineEnd());
      case "{":
      case "*":
      case "+":
      case "?":
        return this.#quantifier();
      case "}":
      case "]":
        return this.#take(1, `\\${character}`);
      default:
        return this.#take(1, character);
    }
  }

  #lineStart(): string {
    if (!this.#words.has("multiline")) return START;
    // A newline that ends the text begins no line.
    return this.#words.has("alt_circumflex") ? "(?<![^\\n])" : `(?:${START}|(?<=\\n)(?=[\\s\\S]))`;
  }

  #lineEnd(): string {
    if (this.#words.has("multiline")) return "(?![^\\n])";
    return this.#words.has("dollar_endonly") ? END : LAST_LINE_END;
  }

  /** A brace that begins no quantifier is a character. */
  #quantifier(): string {
    const found = /^(?:[*+?]|\{\d+(?:,\d*)?\})/.exec(this.#rest())?.[0];
    if (found === undefined) return this.#take(1, "\\{");
    const next = this.#pattern.charAt(this.#at + found.length);
    if (next === "+") throw new Unsupported("a possessive quantifier (a++)");
    return next === "?" ? this.#take(found.length + 1, `${found}?`) : this.#take(found.length, found);
  }

  #group(): string {
    const rest = this.#rest();
    if (!rest.startsWith("(?") && !rest.startsWith("(*")) return this.#take(1, "(");
    const comment = /^\(\?#[^)]*\)/.exec(rest);
    if (comment !== null) return this.#take(comment[0].length, "");
    const named = /^\(\?(?:P?<([A-Za-z_]\w*)>|'([A-Za-z_]\w*)')/.exec(rest);
    if (named !== null) return this.#take(named[0].length, `(?<${named[1] ?? named[2]}>`);
    const back = /^\(\?P=([A-Za-z_]\w*)\)/.exec(rest);
    if (back !== null) return this.#take(back[0].length, `\\k<${back[1]}>`);
    const plain = /^\(\?(?:[:=!]|<[=!])/.exec(rest);
    if (plain !== null) return this.#take(plain[0].length, plain[0]);
    if (rest.startsWith("(?>")) throw new Unsupported("an atomic group (?>...)");
    if (rest.startsWith("(*")) throw new Unsupported("a verb (*...)");
    if (/^\(\?[imsxnUJ^-]+[:)]/.test(rest)) throw new Unsupported("an option within the pattern, (?i:...)");
    if (rest.startsWith("(?|")) throw new Unsupported("a group that resets numbers, (?|...)");
    if (rest.startsWith("(?(")) throw new Unsupported("a condition (?(...)...)");
    throw new Unsupported("recursion (?R)");
  }

  #escape(): string {
    const rest = this.#rest();
    const letter = rest.charAt(1);
    if (letter === "Q") return this.#literal(escaped);
    const special = this.#number(rest) ?? this.#reference(rest);
    if (special !== undefined) return special;
    if (this.#words.has("ucp") && PROPERTIES[letter] !== undefined)
      return this.#take(2, `[${PROPERTIES[letter]}]`);
    const known = ESCAPES[letter];
    if (known !== undefined) return this.#take(2, known);
    return this.#plain(letter);
  }

  /** From `\Q` to `\E`. */
  #literal(asText: (text: string) => string): string {
    const end = this.#pattern.indexOf("\\E", this.#at);
    const literal = this.#pattern.slice(this.#at + 2, end < 0 ? undefined : end);
    this.#at = end < 0 ? this.#pattern.length : end + 2;
    return asText(literal);
  }

  /** Characters by number. */
  #number(rest: string): string | undefined {
    const hex = /^\\x(?:\{([0-9a-fA-F]+)\}|([0-9a-fA-F]{0,2}))/.exec(rest);
    const octal = /^\\o\{([0-7]+)\}|^\\(0[0-7]{0,2})/.exec(rest);
    const found = hex ?? octal;
    if (found === null) return undefined;
    const code = Number.parseInt(found[1] ?? (found[2] || "0"), hex === null ? 8 : 16);
    if (code > 0xff && !this.#words.has("utf")) throw new Error(`there is no byte ${found[0]}`);
    if (code <= 0xff) return this.#take(found[0].length, `\\x${code.toString(16).padStart(2, "0")}`);
    return this.#take(found[0].length, `\\u{${code.toString(16)}}`);
  }

  /** What was found before, by number or name. */
  #reference(rest: string): string | undefined {
    const number = /^\\g(?:\{(\d+)\}|(\d+))/.exec(rest);
    if (number !== null) return this.#take(number[0].length, `\\${number[1] ?? number[2]}(?:)`);
    const name = /^\\[gk](?:\{([A-Za-z_]\w*)\}|<([A-Za-z_]\w*)>|'([A-Za-z_]\w*)')/.exec(rest);
    if (name !== null) return this.#take(name[0].length, `\\k<${name[1] ?? name[2] ?? name[3]}>`);
    return undefined;
  }

  #plain(letter: string): string {
    if (letter === "") throw new Error("\\ at the end of the pattern");
    if (/[pP]/.test(letter)) return this.#property(letter);
    if (SAME.test(letter)) return this.#take(2, `\\${letter}`);
    if (/[A-Za-z]/.test(letter)) throw new Unsupported(`\\${letter}`);
    return this.#take(2, /[\\^$.*+?()[\]{}|/-]/.test(letter) ? escapedCharacter(letter) : letter);
  }

  #property(letter: string): string {
    const found = /^\\[pP](?:\{(\^?)([A-Za-z_]+)\}|([A-Z]))/.exec(this.#rest());
    if (found === null) throw new Error(`\\${letter} without a property`);
    const [all, not, long, short] = found;
    const negated = (letter === "P") !== (not === "^");
    return this.#take(all.length, `\\${negated ? "P" : "p"}{${long ?? short}}`);
  }

  #class(): string {
    let text = this.#take(1, "[");
    if (this.#pattern.charAt(this.#at) === "^") text += this.#take(1, "^");
    // A bracket that comes first is one of the class.
    let isFirst = !this.#words.has("allow_empty_class");
    while (this.#at < this.#pattern.length) {
      const character = this.#pattern.charAt(this.#at);
      if (character === "]" && !isFirst) return `${text}${this.#take(1, "]")}`;
      text += this.#member(character);
      isFirst = false;
    }
    throw new Error("a character class has no end");
  }

  #member(character: string): string {
    const posix = /^\[:(\^?)([a-z]+):\]/.exec(this.#rest());
    if (posix !== null) {
      const members = POSIX[posix[2] ?? ""];
      if (members === undefined) throw new Error(`there is no class [:${posix[2]}:]`);
      if (posix[1] === "^") throw new Unsupported(`the class [:^${posix[2]}:]`);
      return this.#take(posix[0].length, members);
    }
    if (this.#words.has("extended_more") && /[ \t]/.test(character)) return this.#take(1, "");
    if (character !== "\\")
      return this.#take(1, /[[\]{}()|/^$*+?.]/.test(character) ? `\\${character}` : character);
    const letter = this.#pattern.charAt(this.#at + 1);
    if (letter === "Q") return this.#literal((text) => text.replace(/[\\\]^-]/g, "\\$&"));
    const number = this.#number(this.#rest());
    if (number !== undefined) return number;
    if (this.#words.has("ucp") && PROPERTIES[letter] !== undefined) return this.#take(2, PROPERTIES[letter]);
    const known = CLASS_ESCAPES[letter];
    if (known !== undefined) return this.#take(2, known);
    if (letter === "S") return this.#take(2, "\\0-\\x08\\x0e-\\x1f!-\\uffff");
    return this.#plain(letter);
  }
}

/** A hyphen need not be escaped, and in Unicode expressions must not be, outside of a class; there it does no harm as a number. */
function escapedCharacter(letter: string): string {
  return letter === "-" ? "\\x2d" : `\\${letter}`;
}

/** With `ucp`. */
const PROPERTIES: Readonly<Record<string, string>> = {
  d: "\\p{Nd}",
  w: "\\p{L}\\p{N}_",
  s: "\\s",
};
