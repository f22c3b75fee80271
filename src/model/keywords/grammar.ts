/** The parser's view of the keyword tables. */
import type { Grammar, KeywordShape } from "../../config/catalogue.ts";
import type { Argument, KeywordRow } from "./row.ts";
import { findRow, KEYWORD_ROWS, rowsOf } from "./table.ts";

const NOT_STATEMENTS = /\(entry\)$|^config-language$/;

/** Name of the block at a path of keywords: `root`, `virtual_server.real_server`. */
export function blockAt(path: readonly string[]): string {
  return path.length === 0 ? "root" : path.join(".");
}

const SHAPES: ReadonlyMap<KeywordRow, KeywordShape> = new Map(KEYWORD_ROWS.map((row) => [row, shapeOf(row)]));

export const KEYWORD_GRAMMAR: Grammar = {
  lookup: (path, keyword) => {
    const row = findRow(blockAt(path), keyword);
    return row === undefined ? undefined : SHAPES.get(row);
  },
  names: (path) => rowsOf(blockAt(path)).map((row) => row.keyword),
  placesOf: (keyword) =>
    KEYWORD_ROWS.filter((row) => row.keyword === keyword && !NOT_STATEMENTS.test(row.block)).map((row) =>
      row.block === "root" ? [] : row.block.split("."),
    ),
};

function shapeOf(row: KeywordRow): KeywordShape {
  const words = row.args.filter((arg) => arg.kind !== "block" && arg.kind !== "entries");
  const most = words.map(wordsAtMost);
  const maxWords = most.includes(undefined) ? undefined : most.reduce<number>((sum, n) => sum + (n ?? 0), 0);
  return {
    block: row.args.some((arg) => arg.kind === "block")
      ? "required"
      : row.args.some((arg) => arg.kind === "entries")
        ? "values"
        : "none",
    style: words.some(isScript) ? "script" : "words",
    minWords: words.filter((arg) => arg.optional !== true && arg.lenient !== true).length,
    ...(maxWords === undefined ? {} : { maxWords }),
  };
}

function isScript(arg: Argument): boolean {
  return arg.kind === "script" || arg.kind === "command" || arg.kind === "pattern";
}

function wordsAtMost(arg: Argument): number | undefined {
  switch (arg.kind) {
    case "rest":
    case "hex":
    case "codes":
    case "script":
    case "command":
    case "pattern":
      return undefined;
    case "weight":
    case "identity":
      return 2;
    default:
      return 1;
  }
}
