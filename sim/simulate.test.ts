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
  ["MASTER to FAULT by interface", 200],
  ["MASTER to FAULT by action-failed", 100],
  ["MASTER to FAULT by script", 20],
  ["MASTER to STOP by stop-requested", 300],
  ["FAULT to BACKUP by retry", 100],
  ["FAULT to MASTER by address-owner", 20],
  ["PriorityChanged", 500],
  ["AddressFailed", 300],
  ["AddressDeletedByOther", 100],
  ["LowerPriorityAdvert", 1_000],
  ["Stalled", 50],
  ["warm start", 300],
  ["cold start", 5_000],
  ["twin", 100],
  ["clock step", 1_000],
  ["dropped checksum", 300],
  ["dropped hop-limit", 100],
  ["dropped version", 40],
  ["dropped type", 100],
  ["dropped truncated", 50],
  ["dropped authentication", 20],
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
  ["reload priority", 100],
  ["reload preempt", 100],
  ["reload interval", 50],
  ["reload address", 80],
  ["reload excluded", 100],
  ["reload tracker", 100],
  ["reload instance", 10],
  ["MASTER to FAULT by removed-by-reload", 5],
  ["MASTER to FAULT by file", 10],
  ["MASTER to FAULT by process", 5],
  ["MASTER to FAULT by bfd", 8],
  ["probe failover", 50],
  ["probe maintenance", 50],
  ["probe freeze", 50],
  ["failover handed-over", 50],
  ["failover kept", 8],
  ["maintenance handed-over", 50],
  ["maintenance kept", 8],
  ["maintenance in-force", 50],
  ["maintenance ended", 50],
  ["probe order-for-a-while", 50],
  ["probe regroup", 50],
  ["reload rename", 50],
  ["reload swap", 20],
  ["reload signing", 20],
  ["reload peer", 20],
  ["reload groups", 200],
  ["AwaitsGroup", 100],
  ["OldChecksum", 20],
  ["ClockSkew", 5],
  ["dropped length", 50],
  ["dropped ttl-window", 20],
  ["dropped unicast-source", 10],
  ["dropped authentication-type", 20],
  ["dropped ah-invalid", 30],
  ["dropped ah-replay", 200],
  ["dropped auth-ext-missing", 100],
  ["dropped auth-ext-stale", 300],
  ["dropped auth-ext-unknown-key", 5],
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
