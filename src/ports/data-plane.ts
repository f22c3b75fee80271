/**
 * What keeps the director's services in the kernel. Nothing waits on the loop: every request is answered later, in the order
 * in which they were made.
 */
import type { OsError, Result } from "../base/result.ts";
import type { FoundService, TableChange, TableRefusal } from "../director/table.ts";
import type { LvsTimeouts, SyncDaemonModel } from "../model/director-models.ts";

/** Which ends of connection synchronisation run. */
export type SyncRole = "master" | "backup" | "both" | "none";

export type Done = (error: OsError | undefined) => void;

/** An answer, or the step that was refused. */
export type Answer<Value> = (result: Result<Value, OsError>) => void;

export interface DataPlane {
  /** For people: `IPVS 1.2.1`, `nftables`. */
  readonly name: string;
  /** The whole table with its counters, whoever made it. */
  read(done: Answer<readonly FoundService[]>): void;
  /** Tries every step; calls back with those that were refused. */
  change(changes: readonly TableChange[], done: (refusals: readonly TableRefusal[]) => void): void;
  /** Empties the table. */
  flush(done: Done): void;
  /** Makes these ends run with these settings, and no others. */
  setSyncDaemon(daemon: SyncDaemonModel, role: SyncRole, done: Done): void;
  readTimeouts(done: Answer<LvsTimeouts>): void;
  /** Those that are undefined stay as they are. */
  setTimeouts(timeouts: LvsTimeouts, done: Done): void;
  /** From now on tells when somebody else may have changed the table; a plane that hears of nothing tells nothing. */
  watch(disturbed: () => void): void;
  /** What waits is dropped without an answer. */
  close(): void;
}
