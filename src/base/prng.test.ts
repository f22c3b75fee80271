import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Prng } from "./prng.ts";

/** Made with another implementation of mulberry32. */
const FIRST_OF_SEED_1 = [2693262067, 11749833, 2265367787];

describe("Prng", () => {
  it("repeats itself for a seed, on every platform", () => {
    const prng = new Prng(1);
    expect([prng.uint32(), prng.uint32(), prng.uint32()]).toEqual(FIRST_OF_SEED_1);
    expect(new Prng(2).uint32()).not.toBe(new Prng(1).uint32());
  });

  it("goes on from a state", () => {
    const prng = new Prng(7);
    prng.uint32();
    const twin = new Prng(prng.state);
    expect([twin.uint32(), twin.uint32()]).toEqual([prng.uint32(), prng.uint32()]);
  });

  it("stays within its bounds and reaches them", () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: -1000, max: 1000 }), fc.nat(3), (seed, low, span) => {
        const prng = new Prng(seed);
        const seen = new Set(Array.from({ length: 200 }, () => prng.integer(low, low + span)));
        expect([...seen].sort((a, b) => a - b)).toEqual(Array.from({ length: span + 1 }, (_, i) => low + i));
      }),
    );
  });

  it("is spread evenly enough", () => {
    const prng = new Prng(42);
    const counts = new Array<number>(16).fill(0);
    for (let round = 0; round < 16_000; round++) {
      const slot = Math.floor(prng.fraction() * 16);
      counts[slot] = (counts[slot] ?? 0) + 1;
    }
    expect(Math.min(...counts)).toBeGreaterThan(850);
    expect(Math.max(...counts)).toBeLessThan(1150);
  });

  it("knows never and always, and picks what is there", () => {
    const prng = new Prng(7);
    const rounds = Array.from({ length: 100 }, (_, index) => index);
    expect(rounds.some(() => prng.chance(0))).toBe(false);
    expect(rounds.every(() => prng.chance(1))).toBe(true);
    expect(new Set(rounds.map(() => prng.pick(["a", "b", "c"])))).toEqual(new Set(["a", "b", "c"]));
    expect(() => prng.pick([])).toThrow(RangeError);
  });
});
