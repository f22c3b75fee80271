/** Reads a configuration with its includes, conditions, definitions and sequences, as a step machine that opens no file itself. */
import { BugError } from "../base/assert.ts";
import type { FilesReply, FilesRequest, Reading, ReadingOptions } from "./reading.ts";

/** A reading in progress. */
export interface Reader {
  /** Works until a file is needed or everything is read. Asked again without an answer, it repeats its request. */
  next(): FilesRequest | Reading;
  /** Answers the last request. */
  provide(reply: FilesReply): void;
}

export function startReading(_options: ReadingOptions): Reader {
  throw new BugError("the reader is not there");
}

/** Drives a reader to its end with a synchronous answerer (`findFiles` of glob.ts makes one). */
export function readConfiguration(
  options: ReadingOptions,
  answer: (request: FilesRequest) => FilesReply,
): Reading {
  const reader = startReading(options);
  for (;;) {
    const step = reader.next();
    if (step.kind === "done") return step;
    reader.provide(answer(step));
  }
}
