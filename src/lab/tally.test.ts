import { expect, it } from "vitest";
import type { Page } from "./report.ts";
import { furthestOff, successRate, tally } from "./tally.ts";

const page = (askedAt: number, server: string | undefined): Page => ({
  askedAt,
  server,
  reason: server === undefined ? "refused" : undefined,
});

const pages = [
  page(10, "web1"),
  page(20, "web2"),
  page(30, undefined),
  page(40, "web1"),
  page(50, undefined),
  page(60, "web1"),
];

it("counts what was asked for in the span, whenever the answer came", () => {
  expect(tally(pages, 10, 60)).toEqual({
    asked: 5,
    failed: 2,
    failedFor: 20,
    byServer: new Map([
      ["web1", 2],
      ["web2", 1],
    ]),
  });
  expect(tally([...pages].reverse(), 10, 60)).toEqual(tally(pages, 10, 60));
});

it("tells the success rate", () => {
  expect(successRate(tally(pages, 10, 50))).toBe(75);
  expect(successRate(tally(pages, 10, 30))).toBe(100);
  expect(successRate(tally([], 0, 1))).toBe(0);
});

it("holds shares against weights: one that should get nothing and does, and one that should and does not", () => {
  const weights = new Map([
    ["web1", 3],
    ["web2", 1],
  ]);
  const seen = (...counts: readonly number[]): ReturnType<typeof tally> =>
    tally(
      counts.flatMap((count, index) => Array.from({ length: count }, () => page(1, `web${index + 1}`))),
      0,
      2,
    );
  expect(furthestOff(seen(75, 25), weights)).toBe(0);
  expect(furthestOff(seen(35, 15), weights)).toBe(2.5);
  expect(furthestOff(seen(75, 15, 10), weights)).toBe(10);
  expect(furthestOff(seen(100), weights)).toBe(25);
});
