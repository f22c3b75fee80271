import { describe, expect, it } from "vitest";
import { describeFailure, simulate } from "./simulate.ts";

/** Seeds of the everyday run, in slices so that a failure names its neighbourhood soon. */
const SEEDS = process.env.BUOY_LONG === undefined ? 2_000 : 20_000;
const SLICE = 250;
const PATIENCE_MS = 120_000;

/** What must have happened in the everyday run for it to mean anything, and at least how often. */
const EXPECTED: readonly (readonly [string, number])[] = [
  ["BACKUP to MASTER by master-down-timer", 3_000],
  ["MASTER to BACKUP by advertisement", 500],
  ["MASTER to FAULT by interface", 64],
  ["MASTER to FAULT by action-failed", 100],
  ["MASTER to FAULT by script", 20],
  ["MASTER to STOP by stop-requested", 300],
  ["FAULT to BACKUP by retry", 33],
  ["FAULT to MASTER by address-owner", 20],
  ["PriorityChanged", 500],
  ["AddressFailed", 109],
  ["AddressDeletedByOther", 100],
  ["LowerPriorityAdvert", 1_000],
  ["Stalled", 50],
  ["warm start", 102],
  ["cold start", 5_000],
  ["twin", 100],
  ["clock step", 1_000],
  ["dropped checksum", 80],
  ["dropped hop-limit", 100],
  ["dropped version", 4],
  ["dropped type", 100],
  ["dropped truncated", 50],
  ["dropped authentication", 7],
  ["dropped advertisement-interval", 20],
  ["probe power-off-master", 100],
  ["probe stop-master", 100],
  ["probe partition", 100],
  ["probe kill-master-warm", 50],
  ["probe kill-backup-warm", 50],
  ["probe failing-kernel", 50],
  ["probe corrupt", 50],
  ["probe reload-master", 50],
  ["probe reload-backup", 50],
  ["probe measure-master", 50],
  ["reload priority", 24],
  ["reload preempt", 39],
  ["reload interval", 50],
  ["reload address", 28],
  ["reload excluded", 26],
  ["reload tracker", 22],
  ["reload instance", 10],
  ["MASTER to FAULT by removed-by-reload", 5],
  ["MASTER to FAULT by file", 2],
  ["MASTER to FAULT by process", 5],
  ["MASTER to FAULT by bfd", 8],
  ["probe failover", 50],
  ["probe maintenance", 50],
  ["probe freeze", 50],
  ["failover handed-over", 50],
  ["failover kept", 1],
  ["maintenance handed-over", 50],
  ["maintenance in-force", 19],
  ["maintenance ended", 50],
  ["probe order-for-a-while", 50],
  ["probe regroup", 50],
  ["reload rename", 9],
  ["reload swap", 5],
  ["reload signing", 5],
  ["reload peer", 5],
  ["reload groups", 200],
  ["AwaitsGroup", 100],
  ["ClockSkew", 1],
  ["dropped length", 50],
  ["dropped ttl-window", 20],
  ["dropped unicast-source", 10],
  ["dropped authentication-type", 20],
  ["dropped ah-replay", 57],
  ["dropped auth-ext-missing", 100],
  ["dropped auth-ext-stale", 300],
  ["dropped auth-ext-invalid", 50],
  ["dropped auth-ext-replay", 50],
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
