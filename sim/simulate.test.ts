import { describe, expect, it } from "vitest";
import { describeFailure, simulate } from "./simulate.ts";

/** Seeds of the everyday run, in slices so that a failure names its neighbourhood soon. */
const SEEDS = process.env.BUOY_LONG === undefined ? 2_000 : 20_000;
const SLICE = 250;
const PATIENCE_MS = 120_000;

/** What must have happened in the everyday run for it to mean anything, and at least how often. */
const EXPECTED: readonly (readonly [string, number])[] = [
  ["BACKUP to MASTER by master-down-timer", 4_530],
  ["MASTER to BACKUP by advertisement", 1_650],
  ["MASTER to FAULT by interface", 120],
  ["MASTER to FAULT by action-failed", 100],
  ["MASTER to FAULT by script", 20],
  ["MASTER to STOP by stop-requested", 300],
  ["FAULT to BACKUP by retry", 90],
  ["FAULT to MASTER by address-owner", 58],
  ["PriorityChanged", 990],
  ["AddressFailed", 270],
  ["AddressDeletedByOther", 100],
  ["LowerPriorityAdvert", 3_150],
  ["Stalled", 200],
  ["warm start", 280],
  ["cold start", 5_410],
  ["twin", 230],
  ["clock step", 1_810],
  ["dropped checksum", 150],
  ["dropped hop-limit", 200],
  ["dropped version", 4],
  ["dropped type", 170],
  ["dropped truncated", 210],
  ["dropped authentication", 7],
  ["dropped advertisement-interval", 20],
  ["probe power-off-master", 190],
  ["probe stop-master", 210],
  ["probe partition", 100],
  ["probe kill-master-warm", 90],
  ["probe kill-backup-warm", 87],
  ["probe failing-kernel", 110],
  ["probe corrupt", 96],
  ["probe reload-master", 100],
  ["probe reload-backup", 97],
  ["probe measure-master", 100],
  ["reload priority", 43],
  ["reload preempt", 100],
  ["reload interval", 50],
  ["reload address", 48],
  ["reload excluded", 49],
  ["reload tracker", 49],
  ["reload instance", 18],
  ["MASTER to FAULT by removed-by-reload", 5],
  ["MASTER to FAULT by file", 8],
  ["MASTER to FAULT by process", 5],
  ["MASTER to FAULT by bfd", 8],
  ["probe failover", 90],
  ["probe maintenance", 89],
  ["probe freeze", 100],
  ["failover handed-over", 170],
  ["failover kept", 6],
  ["maintenance handed-over", 88],
  ["maintenance in-force", 55],
  ["maintenance ended", 140],
  ["probe order-for-a-while", 100],
  ["probe regroup", 97],
  ["reload rename", 40],
  ["reload swap", 9],
  ["reload signing", 9],
  ["reload peer", 6],
  ["reload groups", 780],
  ["AwaitsGroup", 100],
  ["ClockSkew", 1],
  ["dropped length", 200],
  ["dropped ttl-window", 43],
  ["dropped unicast-source", 28],
  ["dropped authentication-type", 20],
  ["dropped ah-replay", 240],
  ["dropped auth-ext-missing", 200],
  ["dropped auth-ext-stale", 2_720],
  ["dropped auth-ext-invalid", 94],
  ["dropped auth-ext-replay", 82],
  ["dropped ah-invalid", 6],
  ["RoutingAdded", 5_040],
  ["RoutingDeletedByOther", 35],
  ["AddressConflict", 4_100],
  ["AddressesReclaimed", 2_840],
  ["NeighbourVerified", 4_660],
  ["AddressListDiffers", 210],
  ["probe pause-master", 96],
  ["probe slow-kernel", 77],
  ["probe carrier-master", 99],
  ["MASTER to FAULT by group", 16],
  ["MASTER to BACKUP by group", 170],
];

describe("the simulated world", () => {
  const tally = new Map<string, number>();

  for (let first = 0; first < SEEDS; first += SLICE) {
    it(
      `keeps every invariant in seeds ${first} to ${first + SLICE - 1}`,
      () => {
        for (let seed = first; seed < first + SLICE; seed++) {
          const outcome = simulate(seed);
          if (outcome.failure !== undefined) expect.fail(describeFailure(outcome));
          for (const [what, count] of outcome.tally) tally.set(what, (tally.get(what) ?? 0) + count);
        }
      },
      PATIENCE_MS,
    );
  }

  it("has met everything that it is there for", () => {
    const rare = EXPECTED.filter(([what, least]) => (tally.get(what) ?? 0) < least);
    expect(
      rare,
      [...tally]
        .sort()
        .map(([what, count]) => `${what}: ${count}`)
        .join("\n"),
    ).toEqual([]);
  });

  it("has one log for one seed", () => {
    const run = (seed: number): { lines: string[]; digest: string } => {
      const lines: string[] = [];
      const { digest } = simulate(seed, { sink: (line) => lines.push(line) });
      return { lines, digest };
    };
    const digests = new Set<string>();
    for (const seed of [1, 2, 3, 77, 1_234]) {
      const first = run(seed);
      const second = run(seed);
      expect(second.lines).toEqual(first.lines);
      expect(second.digest).toBe(first.digest);
      expect(first.lines.length).toBeGreaterThan(20);
      digests.add(first.digest);
    }
    expect(digests.size).toBe(5);
  });
});
