/**
 * Text that remembers where each character was written, while definitions are put into it and pieces cut out of it.
 */
import type { Span } from "./source.ts";

/** A stretch of text with one origin. */
export interface Segment {
  readonly text: string;
  readonly span: Span;
  /** The text is what stands at the span, character by character; otherwise every character maps to the whole span. */
  readonly exact: boolean;
  /** Not syntax: braces, quotes and comment characters in it are ordinary. */
  readonly literal: boolean;
}

/** Immutable text with origins. Positions are indices into `text`. */
export interface TracedText {
  readonly text: string;
  readonly segments: readonly Segment[];
  /** Where the text would stand if it were empty. */
  readonly origin: Span;
}
