/** Watches directories for names that were written and closed, removed or renamed. */
import type { OsError } from "../base/result.ts";
import {
  decodeInotifyEvents,
  IN_CLOSE_WRITE,
  IN_DELETE,
  IN_DELETE_SELF,
  IN_IGNORED,
  IN_MOVE_SELF,
  IN_MOVED_FROM,
  IN_MOVED_TO,
  IN_ONLYDIR,
  IN_Q_OVERFLOW,
} from "../wire/inotify.ts";
import type { Loop, Registration } from "./loop.ts";
import { check, native, osError } from "./native.ts";

const WANTED =
  IN_CLOSE_WRITE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
const GONE = IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED;

export interface DirectoryListener {
  /** A name within a watched directory; undefined: anything may have changed there. */
  changed(directory: string, name: string | undefined): void;
  /** The directory itself was removed or renamed: it is not watched any more. */
  gone(directory: string): void;
}

export class DirectoryWatches {
  readonly #listener: DirectoryListener;
  readonly #fd: number;
  readonly #registration: Registration;
  readonly #buffer = new Uint8Array(64 * 1024);
  readonly #directories = new Map<number, string>();

  /** Throws SystemError where the system has no more room for watchers. */
  constructor(loop: Loop, listener: DirectoryListener) {
    this.#listener = listener;
    this.#fd = check("inotify_init1", "directories", native.inotifyOpen());
    this.#registration = loop.onReadable(this.#fd, () => this.#read());
  }

  /** What kept the directory from being watched, or undefined. */
  watch(directory: string): OsError | undefined {
    const watch = native.inotifyWatch(this.#fd, directory, WANTED);
    if (watch < 0) return osError("inotify_add_watch", directory, watch);
    this.#directories.set(watch, directory);
    return undefined;
  }

  unwatch(directory: string): void {
    for (const [watch, name] of this.#directories) {
      if (name !== directory) continue;
      this.#directories.delete(watch);
      // It is gone already where the directory is.
      native.inotifyUnwatch(this.#fd, watch);
    }
  }

  close(): void {
    this.#registration.close();
    native.close(this.#fd);
  }

  #read(): void {
    for (;;) {
      const length = native.inotifyRead(this.#fd, this.#buffer);
      if (length <= 0) return;
      for (const { watch, mask, name } of decodeInotifyEvents(this.#buffer.subarray(0, length))) {
        if ((mask & IN_Q_OVERFLOW) !== 0) {
          for (const directory of this.#directories.values()) this.#listener.changed(directory, undefined);
          continue;
        }
        const directory = this.#directories.get(watch);
        if (directory === undefined) continue;
        if ((mask & GONE) === 0) {
          this.#listener.changed(directory, name);
          continue;
        }
        this.unwatch(directory);
        this.#listener.gone(directory);
      }
    }
  }
}
