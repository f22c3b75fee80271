/** What the parser says about a single line: worded here, decided there. */
import type { Grammar, KeywordShape } from "./catalogue.ts";
import type { Diagnostics } from "./diagnostic.ts";
import type { PlacedWord } from "./lexer.ts";
import type { Span } from "./source.ts";
import { didYouMean } from "./suggest.ts";
import { spanOf, type TracedText } from "./traced.ts";

/** A keyword that is not known in this place; a block after it is passed over. */
export function reportUnknown(
  path: readonly string[],
  keyword: PlacedWord,
  hasBlock: boolean,
  grammar: Grammar,
  diagnostics: Diagnostics,
): void {
  const where = path.length === 0 ? "here" : `in '${path.at(-1)}'`;
  const what = hasBlock ? "block" : "keyword";
  const hint = didYouMean(keyword.text, grammar.names(path)) ?? placeHint(keyword.text, grammar);
  diagnostics.repair("unknown-keyword", keyword.span, `unknown ${what} '${keyword.text}' ${where}`, {
    repair: hasBlock ? "the whole block is ignored" : "the line is ignored",
    ...(hint === undefined ? {} : { hint }),
  });
}

function placeHint(keyword: string, grammar: Grammar): string | undefined {
  const places = grammar.placesOf?.(keyword) ?? [];
  if (places.length === 0) return undefined;
  if (places.some((place) => place.length === 0)) return "it stands outside of all blocks";
  const names = places.slice(0, 3).map((place) => `'${place.join(" / ")}'`);
  return `it belongs in ${names.join(" or ")}`;
}

/** `//`: `index` is its place on the line, `kind` what the line is. */
export function reportForeignComment(
  span: Span,
  index: number,
  kind: "statement" | "entry" | "words" | "script",
  diagnostics: Diagnostics,
): void {
  const message = "'//' begins no comment in this language";
  const hint = "begin the comment with '#' or '!'";
  if (kind === "words") {
    diagnostics.note("foreign-comment", span, `${message}; keepalived passes over these words in silence`, {
      hint,
    });
  } else if (index === 0) {
    diagnostics.repair("foreign-comment", span, message, { hint, repair: "the line is ignored" });
  } else {
    const repair = "the words from here on are ignored";
    diagnostics.repair("foreign-comment", span, `${message}; keepalived would take it for a value`, {
      hint,
      repair,
    });
  }
}

/** More words than the keyword looks at: a second statement, prose after a block's name, or something else. */
export function reportSurplus(
  text: TracedText,
  keyword: PlacedWord,
  words: readonly PlacedWord[],
  most: number,
  shape: KeywordShape,
  isKnown: (word: PlacedWord) => boolean,
  diagnostics: Diagnostics,
): void {
  const surplus = words.slice(most);
  const [first] = surplus;
  const last = surplus.at(-1);
  if (first === undefined || last === undefined) return;
  const second = shape.block === "none" ? surplus.find((word) => !word.quoted && isKnown(word)) : undefined;
  if (second !== undefined) {
    const statement = text.text.slice(second.start, last.end);
    diagnostics.repair(
      "two-statements",
      spanOf(text, second.start, last.end),
      `'${second.text}' begins a second statement on this line`,
      {
        repair: `the words after '${[keyword, ...words.slice(0, most)].map((word) => word.text).join(" ")}' are ignored`,
        hint: `put '${statement}' on a line of its own`,
        exitClass: "silent",
      },
    );
    return;
  }
  const prose = text.text.slice(first.start, last.end);
  const span = spanOf(text, first.start, last.end);
  if (shape.block !== "none") {
    diagnostics.repair("words-after-name", span, `'${prose}' is no part of '${keyword.text}'`, {
      repair: "it is ignored",
      hint: `if it is a comment, put a '#' and the comment after the '{'`,
      exitClass: "silent",
    });
    return;
  }
  const takes = most === 0 ? "no value" : most === 1 ? "one value" : `at most ${most} values`;
  diagnostics.repair("surplus-words", span, `'${keyword.text}' takes ${takes}`, {
    repair: `'${prose}' is ignored`,
    exitClass: "silent",
  });
}

/** A block keyword without `{`. What keepalived makes of the lines after it cannot be meant, so this is a refusal. */
export function reportLostBrace(
  text: TracedText,
  keyword: PlacedWord,
  words: readonly PlacedWord[],
  shape: KeywordShape,
  hasBody: boolean,
  diagnostics: Diagnostics,
): void {
  const name = [keyword, ...words.slice(0, shape.maxWords ?? words.length)]
    .map((word) => word.text)
    .join(" ");
  const first = words[shape.maxWords ?? words.length];
  const last = words.at(-1);
  const prose =
    first === undefined || last === undefined ? undefined : text.text.slice(first.start, last.end);
  const end = last?.end ?? keyword.end;
  const lost =
    prose === undefined ? "its '{' is missing" : `its '{' is missing, and '${prose}' is no part of it`;
  const put = `write '${name} {'`;
  const comment = prose === undefined ? "" : `, and '${prose}' as a comment after it: '# ${prose}'`;
  const after = hasBody ? "" : "; no line after it looks like its block";
  diagnostics.refuse(
    "missing-open",
    spanOf(text, keyword.start, end),
    `'${keyword.text}' begins a block, but ${lost}${after}`,
    {
      hint: `${put}${comment}`,
    },
  );
}

/** `notify_master"/etc/x.sh"`, as keepalived 1.x took it. */
export function reportTouchingQuote(keyword: PlacedWord, span: Span, diagnostics: Diagnostics): void {
  diagnostics.note(
    "quote-touches-keyword",
    span,
    `the quote touches '${keyword.text}'; it is read as if a blank stood between`,
    {
      hint: "put a blank before the quote: keepalived 2 ends with exit status 2 here",
    },
  );
}
