/** Watches tracked files from the steward: the directory of each, and the number it holds. */
import { basename, dirname } from "node:path";
import { formatOsError } from "../base/result.ts";
import { seconds } from "../base/time.ts";
import { DirectoryWatches } from "../host/inotify.ts";
import type { Loop, Timer } from "../host/loop.ts";
import { initialiseFile, readBeginning } from "../host/tracked-file.ts";
import type { TrackFileModel } from "../model/tracker-models.ts";
import { parseTrackedValue } from "../supervise/tracked-value.ts";
import type { Measurement } from "../vrrp/input.ts";

/** A directory that is not there is looked for again after this. */
const RETRY = seconds(1);

export interface TrackerListener {
  measured(measurements: readonly Measurement[]): void;
  /** Something keeps a tracker from being followed as asked; told once for each reason. */
  trouble(tracker: string, error: string): void;
}

export class FileTrackers {
  readonly #loop: Loop;
  readonly #listener: TrackerListener;
  readonly #retryTimer: Timer;
  #watches: DirectoryWatches | undefined;
  #files: readonly TrackFileModel[] = [];
  readonly #values = new Map<string, number>();
  /** Directories that are to be watched; true where they are. */
  readonly #watched = new Map<string, boolean>();
  readonly #told = new Set<string>();

  constructor(loop: Loop, listener: TrackerListener) {
    this.#loop = loop;
    this.#listener = listener;
    this.#retryTimer = loop.timer(() => this.#watchMissing());
  }

  /**
   * Watches these from now on. Returns what each of them holds. At the start of the daemon `init_file` creates and
   * overwrites files, at a reload it creates those that are new, and after a death of this process it does nothing.
   */
  configure(files: readonly TrackFileModel[], when: "start" | "reload" | "resume"): readonly Measurement[] {
    const known = new Set(this.#files.map(({ path }) => path));
    this.#files = files;
    this.#values.clear();
    this.#watchDirectories(new Set(files.map(({ path }) => dirname(path))));
    for (const file of files) {
      if (when === "start" || (when === "reload" && !known.has(file.path))) this.#initialise(file, when);
    }
    this.#watchMissing();
    for (const file of files) this.#values.set(file.name, this.#read(file));
    return files.map(({ name }) => ({ tracker: "file", name, value: this.#values.get(name) ?? 0 }));
  }

  close(): void {
    this.#retryTimer.close();
    this.#watches?.close();
  }

  #watchDirectories(wanted: ReadonlySet<string>): void {
    for (const directory of [...this.#watched.keys()]) {
      if (wanted.has(directory)) continue;
      this.#watches?.unwatch(directory);
      this.#watched.delete(directory);
    }
    for (const directory of wanted) if (!this.#watched.has(directory)) this.#watched.set(directory, false);
    if (wanted.size === 0 || this.#watches !== undefined) return;
    this.#watches = new DirectoryWatches(this.#loop, {
      changed: (directory, name) => this.#changed(directory, name),
      gone: (directory) => {
        if (this.#watched.has(directory)) this.#watched.set(directory, false);
        this.#watchMissing();
        this.#changed(directory, undefined);
      },
    });
  }

  #watchMissing(): void {
    let missing = false;
    for (const [directory, isWatched] of this.#watched) {
      if (isWatched) continue;
      const error = this.#watches?.watch(directory);
      if (error === undefined) {
        this.#watched.set(directory, true);
        this.#changed(directory, undefined);
        continue;
      }
      missing = true;
      this.#trouble(directory, `${formatOsError(error)}; it is looked for again every second`);
    }
    this.#retryTimer.set(missing ? this.#loop.now() + RETRY : undefined);
  }

  #initialise({ initial, path, name }: TrackFileModel, when: "start" | "reload"): void {
    if (initial === undefined) return;
    try {
      initialiseFile(path, `${initial.value}\n`, initial.overwrite && when === "start");
    } catch (error) {
      this.#trouble(name, (error as Error).message);
    }
  }

  #changed(directory: string, name: string | undefined): void {
    const changed: Measurement[] = [];
    for (const file of this.#files) {
      if (dirname(file.path) !== directory || (name !== undefined && basename(file.path) !== name)) continue;
      const before = this.#values.get(file.name);
      // Before the first reading nobody waits for news.
      if (before === undefined) continue;
      const value = this.#read(file);
      if (value === before) continue;
      this.#values.set(file.name, value);
      changed.push({ tracker: "file", name: file.name, value });
    }
    if (changed.length > 0) this.#listener.measured(changed);
  }

  #read({ name, path }: TrackFileModel): number {
    try {
      return parseTrackedValue(readBeginning(path) ?? "");
    } catch (error) {
      this.#trouble(name, `${(error as Error).message}; it counts as 0`);
      return 0;
    }
  }

  #trouble(tracker: string, error: string): void {
    const text = `${tracker}: ${error}`;
    if (this.#told.has(text)) return;
    this.#told.add(text);
    this.#listener.trouble(tracker, error);
  }
}
