/** Part of the model: what is run. */

/** A command as it will be run: argv[0] is the path as configured. */
export interface CommandModel {
  readonly path: string;
  readonly argv: readonly string[];
  readonly uid: number;
  readonly gid: number;
  /** Supplementary groups; empty means none. */
  readonly groups: readonly number[];
}
