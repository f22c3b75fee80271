/** File patterns as keepalived takes them: glob(3) with brace alternatives. Pure; the directories come from the caller. */
import { BugError } from "../base/assert.ts";
import type { FilesReply, FilesRequest, SkipReason } from "./reading.ts";

/** What the pattern walk asks of a file system. Paths are absolute. */
export interface FileTree {
  /** Names in a directory, in any order; undefined where it is no readable directory. */
  list(directory: string): readonly string[] | undefined;
  /** Whether anything is there. */
  exists(path: string): boolean;
  /** The text of a regular, non-executable file, or why not. */
  read(path: string): { readonly text: string } | { readonly skip: SkipReason; readonly detail?: string };
}

/** Answers a reader's request from a file tree: brace alternatives in order, matches of each sorted. */
export function findFiles(_request: FilesRequest, _tree: FileTree): FilesReply {
  throw new BugError("the pattern walk is not there");
}
