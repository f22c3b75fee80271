import fc from "fast-check";
import { expect, test } from "vitest";
import { isInTime, OutageTracker, outageLength } from "./outage.ts";

test("a gap between answers is an outage, with its losses", () => {
  const tracker = new OutageTracker(50);
  expect(tracker.answered(tracker.ask(), 0, "a")).toBeUndefined();
  for (let lost = 0; lost < 5; lost += 1) tracker.ask();
  expect(tracker.silentFor(55)).toBe(55);
  const outage = tracker.answered(tracker.ask(), 60, "b");
  expect(outage).toEqual({ from: 0, to: 60, lost: 5, before: "a", after: "b" });
  expect(outage && outageLength(outage)).toBe(60);
  expect(tracker.answerer).toBe("b");
});

test("a change of the answerer is told without any loss; a short gap of the same one is not", () => {
  const tracker = new OutageTracker(50);
  tracker.answered(tracker.ask(), 0, "a");
  tracker.ask();
  expect(tracker.answered(tracker.ask(), 50, "a")).toBeUndefined();
  expect(tracker.answered(tracker.ask(), 60, "b")).toMatchObject({ lost: 0, before: "a", after: "b" });
});

test("a late answer to an older question says nothing about now", () => {
  const tracker = new OutageTracker(50);
  const [one, two] = [tracker.ask(), tracker.ask()];
  tracker.answered(two, 10, "b");
  expect(tracker.answered(one, 0, "a")).toBeUndefined();
  expect(tracker.answerer).toBe("b");
});

test("losses and answers add up, whatever is lost", () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { maxLength: 200 }), (pattern) => {
      const tracker = new OutageTracker(0);
      let lost = 0;
      let answered = 0;
      let firstLost = 0;
      pattern.forEach((reaches, index) => {
        const sequence = tracker.ask();
        if (!reaches) return;
        if (answered === 0) firstLost = index;
        answered += 1;
        lost += tracker.answered(sequence, index * 10, "a")?.lost ?? 0;
      });
      const last = pattern.lastIndexOf(true);
      if (answered > 0) expect(firstLost + lost + answered).toBe(last + 1);
    }),
  );
});

test("in time is up to the bound and the margin, and not a microsecond more", () => {
  const outage = { from: 100, to: 200, lost: 9, before: "a", after: "b" };
  expect(isInTime(outage, 90, 10)).toBe(true);
  expect(isInTime(outage, 90, 9)).toBe(false);
});
