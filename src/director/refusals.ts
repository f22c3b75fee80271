/** Steps that the kernel refused, and when they are tried again. */
import type { Instant, Micros } from "../base/time.ts";
import { seconds } from "../base/time.ts";
import type { RefusalMemory } from "./memory.ts";
import { type Steps, stepDestination } from "./reconcile.ts";
import type { TableChange } from "./table.ts";

/** 1 s, 2 s, 4 s ... 64 s after the first, second, third ... failure. */
export function backoff(attempts: number): Micros {
  return seconds(2 ** Math.min(attempts - 1, 6));
}

export class Refusals {
  /** By endpoint, then by destination; nothing for the service itself. */
  readonly #byEndpoint = new Map<string, Map<string, RefusalMemory>>();
  /** No refusal is due before this. */
  #retryAt: Instant | undefined;

  constructor(list: readonly RefusalMemory[]) {
    for (const refusal of list) this.#put(refusal);
  }

  get list(): readonly RefusalMemory[] {
    return [...this.#byEndpoint.values()].flatMap((refusals) => [...refusals.values()]);
  }

  get isEmpty(): boolean {
    return this.#byEndpoint.size === 0;
  }

  get retryAt(): Instant | undefined {
    return this.#retryAt;
  }

  /** Endpoints whose refused steps are to be tried again. */
  takeDue(now: Instant): readonly string[] {
    if (this.#retryAt === undefined || now < this.#retryAt) return [];
    const due = new Set<string>();
    this.#retryAt = undefined;
    for (const { endpoint, retryAt } of this.list) {
      if (retryAt <= now) due.add(endpoint);
      else this.#retryAt = Math.min(this.#retryAt ?? retryAt, retryAt);
    }
    return [...due];
  }

  /** Notes a refusal; returns how many there were in a row. */
  refuse(endpoint: string, destination: string, now: Instant): number {
    const attempts = (this.#byEndpoint.get(endpoint)?.get(destination)?.attempts ?? 0) + 1;
    this.#put({ endpoint, destination, attempts, retryAt: now + backoff(attempts) });
    return attempts;
  }

  forget(endpoint: string, destination: string): void {
    const refusals = this.#byEndpoint.get(endpoint);
    if (refusals?.delete(destination) === true && refusals.size === 0) this.#byEndpoint.delete(endpoint);
  }

  forgetAll(endpoint: string): void {
    this.#byEndpoint.delete(endpoint);
  }

  /** Forgets what is no longer asked for; says which of the steps are to wait, if any. */
  sift(
    endpoint: string,
    steps: Steps,
    now: Instant,
  ): { waiting: ((step: TableChange) => boolean) | undefined } {
    const refusals = this.#byEndpoint.get(endpoint);
    if (refusals === undefined) return { waiting: undefined };
    const asked = new Set([...steps.puts, ...steps.removals].map(stepDestination));
    for (const destination of [...refusals.keys()]) {
      if (!asked.has(destination)) this.forget(endpoint, destination);
    }
    const waits = (destination: string): boolean => (refusals.get(destination)?.retryAt ?? now) > now;
    const isAdded = steps.puts.some(({ kind }) => kind === "AddService");
    // Without its service no destination can be added.
    return { waiting: (step) => waits(stepDestination(step)) || (isAdded && waits("")) };
  }

  #put(refusal: RefusalMemory): void {
    const { endpoint, destination, retryAt } = refusal;
    const refusals = this.#byEndpoint.get(endpoint);
    if (refusals === undefined) this.#byEndpoint.set(endpoint, new Map([[destination, refusal]]));
    else refusals.set(destination, refusal);
    this.#retryAt = Math.min(this.#retryAt ?? retryAt, retryAt);
  }
}
