/** Files and processes that instances follow; part of the model. */
import type { Micros } from "../base/time.ts";

/** `track_file`: a file whose number, times the weight, is added to priorities. */
export interface TrackFileModel {
  readonly name: string;
  readonly path: string;
  /** Where an instance follows it without a weight of its own. */
  readonly weight: number;
  readonly reverse: boolean;
  /** `init_file`: written when the daemon starts, if the file is missing or `overwrite` is set. */
  readonly initial: { readonly value: number; readonly overwrite: boolean } | undefined;
}

/** `vrrp_track_process`: programs that are counted. */
export interface TrackProcessModel {
  readonly name: string;
  readonly match: ProcessMatch;
  /** Up while at least this many run... */
  readonly quorum: number;
  /** ...and at most this many; undefined is no limit. */
  readonly quorumMax: number | undefined;
  /** How long a gain, or a loss, must last to count. */
  readonly forkDelay: Micros;
  readonly terminateDelay: Micros;
  readonly weight: number;
  readonly reverse: boolean;
}

/** Which processes count. */
export type ProcessMatch =
  /** The kernel's name of the process, at most 15 bytes. */
  | { readonly by: "name"; readonly name: string }
  /** The command line: its first word, and its other words where `parameters` is not "any". */
  | {
      readonly by: "command";
      readonly command: string;
      /** `exact`: these and no more; `words`: these first; `text`: the last one may be longer. */
      readonly parameters: "any" | "exact" | "words" | "text";
      readonly words: readonly string[];
    };

/** How many processes are enough, and not too many. */
export type ProcessQuorum = Pick<TrackProcessModel, "name" | "quorum" | "quorumMax">;
