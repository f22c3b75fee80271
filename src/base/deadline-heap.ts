import type { Instant } from "./time.ts";

/**
 * Deadlines of numbered things, the earliest at hand: a binary heap that knows where each number stands. Changing one
 * costs a logarithm and allocates nothing. Equal deadlines come in the order of their numbers.
 */
export class DeadlineHeap {
  readonly #deadlines: number[];
  readonly #order: number[];
  /** Where each number stands in the order. */
  readonly #places: number[];

  /** For the numbers 0..size-1, none of which has a deadline yet. */
  constructor(size: number) {
    this.#deadlines = new Array<number>(size).fill(Number.POSITIVE_INFINITY);
    this.#order = Array.from({ length: size }, (_, index) => index);
    this.#places = Array.from({ length: size }, (_, index) => index);
  }

  set(item: number, deadline: Instant | undefined): void {
    const value = deadline ?? Number.POSITIVE_INFINITY;
    const before = this.#deadlines[item];
    if (before === undefined || before === value) return;
    this.#deadlines[item] = value;
    const place = this.#places[item] ?? 0;
    if (value < before) this.#rise(place);
    else this.#sink(place);
  }

  /** The number with the earliest deadline, or undefined if none has one. */
  first(): number | undefined {
    return this.earliest() === undefined ? undefined : this.#order[0];
  }

  earliest(): Instant | undefined {
    const deadline = this.#deadlines[this.#order[0] ?? -1];
    return deadline === undefined || deadline === Number.POSITIVE_INFINITY ? undefined : deadline;
  }

  #rise(start: number): void {
    let place = start;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!this.#before(place, parent)) return;
      this.#swap(place, parent);
      place = parent;
    }
  }

  #sink(start: number): void {
    let place = start;
    for (;;) {
      const left = 2 * place + 1;
      if (left >= this.#order.length) return;
      const right = left + 1;
      const child = right < this.#order.length && this.#before(right, left) ? right : left;
      if (!this.#before(child, place)) return;
      this.#swap(child, place);
      place = child;
    }
  }

  #before(a: number, b: number): boolean {
    const first = this.#order[a] ?? 0;
    const second = this.#order[b] ?? 0;
    const difference = (this.#deadlines[first] ?? 0) - (this.#deadlines[second] ?? 0);
    // Infinity - Infinity is NaN, which is neither less nor equal: order by number then.
    return difference < 0 || (!(difference > 0) && first < second);
  }

  #swap(a: number, b: number): void {
    const first = this.#order[a] ?? 0;
    const second = this.#order[b] ?? 0;
    this.#order[a] = second;
    this.#order[b] = first;
    this.#places[second] = a;
    this.#places[first] = b;
  }
}
