/** What the parser must be told about keywords; the keyword tables that know it lie a layer above. */

/** The shape of one keyword, not its meaning. */
export interface KeywordShape {
  /**
   * `none`: a `{` after it is a mistake; `optional` and `required`: a block of keywords may or must follow;
   * `values`: a `{ }` list must follow, each line of it one entry.
   */
  readonly block: "none" | "optional" | "required" | "values";
  /** `script`: the rest of the line is cut by the script-like tokeniser (both quotes, backslash escapes). */
  readonly style: "words" | "script";
  /**
   * Words that must follow the keyword. Too few: `missing-parameter` (a refusal, keepalived's exit 2) for a keyword
   * without a block; `missing-name` (a repair, the block is skipped) for one with a block.
   */
  readonly minWords: number;
  /** Words that keepalived looks at; it ignores the rest in silence. Absent: any number. */
  readonly maxWords?: number;
}

/**
 * Answers for one place in the tree. A path holds the keywords of the blocks around a place, outermost first:
 * `[]` is the root, `["virtual_server", "real_server"]` inside a real server.
 */
export interface Grammar {
  lookup(path: readonly string[], keyword: string): KeywordShape | undefined;
  /** Every keyword allowed there: for "did you mean" and to recognise a lost brace. */
  names(path: readonly string[]): readonly string[];
  /** The paths of blocks that do know the keyword, for "it belongs in ..."; may be left out. */
  placesOf?(keyword: string): readonly (readonly string[])[];
}
