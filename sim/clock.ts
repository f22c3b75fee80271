/**
 * Virtual time: a queue of things that will happen, ordered by instant and, within one instant, by the order in which
 * they were planned. Nothing runs between them, so a run depends on its inputs only.
 */
import { assert } from "../src/base/assert.ts";
import type { Instant } from "../src/base/time.ts";

/** Something planned; `cancel` makes it never happen. */
export interface Planned {
  readonly at: Instant;
  cancel(): void;
}

interface Entry {
  readonly at: Instant;
  readonly order: number;
  run: (() => void) | undefined;
}

export class VirtualClock {
  #now: Instant = 0;
  #order = 0;
  /** A binary heap: the earliest entry is first. */
  readonly #heap: Entry[] = [];

  get now(): Instant {
    return this.#now;
  }

  /** Plans `run` for `at`, or for this instant if that has passed. */
  at(at: Instant, run: () => void): Planned {
    assert(Number.isInteger(at), `instant ${at} is no whole number of microseconds`);
    const entry: Entry = { at: Math.max(at, this.#now), order: this.#order++, run };
    this.#push(entry);
    return {
      at: entry.at,
      cancel() {
        entry.run = undefined;
      },
    };
  }

  /** Lets everything happen that is planned up to and including `until`, and leaves the clock there. */
  runUntil(until: Instant): void {
    for (;;) {
      const first = this.#heap[0];
      if (first === undefined || first.at > until) break;
      this.#pop();
      if (first.run === undefined) continue;
      this.#now = first.at;
      first.run();
    }
    this.#now = Math.max(this.#now, until);
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let index = heap.push(entry) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || !isBefore(entry, above)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let index = 0;
    for (;;) {
      const left = heap[2 * index + 1];
      const right = heap[2 * index + 2];
      if (left === undefined) break;
      const takesRight = right !== undefined && isBefore(right, left);
      const child = takesRight ? right : left;
      if (!isBefore(child, last)) break;
      heap[index] = child;
      index = 2 * index + (takesRight ? 2 : 1);
    }
    heap[index] = last;
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
