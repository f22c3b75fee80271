import { describe, expect, test } from "vitest";
import { differingFields, same } from "./same.ts";

describe("same", () => {
  test("compares values, however deep", () => {
    expect(same({ a: [1, { b: "x" }] }, { a: [1, { b: "x" }] })).toBe(true);
    expect(same({ a: [1, { b: "x" }] }, { a: [1, { b: "y" }] })).toBe(false);
    expect(same([1, 2], [1, 2, 3])).toBe(false);
    expect(same([1], { 0: 1 })).toBe(false);
    expect(same(null, {})).toBe(false);
  });

  test("an absent field is undefined, on either side", () => {
    expect(same({ a: 1 }, { a: 1, b: undefined })).toBe(true);
    expect(same({ a: 1, b: 2 }, { a: 1 })).toBe(false);
    expect(same({ a: 1 }, { a: 1, b: 2 })).toBe(false);
  });

  test("names the fields that differ", () => {
    const before: { a: number; b: readonly number[]; c?: number } = { a: 1, b: [1] };
    expect(differingFields(before, { a: 1, b: [2], c: 3 })).toEqual(["b", "c"]);
  });
});
