/** Version 3 at its shortest interval, 10 ms, with real keepalived at the other end: a master that is obeyed, and a takeover. */
import { describe, expect, test } from "vitest";
import { watchStalls } from "../support/stall-watch.ts";
import { pause, waitFor } from "../support/wait.ts";
import type { SeenAdvertisement } from "../support/wire-log.ts";
import { COMBINATIONS, instanceConfig, Pair } from "./pair.ts";

const INTERVAL = 0.01;
const WATCH_MS = 2_000;
/** The kernel may be kept from sending and delivering, too: one watch of these shows what the daemons do. */
const WATCHES = 4;
/** What has to be withheld before two of the three advertisements are missing that the backup waits for. */
const LEAST_STALL = 1.5 * INTERVAL;

const stalls = watchStalls("real-time");

/** Real-time priority for both, as a site with such an interval has it. */
function config(priority: number): string {
  const realtime = "global_defs {\n vrrp_rt_priority 50\n}\n";
  return realtime + instanceConfig("v3-ipv4", { priority, interval: INTERVAL });
}

/** Whether the backup began to speak, and the machine had not kept the master from it. */
async function tookOver({ wire }: Pair, since: number): Promise<boolean> {
  const master = wire.advertisementsFrom("10.9.0.1");
  let before = 0;
  for (const { at } of wire.advertisementsFrom("10.9.0.2")) {
    const begins = at - before > 10 * INTERVAL;
    before = at;
    if (!begins || at < since) continue;
    const last = master.findLast((seen) => seen.at < at)?.at ?? 0;
    if ((await stalls.lost(last, at)) < LEAST_STALL) return true;
  }
  return false;
}

describe.each(COMBINATIONS)("%s and %s at 10 ms", (first, second) => {
  test("the backup keeps quiet, takes over when the master is gone, and gives back", async () => {
    const pair = await Pair.create("v3-ipv4", [first, second]);
    try {
      const { one, two, lan, wire, address } = pair;
      one.start(config(150));
      two.start(config(100));
      await pair.waitForMaster(one);
      let quiet = false;
      for (let watch = 0; watch < WATCHES && !quiet; watch++) {
        const since = Date.now() / 1_000;
        await pause(WATCH_MS);
        quiet = !(await tookOver(pair, since)) && !two.host.holds(address);
      }
      expect(quiet, "a watch without a takeover").toBe(true);
      lan.setCable(one.host, false);
      await waitFor("the takeover", () => two.host.holds(address), { within: 2_000, every: 1 });
      const last = (): number => wire.advertisementsFrom("10.9.0.1").at(-1)?.at ?? 0;
      const next = (): SeenAdvertisement | undefined =>
        wire.advertisementsFrom("10.9.0.2").find(({ at }) => at > last());
      const first = await waitFor("the first advertisement", next, { within: 2_000 });
      expect(first.badChecksum).toBe(false);
      expect(first.at - last(), "not before three intervals").toBeGreaterThan(3 * INTERVAL);
      const took = first.at - last() - (await stalls.lost(last(), first.at));
      expect(took, "Master_Down_Interval + 50 ms").toBeLessThan(3.6 * INTERVAL + 0.05);
      lan.setCable(one.host, true);
      await pair.waitForMaster(one);
    } finally {
      await pair.destroy();
    }
  });
});
