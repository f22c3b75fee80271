/** Counts tracked processes from the steward: by the kernel's events, or by looking at /proc every second. */
import { formatOsError } from "../base/result.ts";
import { seconds } from "../base/time.ts";
import type { Loop, Registration, Timer } from "../host/loop.ts";
import type { ReceiveBuffer } from "../host/process-table.ts";
import { readProcess, scanProcesses, watchProcesses } from "../host/process-table.ts";
import type { TrackProcessModel } from "../model/tracker-models.ts";
import { ProcessCounts } from "../supervise/process-counts.ts";
import type { Measurement } from "../vrrp/input.ts";
import type { TrackerListener } from "./file-trackers.ts";

const SCAN_INTERVAL = seconds(1);

export class ProcessTrackers {
  readonly #loop: Loop;
  readonly #listener: TrackerListener;
  readonly #counts = new ProcessCounts();
  readonly #delayTimer: Timer;
  readonly #scanTimer: Timer;
  #events: Registration | undefined;
  #scanning = false;

  constructor(loop: Loop, listener: TrackerListener) {
    this.#loop = loop;
    this.#listener = listener;
    this.#delayTimer = loop.timer((now) => this.#tell(this.#counts.clockReached(now)));
    this.#scanTimer = loop.timer(() => this.#scan());
  }

  /** Counts these from now on; `told` is what an earlier life of this process told. Returns the count of each. */
  configure(
    trackers: readonly TrackProcessModel[],
    buffer: ReceiveBuffer | undefined,
    told: ReadonlyMap<string, number>,
  ): readonly Measurement[] {
    if (trackers.length === 0) this.#rest();
    // Listening comes before looking, so that nothing falls between.
    else if (this.#events === undefined && !this.#scanning) this.#listen(buffer);
    const processes = trackers.length === 0 ? [] : scanProcesses();
    const measured = this.#counts.configure(this.#loop.now(), trackers, processes, told);
    this.#delayTimer.set(this.#counts.nextDeadline());
    return measured;
  }

  close(): void {
    this.#rest();
    this.#delayTimer.close();
    this.#scanTimer.close();
  }

  #listen(buffer: ReceiveBuffer | undefined): void {
    const events = watchProcesses(this.#loop, buffer, {
      changed: (pids, ended) => {
        const seen = pids.map(readProcess).filter((process) => process !== undefined);
        const alive = new Set(seen.map(({ pid }) => pid));
        const gone = [...ended, ...pids.filter((pid) => !alive.has(pid))];
        this.#tell(this.#counts.changed(this.#loop.now(), seen, gone));
      },
      lost: () => this.#tell(this.#counts.scanned(this.#loop.now(), scanProcesses())),
    });
    if ("close" in events) {
      this.#events = events;
      return;
    }
    this.#scanning = true;
    this.#scanTimer.set(this.#loop.now() + SCAN_INTERVAL);
    this.#listener.trouble(
      "track_process",
      `${formatOsError(events)}: processes are counted once a second instead`,
    );
  }

  #scan(): void {
    this.#tell(this.#counts.scanned(this.#loop.now(), scanProcesses()));
    this.#scanTimer.set(this.#loop.now() + SCAN_INTERVAL);
  }

  #rest(): void {
    this.#events?.close();
    this.#events = undefined;
    this.#scanning = false;
    this.#scanTimer.set(undefined);
  }

  #tell(measured: readonly Measurement[]): void {
    if (measured.length > 0) this.#listener.measured(measured);
    this.#delayTimer.set(this.#counts.nextDeadline());
  }
}
