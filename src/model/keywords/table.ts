/** All keyword rows, and ways to look one up. */
import { BFD_ROWS } from "./bfd.ts";
import { CHECKER_ROWS } from "./checkers.ts";
import { ENTRY_ROWS } from "./entries.ts";
import { GLOBAL_ROWS } from "./global.ts";
import { LANGUAGE_ROWS } from "./language.ts";
import { ROOT_ROWS } from "./root.ts";
import type { KeywordRow } from "./row.ts";
import { SYNC_GROUP_ROWS } from "./sync-group.ts";
import { TRACK_ROWS } from "./track.ts";
import { VIRTUAL_SERVER_ROWS } from "./virtual-server.ts";
import { VRRP_INSTANCE_ROWS } from "./vrrp-instance.ts";
import { VRRP_SCRIPT_ROWS } from "./vrrp-script.ts";

/** Every keyword buoy knows, in the order of the generated pages. */
export const KEYWORD_ROWS: readonly KeywordRow[] = [
  ...ROOT_ROWS,
  ...GLOBAL_ROWS,
  ...VRRP_INSTANCE_ROWS,
  ...VRRP_SCRIPT_ROWS,
  ...SYNC_GROUP_ROWS,
  ...TRACK_ROWS,
  ...BFD_ROWS,
  ...VIRTUAL_SERVER_ROWS,
  ...CHECKER_ROWS,
  ...ENTRY_ROWS,
  ...LANGUAGE_ROWS,
];

const BY_BLOCK: ReadonlyMap<string, ReadonlyMap<string, KeywordRow>> = index(KEYWORD_ROWS);

/** The row of a keyword in a block, or undefined if the block knows no such word. */
export function findRow(block: string, keyword: string): KeywordRow | undefined {
  return BY_BLOCK.get(block)?.get(keyword);
}

/** The rows of a block by keyword. */
export function rowMapOf(block: string): ReadonlyMap<string, KeywordRow> {
  return BY_BLOCK.get(block) ?? new Map();
}

/** The keywords of a block. */
export function rowsOf(block: string): readonly KeywordRow[] {
  return [...(BY_BLOCK.get(block)?.values() ?? [])];
}

function index(rows: readonly KeywordRow[]): ReadonlyMap<string, ReadonlyMap<string, KeywordRow>> {
  const blocks = new Map<string, Map<string, KeywordRow>>();
  for (const row of rows) {
    const words = blocks.get(row.block) ?? new Map<string, KeywordRow>();
    words.set(row.keyword, row);
    blocks.set(row.block, words);
  }
  return blocks;
}
