/** Version 3 at its shortest interval, 10 ms, with real keepalived at the other end: a master that is obeyed, and a takeover. */
import { describe, expect, test } from "vitest";
import { pause, waitFor } from "../support/wait.ts";
import { COMBINATIONS, instanceConfig, Pair } from "./pair.ts";

const INTERVAL = 0.01;
/** Watches of this length; on a machine that withholds its processors from both, the last one counts. */
const WATCH_MS = 2_000;
const WATCHES = 4;

/** Real-time priority for both, as a site with such an interval has it. */
function config(priority: number): string {
  const realtime = "global_defs {\n vrrp_rt_priority 50\n}\n";
  return realtime + instanceConfig("v3-ipv4", { priority, interval: INTERVAL });
}

function takeovers(output: string): number {
  return output.split("Entering MASTER STATE").length - 1;
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
        const before = takeovers(two.output);
        await pause(WATCH_MS);
        quiet = takeovers(two.output) === before && !two.host.holds(address);
      }
      expect(quiet, "a watch without a takeover").toBe(true);
      lan.setCable(one.host, false);
      await waitFor("the takeover", () => two.host.holds(address), { within: 2_000, every: 1 });
      const last = wire.advertisementsFrom("10.9.0.2").at(-1);
      expect(last?.badChecksum ?? false).toBe(false);
      lan.setCable(one.host, true);
      await pair.waitForMaster(one);
    } finally {
      await pair.destroy();
    }
  });
});
