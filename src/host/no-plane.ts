/** Stands where there is no data plane: refuses everything, and says why. */
import type { OsError } from "../base/result.ts";
import { fail } from "../base/result.ts";
import type { FoundService, TableChange, TableRefusal } from "../director/table.ts";
import type { LvsTimeouts, SyncDaemonModel } from "../model/director-models.ts";
import type { Answer, DataPlane, Done, SyncRole } from "../ports/data-plane.ts";

export class NoPlane implements DataPlane {
  readonly name = "none";
  readonly #why: OsError;

  constructor(why: OsError) {
    this.#why = why;
  }

  read(done: Answer<readonly FoundService[]>): void {
    queueMicrotask(() => done(fail(this.#why)));
  }

  change(changes: readonly TableChange[], done: (refusals: readonly TableRefusal[]) => void): void {
    queueMicrotask(() => done(changes.map((_, index) => ({ index, error: this.#why }))));
  }

  flush(done: Done): void {
    queueMicrotask(() => done(this.#why));
  }

  setSyncDaemon(_daemon: SyncDaemonModel, _role: SyncRole, done: Done): void {
    queueMicrotask(() => done(this.#why));
  }

  readTimeouts(done: Answer<LvsTimeouts>): void {
    queueMicrotask(() => done(fail(this.#why)));
  }

  setTimeouts(_timeouts: LvsTimeouts, done: Done): void {
    queueMicrotask(() => done(this.#why));
  }

  watch(): void {
    // Nothing is there to be changed.
  }

  close(): void {
    // There is nothing to close.
  }
}
