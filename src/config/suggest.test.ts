import fc from "fast-check";
import { expect, test } from "vitest";
import { didYouMean, editDistance, suggest } from "./suggest.ts";

test.each([
  ["priority", "priority", 0],
  ["priorty", "priority", 1],
  ["priroity", "priority", 1],
  ["abc", "xyz", 3],
  ["", "ab", 2],
])("the distance of %s and %s is %i", (a, b, distance) => {
  expect(editDistance(a, b, 10)).toBe(distance);
});

test("gives up at the bound", () => {
  expect(editDistance("interface", "nopreempt", 2)).toBe(3);
  expect(editDistance("a", "abcdefgh", 2)).toBe(3);
});

test("finds the nearest name, and none where none is near", () => {
  const names = ["priority", "interface", "virtual_router_id", "state"];
  expect(suggest("prioritty", names)).toBe("priority");
  expect(suggest("Virtual-Router-ID", names)).toBe("virtual_router_id");
  expect(suggest("frobnicate", names)).toBeUndefined();
  expect(suggest("x", ["y"])).toBeUndefined();
  expect(suggest("x".repeat(500), ["x".repeat(499)])).toBeUndefined();
  expect(didYouMean("stat", names)).toBe("did you mean 'state'?");
});

test("the distance is symmetric and zero only for equals", () => {
  const word = fc.string({ maxLength: 8, unit: fc.constantFrom("a", "b", "c") });
  fc.assert(
    fc.property(word, word, (a, b) => {
      expect(editDistance(a, b, 20)).toBe(editDistance(b, a, 20));
      expect(editDistance(a, b, 20) === 0).toBe(a === b);
    }),
  );
});
