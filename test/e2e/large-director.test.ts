/** A director as large as the largest known ones: one server changes, and the election beside it is not disturbed. */
import { expect, test } from "vitest";
import { ADVERT_INTERVAL, withLargeSite } from "../support/large-site.ts";
import { processorTime } from "../support/processor-time.ts";
import { waitFor } from "../support/wait.ts";
import { processOf, type Role } from "./daemon.ts";

test("of 37,205 servers one is changed: the others are not read again, and no peer would take over", async () => {
  await withLargeSite(60, async ({ director, wire, reload, longestGap }) => {
    const spent = (role: Role): number => processorTime(processOf(director, role) ?? 0);
    const forStart = spent("steward");
    for (const weight of [7, 8, 9]) {
      const { said } = await reload(weight);
      expect(said).toContain("virtual servers: 1 changed, 2276 untouched");
      const told = new RegExp(`Changing weight from \\d+ to ${weight} for .*service \\[172.16.78.32\\]`);
      await waitFor("the new weight", () => told.test(director.output), { within: 20_000 });
    }
    // What is read again is what was changed: three reloads cost less than the start.
    expect(spent("steward") - forStart).toBeLessThan(forStart);
    const until = wire.advertisements.length + 5;
    await waitFor("more advertisements", () => wire.advertisements.length >= until, { within: 20_000 });
    // Where a machine is as busy as this, one may be late; bench/director-reload says by how much.
    expect(longestGap()).toBeLessThan(3 * ADVERT_INTERVAL);
  });
});
