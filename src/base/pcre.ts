/** A PCRE2 pattern, as keepalived's `regex` has it, as a JavaScript one: what differs is rewritten, what is not there is said. */
import { fail, ok, type Result } from "./result.ts";

/** keepalived's option words; those without a letter are what JavaScript does anyway, or mean nothing for one search. */
const FLAGS: Readonly<Record<string, string>> = {
  caseless: "i",
  multiline: "m",
  dotall: "s",
  utf: "u",
  ucp: "",
};
const INLINE: Readonly<Record<string, string>> = {
  i: "caseless",
  m: "multiline",
  s: "dotall",
  x: "extended",
};

const POSIX: Readonly<Record<string, string>> = {
  alpha: "A-Za-z",
  digit: "0-9",
  alnum: "A-Za-z0-9",
  upper: "A-Z",
  lower: "a-z",
  space: "\\s",
  blank: " \\t",
  punct: "!-\\/:-@\\[-`{-~",
  xdigit: "0-9A-Fa-f",
  word: "\\w",
  cntrl: "\\x00-\\x1f\\x7f",
  print: " -~",
  graph: "!-~",
};

const ESCAPES: Readonly<Record<string, string>> = {
  A: "(?<![\\s\\S])",
  z: "(?![\\s\\S])",
  Z: "(?=\\n?(?![\\s\\S]))",
  h: "[ \\t\\xa0]",
  H: "[^ \\t\\xa0]",
  R: "(?:\\r\\n|[\\n\\v\\f\\r\\x85])",
  N: "[^\\n]",
  a: "\\x07",
  e: "\\x1b",
};

/** Translates; the failure is a clause for people. The expression is global: `lastIndex` says where its search begins. */
export function pcreToRegExp(pattern: string, options: readonly string[]): Result<RegExp, string> {
  const words = new Set(options);
  let source = pattern;
  for (
    let inline = /^\(\?([imsx]+)\)/.exec(source);
    inline !== null;
    inline = /^\(\?([imsx]+)\)/.exec(source)
  ) {
    for (const letter of inline[1] ?? "") words.add(INLINE[letter] ?? "");
    source = source.slice(inline[0].length);
  }
  const translated = translate(source, words.has("extended") || words.has("extended_more"));
  if (!translated.ok) return translated;
  const anchored = words.has("anchored") ? `(?<![\\s\\S])(?:${translated.value})` : translated.value;
  const whole = words.has("endanchored") ? `(?:${anchored})(?![\\s\\S])` : anchored;
  const flags = [...words].map((word) => FLAGS[word] ?? "").join("");
  try {
    return ok(new RegExp(whole, `g${flags}`));
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
}

function translate(pattern: string, extended: boolean): Result<string, string> {
  let out = "";
  for (let at = 0; at < pattern.length; ) {
    const character = pattern.charAt(at);
    if (character === "\\") {
      const piece = translateEscape(pattern, at);
      out += piece.text;
      at = piece.next;
    } else if (character === "[") {
      const found = translateClass(pattern, at);
      if (found === undefined) return fail("a character class has no end");
      out += found.text;
      at = found.next;
    } else if (extended && /\s/.test(character)) at += 1;
    else if (extended && character === "#") at = (pattern.indexOf("\n", at) + 1 || pattern.length + 1) - 0;
    else if (pattern.startsWith("(?#", at)) at = pattern.indexOf(")", at) + 1 || pattern.length;
    else if (pattern.startsWith("(?P<", at)) {
      out += "(?<";
      at += 4;
    } else {
      const missing = unsupported(pattern, at);
      if (missing !== undefined) return fail(missing);
      out += character;
      at += 1;
    }
  }
  return ok(out);
}

/** What JavaScript has no words for. */
function unsupported(pattern: string, at: number): string | undefined {
  if (pattern.startsWith("(?>", at)) return "atomic groups (?>...) are not supported";
  if (pattern.startsWith("(*", at)) return "verbs (*...) are not supported";
  if (/^\(\?(?:R|[0-9]|&|\(|P[=>]|\|)/.test(pattern.slice(at)))
    return "recursion and conditions are not supported";
  if (/^[*+?}]\+/.test(pattern.slice(at))) return "possessive quantifiers are not supported";
  return undefined;
}

interface Piece {
  readonly text: string;
  readonly next: number;
}

function translateEscape(pattern: string, at: number): Piece {
  const letter = pattern.charAt(at + 1);
  if (letter === "Q") {
    const end = pattern.indexOf("\\E", at);
    const literal = pattern.slice(at + 2, end < 0 ? pattern.length : end);
    return {
      text: literal.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"),
      next: end < 0 ? pattern.length : end + 2,
    };
  }
  if (letter === "E") return { text: "", next: at + 2 };
  const braced = /^\\x\{([0-9a-fA-F]{1,2})\}/.exec(pattern.slice(at));
  if (braced !== null)
    return { text: `\\x${(braced[1] ?? "").padStart(2, "0")}`, next: at + braced[0].length };
  return { text: ESCAPES[letter] ?? `\\${letter}`, next: at + 2 };
}

function translateClass(pattern: string, at: number): Piece | undefined {
  let text = "[";
  let position = at + 1;
  if (pattern.charAt(position) === "^") {
    text += "^";
    position += 1;
  }
  // A bracket that comes first is one of the class.
  for (let first = true; position < pattern.length; first = false) {
    const character = pattern.charAt(position);
    if (character === "]" && !first) return { text: `${text}]`, next: position + 1 };
    const posix = /^\[:(\^?)([a-z]+):\]/.exec(pattern.slice(position));
    const members = posix === null ? undefined : POSIX[posix[2] ?? ""];
    if (posix !== null && members !== undefined && posix[1] === "") {
      text += members;
      position += posix[0].length;
    } else if (character === "\\") {
      text += pattern.slice(position, position + 2);
      position += 2;
    } else {
      text += character === "[" || character === "]" ? `\\${character}` : character;
      position += 1;
    }
  }
  return undefined;
}
