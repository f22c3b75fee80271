/** What the reader reads from: files, the lines of definitions, and repetitions. */
import type { LineReader } from "./lexer.ts";
import type { IncludeCheck } from "./reading.ts";
import type { Sequence } from "./sequence.ts";
import type { Span } from "./source.ts";
import type { TracedText } from "./traced.ts";

/** Where the next line comes from; the innermost input is read first. */
export type Input =
  | {
      readonly kind: "file";
      readonly reader: LineReader;
      readonly directory: string;
      /** The include check that holds again after the file. */
      readonly checkBefore: IncludeCheck;
    }
  /** Lines that a multi-line definition expanded to. */
  | { readonly kind: "lines"; readonly lines: readonly TracedText[]; next: number; readonly depth: number }
  /** The rest of a line, once per value of a sequence. */
  | {
      readonly kind: "sequence";
      readonly sequence: Sequence;
      readonly rest: TracedText;
      readonly at: Span;
      next: number;
      readonly depth: number;
    };

/** A line on its way, and how many expansions brought it here. */
export interface Line {
  readonly text: TracedText;
  readonly depth: number;
}

export interface OpenDefinition {
  readonly name: string;
  readonly lines: TracedText[];
  /** How many inputs there were when it began: it ends with the innermost of them. */
  readonly inputs: number;
}
