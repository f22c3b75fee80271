/** All that the steward measures for the elections: files and processes. */
import type { Loop } from "../host/loop.ts";
import type { Model } from "../model/model.ts";
import type { Measurement } from "../vrrp/input.ts";
import type { TrackerListener } from "./file-trackers.ts";
import { FileTrackers } from "./file-trackers.ts";
import { ProcessTrackers } from "./process-trackers.ts";

export class Trackers {
  readonly #files: FileTrackers;
  readonly #processes: ProcessTrackers;

  constructor(loop: Loop, listener: TrackerListener) {
    this.#files = new FileTrackers(loop, listener);
    this.#processes = new ProcessTrackers(loop, listener);
  }

  /** Follows the trackers of a new model; `first` is the daemon's own start. Returns the number of each. */
  configure(model: Model, first: boolean): readonly Measurement[] {
    return [
      ...this.#files.configure(model.trackFiles, first ? "start" : "reload"),
      ...this.#processes.configure(model.trackProcesses, model.global.processMonitorBuffer, new Map()),
    ];
  }

  /** Goes on after a death of this process; `told` is what was told before it. */
  resume(model: Model, told: readonly Measurement[]): readonly Measurement[] {
    const counts = new Map(
      told.filter(({ tracker }) => tracker === "process").map(({ name, value }) => [name, value]),
    );
    return [
      ...this.#files.configure(model.trackFiles, "resume"),
      ...this.#processes.configure(model.trackProcesses, model.global.processMonitorBuffer, counts),
    ];
  }

  close(): void {
    this.#files.close();
    this.#processes.close();
  }
}
