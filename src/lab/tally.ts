/** What became of the pages that a client asked for in some span of time. Pure. */
import type { Instant, Micros } from "../base/time.ts";
import type { Page } from "./report.ts";

export interface Tally {
  readonly asked: number;
  readonly failed: number;
  /** From the first page that failed to the last, by when they were asked for; 0 if at most one did. */
  readonly failedFor: Micros;
  readonly byServer: ReadonlyMap<string, number>;
}

/** Of the pages asked for from one instant on, and before another. */
export function tally(pages: readonly Page[], from: Instant, to: Instant): Tally {
  const asked = pages.filter(({ askedAt }) => askedAt >= from && askedAt < to);
  const failures = asked.filter(({ server }) => server === undefined).map(({ askedAt }) => askedAt);
  const byServer = new Map<string, number>();
  for (const { server } of asked) {
    if (server !== undefined) byServer.set(server, (byServer.get(server) ?? 0) + 1);
  }
  return {
    asked: asked.length,
    failed: failures.length,
    failedFor: failures.length === 0 ? 0 : Math.max(...failures) - Math.min(...failures),
    byServer,
  };
}

/** Answered pages of all that were asked for, in per cent. */
export function successRate({ asked, failed }: Tally): number {
  return asked === 0 ? 0 : (100 * (asked - failed)) / asked;
}

/** By how many pages the server that is furthest from its share by weight is off it. */
export function furthestOff({ byServer }: Tally, weights: ReadonlyMap<string, number>): number {
  const answers = sum(byServer.values());
  const weight = sum(weights.values());
  const names = new Set([...byServer.keys(), ...weights.keys()]);
  return Math.max(
    ...[...names].map((name) =>
      Math.abs((byServer.get(name) ?? 0) - (answers * (weights.get(name) ?? 0)) / weight),
    ),
  );
}

export function sum(numbers: Iterable<number>): number {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
}
