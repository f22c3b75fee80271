/** Part of the model: the files that signals ask for. */

/** Where dumps go, and in which form; paths that end with `/` are directories. */
export interface DumpModel {
  readonly jsonVersion: 1 | 2;
  /** The daemon's `instance` is part of the names (`data_use_instance`). */
  readonly useInstance: boolean;
  readonly state: string | undefined;
  readonly stats: string | undefined;
  readonly json: string | undefined;
}
