/** Characters that look like syntax and are none: a web page's or a word processor's, in files that were pasted together. */
import type { Diagnostics } from "./diagnostic.ts";
import { spanOf, type TracedText } from "./traced.ts";

interface LookAlike {
  readonly characters: RegExp;
  readonly what: string;
  readonly hint: string;
}

const LOOK_ALIKES: readonly LookAlike[] = [
  {
    characters: /[\u00a0\u2000-\u200b\u202f\u2060\u3000\ufeff]/,
    what: "is a special blank, which separates no words",
    hint: "type a plain blank in its place, or nothing",
  },
  {
    characters: /[\u2018-\u201f\u00ab\u00bb]/,
    what: "is a typographic quote, which quotes nothing",
    hint: `type a plain '"' in its place`,
  },
  {
    characters: /[\u2010-\u2015\u2212]/,
    what: "is a dash of another kind than '-'",
    hint: "type a plain '-' in its place",
  },
];

/** Points out the first one on a line; between double quotes every text is as it is meant. */
export function reportLookAlike(line: TracedText, diagnostics: Diagnostics): void {
  const { text } = line;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: plain text has none of them, and most lines are plain
  if (/^[\x00-\x7f]*$/.test(text)) return;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === '"') quoted = !quoted;
    const found = quoted ? undefined : LOOK_ALIKES.find(({ characters }) => characters.test(character));
    if (found === undefined) continue;
    const code = text.charCodeAt(at).toString(16).toUpperCase().padStart(4, "0");
    diagnostics.note("look-alike", spanOf(line, at, at + 1), `U+${code} ${found.what}`, { hint: found.hint });
    return;
  }
}
