import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DeadlineHeap } from "./deadline-heap.ts";

describe("DeadlineHeap", () => {
  it("always knows the earliest deadline, and of equals the lowest number", () => {
    const change = fc.tuple(fc.nat(7), fc.option(fc.nat(20), { nil: undefined }));
    fc.assert(
      fc.property(fc.array(change), (changes) => {
        const heap = new DeadlineHeap(8);
        const plain = new Array<number | undefined>(8).fill(undefined);
        for (const [item, deadline] of changes) {
          heap.set(item, deadline);
          plain[item] = deadline;
          const set = plain.filter((value) => value !== undefined);
          const earliest = set.length === 0 ? undefined : Math.min(...set);
          expect(heap.earliest()).toBe(earliest);
          expect(heap.first()).toBe(earliest === undefined ? undefined : plain.indexOf(earliest));
        }
      }),
    );
  });
});
