/** The script-like tokeniser: both kinds of quotes, backslash escapes, and a command that is split a second time. */
import { BugError } from "../base/assert.ts";
import type { Span } from "./source.ts";
import type { TracedText } from "./traced.ts";
import type { Word } from "./tree.ts";

/** A script-like rest of line: command string, then user, then group as words 2 and 3. */
export interface ScriptWords {
  readonly words: readonly Word[];
  /** The opening quote that is never closed; the words are then what could be read. */
  readonly unterminated?: Span;
}

/** First level: the raw rest of a line (Statement.rawRest) to words. */
export function splitScript(_raw: TracedText): ScriptWords {
  throw new BugError("the tokeniser is not there");
}

/** Second level: a command string to its argument vector. Empty for an empty command. */
export function splitCommand(_command: string): {
  readonly argv: readonly string[];
  readonly unterminated: boolean;
} {
  throw new BugError("the tokeniser is not there");
}
