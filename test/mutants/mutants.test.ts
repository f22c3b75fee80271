import { describe, expect, it } from "vitest";
import { search } from "./harness.ts";
import { MUTANTS } from "./mutants.ts";

const SEEDS = 2_000;
const PATIENCE_MS = 110_000;

describe("the simulator", () => {
  it(
    "finds nothing in the core as it is",
    async () => {
      const found = await search(undefined, 0, 199, "all");
      expect(found.foundIn, found.output).toBeUndefined();
    },
    PATIENCE_MS,
  );

  it("says so where a mutant does not fit the sources", async () => {
    const [mutant] = MUTANTS;
    if (mutant === undefined) throw new Error("no mutants");
    await expect(search({ ...mutant, find: "no such text" }, 0, 0, "all")).rejects.toThrow("0 places");
  });

  // The rest are looked for in the long runs.
  const sought = process.env.BUOY_LONG === undefined ? MUTANTS.filter(({ isLong }) => !isLong) : MUTANTS;

  describe.each(sought)("finds the mutant: $name", (mutant) => {
    it(
      `${mutant.effect}`,
      async () => {
        const found = await search(mutant, 0, SEEDS - 1, "all");
        expect(found.foundIn, found.output).toBeDefined();
      },
      PATIENCE_MS,
    );

    it.runIf(mutant.showsInWorld)(
      "without following single steps",
      async () => {
        const found = await search(mutant, 0, SEEDS - 1, "world");
        expect(found.foundIn, found.output).toBeDefined();
      },
      PATIENCE_MS,
    );
  });
});
