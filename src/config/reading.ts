/** The conversation between the reader, which is pure, and whoever can open files. */
import type { Diagnostic } from "./diagnostic.ts";
import type { KnownBlocks } from "./known-blocks.ts";
import type { SourceFile, Span } from "./source.ts";
import type { TracedText } from "./traced.ts";

/** Which problems of a plain `include` are fatal (`include_check`, command line `-e`). */
export interface IncludeCheck {
  /** A matched file cannot be opened. */
  readonly read: boolean;
  /** Nothing matches. */
  readonly match: boolean;
  /** A pattern with a wildcard, or a plain name, matches nothing. */
  readonly wildcardMatch: boolean;
  /** One of the brace alternatives matches nothing. */
  readonly braceMatch: boolean;
}

/** Bounds under which reading always ends. Going over one is a refusal. */
export interface ReadingLimits {
  /** Includes inside includes. */
  readonly includeDepth: number;
  /** Definitions inside definitions, and sequences inside sequences. */
  readonly expansionDepth: number;
  /** Repetitions of one `~SEQ` or `~LST`. */
  readonly sequenceLength: number;
  /** Lines read, each repetition and each use of a definition counted again. */
  readonly lines: number;
  /** Files read, each time counted. */
  readonly files: number;
  /** Characters that expansions may produce, over the whole reading. */
  readonly expandedCharacters: number;
}

export interface ReadingOptions {
  /** The configuration as named by `-f`: a path or a glob. */
  readonly path: string;
  /** Absolute directory that a relative `path` starts from. */
  readonly workingDirectory: string;
  /** What `@ID` lines are compared with (`-i`, else the host name up to its first dot). */
  readonly configId: string;
  /** For `${_ENV NAME}`. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Seed of `${_RANDOM}` until `random_seed` sets another. */
  readonly seed: number;
  /** Command line `-e`; default: nothing is fatal. */
  readonly includeCheck?: IncludeCheck;
  readonly limits?: Partial<ReadingLimits>;
  /** Blocks that need not be read again. */
  readonly known?: KnownBlocks;
}

/** The reader cannot go on without these files; answer with `provide`. */
export interface FilesRequest {
  readonly kind: "need-files";
  /** A glob pattern with brace alternatives (glob.ts takes it apart); relative ones start from `baseDirectory`. */
  readonly pattern: string;
  /** Absolute. */
  readonly baseDirectory: string;
  /** The include; absent for the main file. */
  readonly from?: Span;
}

/**
 * Why a matched file was not read: `directory`, `executable` and `not-regular` are passed over as keepalived does;
 * `unreadable` could not be opened.
 */
export type SkipReason = "directory" | "executable" | "not-regular" | "unreadable";

/** The answer to a FilesRequest, files in the order they are to be read. */
export interface FilesReply {
  readonly kind: "files";
  readonly files: readonly ProvidedFile[];
  readonly skipped: readonly {
    readonly path: string;
    readonly reason: SkipReason;
    readonly detail?: string;
  }[];
  /** Each brace alternative of the pattern, and whether anything matched it. A pattern without braces is one. */
  readonly alternatives: readonly { readonly pattern: string; readonly matched: boolean }[];
}

export interface ProvidedFile {
  /** Absolute. */
  readonly path: string;
  readonly text: string;
}

/** One line, or a known block, after comments, conditions, definitions and sequences; blanks around it removed, never empty. */
export type LogicalLine = TracedText;

/** Everything read. Bad input is in the diagnostics; it is never thrown. */
export interface Reading {
  readonly kind: "done";
  readonly lines: readonly LogicalLine[];
  /** Every file read, by the name that spans use. */
  readonly sources: ReadonlyMap<string, SourceFile>;
  readonly diagnostics: readonly Diagnostic[];
}
