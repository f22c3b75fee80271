import { describe, expect, it } from "vitest";
import { copyPlain, differingFields, equalPlain } from "./plain.ts";

describe("copyPlain", () => {
  it("shares nothing with the original", () => {
    const original = { list: [{ n: 1 }], nothing: undefined };
    const copy = copyPlain(original);
    expect(copy).toEqual(original);
    for (const item of original.list) item.n = 2;
    expect(copy.list).toEqual([{ n: 1 }]);
  });
});

describe("equalPlain", () => {
  it("compares by value, whatever the order of properties", () => {
    expect(equalPlain({ a: 1, b: [1, { c: "x" }] }, { b: [1, { c: "x" }], a: 1 })).toBe(true);
    expect(equalPlain({ a: 1 }, { a: 2 })).toBe(false);
    expect(equalPlain([1, 2], [1])).toBe(false);
    expect(equalPlain([], {})).toBe(false);
    expect(equalPlain(null, {})).toBe(false);
  });

  it("takes an undefined property for an absent one", () => {
    expect(equalPlain({ a: undefined }, {})).toBe(true);
    expect(equalPlain({ a: undefined }, { a: null })).toBe(false);
  });
});

it("names the fields that differ", () => {
  const before: { a: number; b: readonly number[]; c?: number } = { a: 1, b: [1] };
  expect(differingFields(before, { a: 1, b: [2], c: 3 })).toEqual(["b", "c"]);
});
