import { describe, expect, it } from "vitest";
import { type Candidate, slotsOf } from "./slots.ts";

function servers(...weights: number[]): Candidate[] {
  return weights.map((weight, index) => ({ id: index + 1, name: `10.0.0.${index + 1} 80`, weight }));
}

function shares(ids: readonly number[]): Record<number, number> {
  const counted: Record<number, number> = {};
  for (const id of ids) counted[id] = (counted[id] ?? 0) + 1;
  return counted;
}

describe("in turn", () => {
  it("by weight, spread evenly, with the fewest slots", () => {
    expect(slotsOf("wrr", servers(5, 3, 2)).ids).toEqual([1, 2, 3, 1, 1, 2, 1, 3, 2, 1]);
    expect(slotsOf("wlc", servers(100, 0, 50))).toEqual({ by: "turn", ids: [1, 3, 1] });
  });

  it("whatever their weight, but 0", () => {
    expect(slotsOf("rr", servers(5, 0, 2)).ids).toEqual([1, 3]);
    expect(slotsOf("rr", servers(0)).ids).toEqual([]);
  });

  it("with large weights nearly so, and nobody is left out", () => {
    const counted = shares(slotsOf("wrr", servers(65_535, 32_768, 1)).ids);
    const total = (counted[1] ?? 0) + (counted[2] ?? 0) + (counted[3] ?? 0);
    expect(total).toBeLessThanOrEqual(1025);
    expect((counted[1] ?? 0) / total).toBeCloseTo(2 / 3, 2);
    expect(counted[3]).toBe(1);
  });

  it("the heaviest alone for fo", () => {
    expect(slotsOf("fo", servers(1, 7, 3)).ids).toEqual([2]);
  });
});

describe("by hash", () => {
  it("shares follow the weights", () => {
    const { by, ids } = slotsOf("mh", servers(2, 1, 1));
    expect(by).toBe("client");
    expect(ids).toHaveLength(251);
    const counted = shares(ids);
    expect((counted[1] ?? 0) / 251).toBeCloseTo(0.5, 1);
    expect((counted[2] ?? 0) / 251).toBeCloseTo(0.25, 1);
  });

  it("few clients move when a server goes, and they come back with it", () => {
    const all = slotsOf("sh", servers(1, 1, 1, 1));
    const less = slotsOf("sh", servers(1, 1, 0, 1));
    const moved = all.ids.filter((id, slot) => id !== 3 && less.ids[slot] !== id);
    expect(moved.length).toBeLessThan(251 / 6);
    expect(slotsOf("sh", servers(1, 1, 1, 1).reverse())).toEqual(all);
  });

  it("of the destination", () => {
    expect(slotsOf("dh", servers(1)).by).toBe("service");
  });
});
