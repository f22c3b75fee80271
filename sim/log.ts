/**
 * The record of a run, as text. All of it goes into a hash, so that two runs can be compared; only the last lines are
 * kept, unless a sink takes every line.
 */
import type { Instant } from "../src/base/time.ts";
import { MICROS_PER_SECOND } from "../src/base/time.ts";

const KEPT_LINES = 40;

export class SimLog {
  #low = 0x811c9dc5;
  #high = 0x1234567;
  #count = 0;
  readonly #kept: string[] = [];
  readonly #sink: ((line: string) => void) | undefined;

  constructor(sink?: (line: string) => void) {
    this.#sink = sink;
  }

  add(at: Instant, who: string, text: string): void {
    const line = `${(at / MICROS_PER_SECOND).toFixed(6)} ${who} ${text}`;
    this.#mix(line);
    this.#kept[this.#count++ % KEPT_LINES] = line;
    this.#sink?.(line);
  }

  get lines(): number {
    return this.#count;
  }

  /** Two 32-bit hashes over every line, in hex. */
  get digest(): string {
    return `${hex(this.#low)}${hex(this.#high)}`;
  }

  /** The last 40 lines, oldest first. */
  tail(): string[] {
    const start = this.#count % KEPT_LINES;
    return this.#count <= KEPT_LINES
      ? [...this.#kept]
      : [...this.#kept.slice(start), ...this.#kept.slice(0, start)];
  }

  #mix(line: string): void {
    let low = this.#low;
    let high = this.#high;
    for (let index = 0; index < line.length; index++) {
      const code = line.charCodeAt(index);
      low = Math.imul(low ^ code, 0x01000193);
      high = Math.imul(high + code, 0x9e3779b1) ^ (high >>> 15);
    }
    this.#low = low;
    this.#high = high;
  }
}

function hex(value: number): string {
  return (value >>> 0).toString(16).padStart(8, "0");
}
