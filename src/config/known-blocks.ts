/**
 * Blocks that an earlier reading met, and that mean the same wherever they stand: a reading that meets one again, letter
 * for letter, passes it on as a whole. A large configuration is thousands of blocks, and a reload changes one.
 */

export interface KnownBlocks {
  /** What they all begin with: a keyword of the outermost level. */
  readonly keyword: string;
  /** How many lines each has, by its text: from the keyword to the closing brace. */
  readonly lines: ReadonlyMap<string, number>;
}

/** The text from a line's start to the first line that is nothing but a closing brace; undefined where there is none. */
export function blockTextAt(text: string, start: number): string | undefined {
  const end = text.indexOf("\n}", start);
  if (end < 0) return undefined;
  const after = text[end + 2];
  return after === undefined || after === "\n" ? text.slice(start, end + 2) : undefined;
}

/** Nothing outside of the block has a part in how its lines are read, and its first line is plain. */
export function isReadAlone(block: string): boolean {
  if (/\$|^[ \t]*(?:[@~]|include)/m.test(block)) return false;
  const first = block.slice(0, block.indexOf("\n"));
  return /^[^\s#!"\\{}]+(?:[ \t]+[^\s#!"\\{}]+)*[ \t]*\{$/.test(first);
}

/** The lines of a text, counted. */
export function countLines(text: string): number {
  let count = 1;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) count += 1;
  return count;
}
