/**
 * Counts of tracked processes. What is told is a count whose verdict (enough, not too many) is a new one and has lasted:
 * `fork_delay` after a gain, `terminate_delay` after a loss, so that a restart of a program is not a failure. Pure.
 */
import { equalPlain } from "../base/plain.ts";
import type { Instant } from "../base/time.ts";
import { isQuorate } from "../model/process-quorum.ts";
import type { ProcessMatch, TrackProcessModel } from "../model/tracker-models.ts";
import type { Measurement } from "../vrrp/input.ts";

/** A process that runs (a zombie does not). */
export interface RunningProcess {
  readonly pid: number;
  /** The kernel's name, at most 15 bytes. */
  readonly name: string;
  /** Its command line, word by word; empty for a thread of the kernel. */
  readonly words: readonly string[];
}

interface Counted {
  readonly tracker: TrackProcessModel;
  readonly pids: ReadonlySet<number>;
  /** The count last told. */
  readonly told: number | undefined;
  /** The count when the verdict was last as told: tells a gain from a loss. */
  readonly basis: number;
  /** When a new verdict has lasted long enough. */
  readonly dueAt: Instant | undefined;
}

export class ProcessCounts {
  readonly #counted = new Map<string, Counted>();

  /**
   * Takes the trackers of a configuration and all processes that run. `told` is what an earlier life told: it is not told
   * again at once where delays say to wait. Returns one measurement for each tracker.
   */
  configure(
    now: Instant,
    trackers: readonly TrackProcessModel[],
    processes: readonly RunningProcess[],
    told: ReadonlyMap<string, number> = new Map(),
  ): readonly Measurement[] {
    const before = new Map(this.#counted);
    this.#counted.clear();
    for (const tracker of trackers) {
      const previous = before.get(tracker.name);
      const known = equalPlain(previous?.tracker, tracker) ? previous : undefined;
      const last = known?.told ?? (previous === undefined ? told.get(tracker.name) : undefined);
      this.#counted.set(tracker.name, {
        tracker,
        pids: new Set(),
        told: last,
        basis: known?.basis ?? last ?? 0,
        dueAt: known?.dueAt,
      });
    }
    this.scanned(now, processes);
    return trackers.map(({ name }) => measurement(name, this.#counted.get(name)?.told ?? 0));
  }

  /** All processes that run. */
  scanned(now: Instant, processes: readonly RunningProcess[]): readonly Measurement[] {
    return this.#update(now, ({ match }) => {
      const matching = processes.filter((one) => matchesProcess(match, one));
      return new Set(matching.map(({ pid }) => pid));
    });
  }

  /** Some processes that are new or have another name, and some that have ended. */
  changed(now: Instant, seen: readonly RunningProcess[], ended: readonly number[]): readonly Measurement[] {
    return this.#update(now, ({ match }, before) => {
      const pids = new Set(before);
      for (const pid of ended) pids.delete(pid);
      for (const one of seen) {
        if (matchesProcess(match, one)) pids.add(one.pid);
        else pids.delete(one.pid);
      }
      return pids;
    });
  }

  clockReached(now: Instant): readonly Measurement[] {
    return this.#update(now, (_, before) => before);
  }

  nextDeadline(): Instant | undefined {
    const due = [...this.#counted.values()].flatMap(({ dueAt }) => (dueAt === undefined ? [] : [dueAt]));
    return due.length === 0 ? undefined : Math.min(...due);
  }

  #update(
    now: Instant,
    count: (tracker: TrackProcessModel, before: ReadonlySet<number>) => ReadonlySet<number>,
  ): readonly Measurement[] {
    const told: Measurement[] = [];
    for (const [name, counted] of this.#counted) {
      const next = judge({ ...counted, pids: count(counted.tracker, counted.pids) }, now);
      if (next.told !== undefined && next.told !== counted.told) told.push(measurement(name, next.told));
      this.#counted.set(name, next);
    }
    return told;
  }
}

/** Whether a process is one of those that a tracker counts. */
export function matchesProcess(match: ProcessMatch, { name, words }: RunningProcess): boolean {
  if (match.by === "name") return name === match.name;
  const [command, ...parameters] = words;
  if (command !== match.command) return false;
  switch (match.parameters) {
    case "any":
      return true;
    case "exact":
      return parameters.length === match.words.length && beginsWith(parameters, match.words);
    case "words":
      return beginsWith(parameters, match.words);
    case "text": {
      const last = match.words.length - 1;
      if (last < 0) return true;
      return (
        beginsWith(parameters, match.words.slice(0, last)) &&
        parameters[last]?.startsWith(match.words[last] ?? "") === true
      );
    }
  }
}

function beginsWith(list: readonly string[], beginning: readonly string[]): boolean {
  return beginning.every((word, index) => list[index] === word);
}

function judge(counted: Counted, now: Instant): Counted {
  const { tracker, told, basis, dueAt } = counted;
  const count = counted.pids.size;
  if (told === undefined) return { ...counted, told: count, basis: count, dueAt: undefined };
  if (isQuorate(tracker, count) === isQuorate(tracker, told)) {
    return { ...counted, basis: count, dueAt: undefined };
  }
  const due = dueAt ?? now + (count > basis ? tracker.forkDelay : tracker.terminateDelay);
  if (due > now) return { ...counted, dueAt: due };
  return { ...counted, told: count, basis: count, dueAt: undefined };
}

function measurement(name: string, value: number): Measurement {
  return { tracker: "process", name, value };
}
