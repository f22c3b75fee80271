import { describe, expect, it } from "vitest";
import { simulateDirector } from "./simulate.ts";

const SEEDS = process.env.BUOY_LONG === undefined ? 150 : 10_000;
const SLICE = 50;

/** What must have happened for the run to mean anything, and at least how often. */
const EXPECTED: readonly (readonly [string, number])[] = [
  ["ServerChanged up", 500],
  ["ServerChanged down", 500],
  ["QuorumChanged up", 200],
  ["QuorumChanged down", 200],
  ["SorryServer", 200],
  ["WeightChanged up", 500],
  ["WeightChanged down", 500],
  ["CheckFailed", 500],
  ["CheckOverdue", 20],
  ["ChecksBlocked", 50],
  ["ChecksUnblocked", 50],
  ["Suspended", 50],
  ["Drained", 20],
  ["TableDiffered", 50],
  ["TableRefused", 100],
  ["reload", 100],
  ["meddling", 50],
  ["answer lost", 50],
  ["twin", 50],
  ["death", 50],
];

describe("the director's world", () => {
  const tally = new Map<string, number>();

  for (let first = 0; first < SEEDS; first += SLICE) {
    it(`keeps every invariant in seeds ${first} to ${first + SLICE - 1}`, () => {
      for (let seed = first; seed < first + SLICE; seed++) {
        const { failure, tally: seen } = simulateDirector(seed);
        if (failure !== undefined)
          expect.fail([`seed ${seed}: ${failure.message}`, ...failure.tail].join("\n"));
        for (const [what, count] of seen) tally.set(what, (tally.get(what) ?? 0) + count);
      }
    }, 120_000);
  }

  it("has met everything that it is there for", () => {
    const rare = EXPECTED.filter(([what, least]) => (tally.get(what) ?? 0) < least);
    expect(rare, [...tally].map(([what, count]) => `${what}: ${count}`).join("\n")).toEqual([]);
  });

  it("has one log for one seed", () => {
    const digests = new Set<string>();
    for (const seed of [1, 2, 3]) {
      const { digest } = simulateDirector(seed);
      expect(simulateDirector(seed).digest).toBe(digest);
      digests.add(digest);
    }
    expect(digests.size).toBe(3);
  });
});
