import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ADDRESSES, BfdLink, bfdModel } from "../../test/support/bfd-link.ts";
import { copyPlain } from "../base/plain.ts";
import { millis, seconds } from "../base/time.ts";
import { encodeBfd } from "../wire/bfd.ts";
import { createBfdEngine, restoreBfdEngine } from "./engine.ts";
import type { BfdInput } from "./input.ts";

const RUNS = process.env.BUOY_LONG === "1" ? 5_000 : 200;

const interval = fc.integer({ min: 10, max: 300 }).map(millis);
const settings = fc.record({
  desiredMinTx: interval,
  requiredMinRx: interval,
  multiplier: fc.integer({ min: 2, max: 6 }),
});

describe("two sessions", () => {
  it("come up however they are set, agree, and notice a cut within the detection time", () => {
    fc.assert(
      fc.property(settings, settings, fc.nat(), fc.boolean(), (one, two, seed, passive) => {
        const link = new BfdLink({ seed, jitter: millis(2) });
        link.configure(0, { ...one, passive });
        link.configure(1, two);
        link.runFor(seconds(6));
        expect([link.state(0), link.state(1)]).toEqual(["Up", "Up"]);
        const agreed = [
          two.multiplier * Math.max(one.requiredMinRx, two.desiredMinTx),
          one.multiplier * Math.max(two.requiredMinRx, one.desiredMinTx),
        ];
        for (const end of [0, 1] as const) {
          expect(link.ends[end].engine.snapshot(link.now).sessions[0]?.detectionTime).toBe(agreed[end]);
        }
        link.loss.fill(1);
        const cut = link.now;
        link.runFor(seconds(3));
        for (const end of [0, 1] as const) {
          const down = link.ends[end].told.at(-1);
          expect(down?.up).toBe(false);
          expect((down?.at ?? 0) - cut).toBeLessThanOrEqual((agreed[end] ?? 0) + millis(3));
        }
      }),
      { numRuns: RUNS },
    );
  });

  it("stay up at 10 ms x 3 while no three packets in a row are lost, and come back after any loss", () => {
    fc.assert(
      fc.property(fc.nat(), fc.double({ min: 0, max: 0.5, noNaN: true }), (seed, loss) => {
        const fast = { desiredMinTx: millis(10), requiredMinRx: millis(10), multiplier: 3 };
        const link = new BfdLink({ seed });
        link.configure(0, fast);
        link.configure(1, fast);
        link.runFor(seconds(5));
        expect(link.ends.map(({ told }) => told.length)).toEqual([1, 1]);
        link.loss.fill(loss);
        link.runFor(seconds(2));
        link.loss.fill(0);
        link.runFor(seconds(4));
        expect([link.state(0), link.state(1)]).toEqual(["Up", "Up"]);
      }),
      { numRuns: RUNS / 4 },
    );
  });

  it("never send faster than both allow, but for answers and changes", () => {
    fc.assert(
      fc.property(settings, settings, fc.nat(), (one, two, seed) => {
        const link = new BfdLink({ seed });
        link.configure(0, one);
        link.configure(1, two);
        link.runFor(seconds(4));
        link.packets.length = 0;
        link.runFor(seconds(4));
        const allowed = Math.max(one.desiredMinTx, two.requiredMinRx);
        const times = link.packets.filter(({ from, packet }) => from === 0 && !packet.final);
        times.slice(1).forEach(({ at }, index) => {
          expect(at - (times[index]?.at ?? 0)).toBeGreaterThanOrEqual(Math.floor(allowed * 0.75));
        });
      }),
      { numRuns: RUNS / 2 },
    );
  });
});

const STATES = ["AdminDown", "Down", "Init", "Up"] as const;

/** Packets that mean something now and then, clock, reloads. */
const input: fc.Arbitrary<(own: number) => BfdInput> = fc.oneof(
  { weight: 4, arbitrary: fc.constant(() => ({ kind: "ClockReached" }) as const) },
  {
    weight: 8,
    arbitrary: fc
      .record({
        state: fc.constantFrom(...STATES),
        knows: fc.boolean(),
        flag: fc.constantFrom("poll", "final", "none"),
        demand: fc.boolean(),
        multiplier: fc.integer({ min: 1, max: 255 }),
        minTx: fc.nat(3_000_000),
        minRx: fc.nat(3_000_000),
        hopLimit: fc.constantFrom(255, 255, 255, 1),
      })
      .map(({ state, knows, flag, demand, multiplier, minTx, minRx, hopLimit }) => (own: number) => ({
        kind: "PacketReceived" as const,
        multihop: false,
        interface: "eth0",
        source: ADDRESSES[1],
        destination: ADDRESSES[0],
        hopLimit,
        payload: encodeBfd({
          diagnostic: 0,
          state,
          poll: flag === "poll",
          final: flag === "final",
          controlPlaneIndependent: false,
          demand,
          multiplier,
          myDiscriminator: 9,
          yourDiscriminator: knows ? own : 0,
          desiredMinTx: minTx,
          requiredMinRx: minRx,
          requiredMinEchoRx: 0,
        }),
      })),
  },
  {
    weight: 1,
    arbitrary: fc
      .array(fc.record({ desiredMinTx: interval, requiredMinRx: interval, passive: fc.boolean() }), {
        maxLength: 1,
      })
      .map((models) => () => ({ kind: "ConfigChanged" as const, sessions: models.map(bfdModel) })),
  },
  {
    weight: 1,
    arbitrary: fc.uint8Array({ maxLength: 60 }).map((payload) => () => ({
      kind: "PacketReceived" as const,
      multihop: false,
      interface: undefined,
      source: ADDRESSES[1],
      destination: ADDRESSES[0],
      hopLimit: 255,
      payload,
    })),
  },
);

describe("the engine", () => {
  it("goes on from a snapshot as the original would, in any life", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(input, fc.nat(400_000)), { maxLength: 60 }),
        fc.nat(),
        fc.boolean(),
        (steps, seed, stops) => {
          const engine = createBfdEngine({ seed });
          engine.handle(0, { kind: "ConfigChanged", sessions: [bfdModel()] });
          let now = 0;
          let twin = restoreBfdEngine(engine.snapshot(0), 0);
          const both = (next: BfdInput): void => {
            // Bytes belong to the engine and are used again: they are compared by a copy.
            const mine = JSON.stringify(engine.handle(now, next));
            expect(JSON.stringify(twin.handle(now, next))).toBe(mine);
            expect(twin.nextDeadline()).toBe(engine.nextDeadline());
          };
          for (const [make, pause] of steps) {
            now += pause;
            const own = engine.snapshot(now).sessions[0]?.memory.localDiscriminator ?? 0;
            both(make(own));
            const snapshot = engine.snapshot(now);
            expect(copyPlain(twin.snapshot(now))).toEqual(copyPlain(snapshot));
            twin = restoreBfdEngine(JSON.parse(JSON.stringify(snapshot)), now);
            for (const { memory } of snapshot.sessions) {
              // Followers never believe in a session that is Init; Up is always told.
              if (memory.state === "Up") expect(memory.reportedUp).toBe(true);
              if (memory.polling) expect(memory.state).toBe("Up");
              expect(memory.localDiscriminator).not.toBe(0);
            }
          }
          if (stops) both({ kind: "StopRequested", by: "test" });
        },
      ),
      { numRuns: RUNS },
    );
  });

  it("speaks at once after an absence and gives the neighbour a whole detection time", () => {
    const link = new BfdLink();
    link.configure(0);
    link.configure(1);
    link.runFor(seconds(3));
    const snapshot = link.ends[0].engine.snapshot(link.now);
    link.now += millis(100);
    link.ends[0].engine = restoreBfdEngine(snapshot, link.now);
    expect(link.ends[0].engine.nextDeadline()).toBe(link.now);
    expect(link.ends[0].session(link.now).detectAt).toBe(link.now + millis(150));
    link.runFor(seconds(3));
    expect(link.ends.map(({ told }) => told.length)).toEqual([1, 1]);
  });
});
