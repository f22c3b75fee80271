import fc from "fast-check";
import { expect, it } from "vitest";
import { VirtualClock } from "./clock.ts";

it("runs what is planned in order of time, and of planning within one instant", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 20 })), (instants) => {
      const clock = new VirtualClock();
      const ran: { at: number; index: number }[] = [];
      for (const [index, at] of instants.entries()) clock.at(at, () => ran.push({ at: clock.now, index }));
      clock.runUntil(20);
      const expected = instants
        .map((at, index) => ({ at, index }))
        .sort((a, b) => a.at - b.at || a.index - b.index);
      expect(ran).toEqual(expected);
    }),
  );
});

it("runs nothing that was cancelled, what is planned meanwhile, and nothing after the end", () => {
  const clock = new VirtualClock();
  const ran: string[] = [];
  const cancelled = clock.at(5, () => ran.push("cancelled"));
  clock.at(4, () => {
    cancelled.cancel();
    clock.at(1, () => ran.push(`late plan at ${clock.now}`));
  });
  clock.at(11, () => ran.push("after the end"));
  clock.runUntil(10);
  expect(ran).toEqual(["late plan at 4"]);
  expect(clock.now).toBe(10);
});

it("refuses an instant between two microseconds", () => {
  expect(() => new VirtualClock().at(0.5, () => undefined)).toThrow("no whole number");
});
