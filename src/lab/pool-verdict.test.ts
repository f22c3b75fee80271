import { expect, it } from "vitest";
import { millis } from "../base/time.ts";
import { plainPaint } from "../observe/style.ts";
import { inTime, MARGIN, noneFailed, onlyFrom, sceneTable, sharesMatch, tallyText } from "./pool-verdict.ts";
import type { Tally } from "./tally.ts";

const seen = (byServer: Readonly<Record<string, number>>, failed = 0): Tally => {
  const answers = Object.values(byServer).reduce((sum, count) => sum + count, 0);
  return {
    asked: answers + failed,
    failed,
    failedFor: millis(failed * 10),
    byServer: new Map(Object.entries(byServer)),
  };
};

it("breaks a promise by a single page, and by none at all", () => {
  expect(noneFailed("then", seen({ web1: 20 }))).toEqual({ text: "then: all 20 pages came", kept: true });
  expect(noneFailed("then", seen({ web1: 19 }, 1))).toEqual({
    text: "then: 1 of 20 pages failed",
    kept: false,
  });
  expect(noneFailed("then", seen({})).kept).toBe(false);
});

it("breaks a promise by a page from somebody else", () => {
  expect(onlyFrom("then", "sorry", seen({ sorry: 9 })).kept).toBe(true);
  expect(onlyFrom("then", "sorry", seen({ sorry: 9, web1: 1 }))).toEqual({
    text: "then: all 10 pages came, some from web1",
    kept: false,
  });
  expect(onlyFrom("then", "sorry", seen({ sorry: 9 }, 1)).kept).toBe(false);
});

it("breaks a promise by more than two rounds, by too few, or by more than the margin", () => {
  const weights = new Map([
    ["web1", 1],
    ["web2", 1],
  ]);
  expect(sharesMatch("then", seen({ web1: 54, web2: 46 }), weights).kept).toBe(true);
  expect(sharesMatch("then", seen({ web1: 55, web2: 45 }), weights).kept).toBe(false);
  expect(sharesMatch("then", seen({ web1: 4, web2: 4 }), weights).kept).toBe(false);
  expect(inTime("out after", millis(1_500) + MARGIN, millis(1_500)).kept).toBe(true);
  expect(inTime("out after", millis(1_500) + MARGIN + 1, millis(1_500)).kept).toBe(false);
});

it("never rounds up to all", () => {
  expect(tallyText(seen({ web1: 9_999 }, 1))).toBe(
    "10000 pages: 99.9 % came (web1 9999), 1 failed within 10 ms",
  );
  expect(tallyText(seen({ web1: 10 }))).toBe("10 pages: 100.0 % came (web1 10)");
});

it("lays the acts out as a table", () => {
  const scenes = [
    { title: "all live", tally: seen({ web1: 6, web2: 2 }), promises: [] },
    { title: "web2 dies", tally: seen({ web1: 6 }, 2), promises: [] },
  ];
  expect(sceneTable(scenes, ["web1", "web2"], plainPaint)).toEqual([
    "           PAGES  CAME     WEB1  WEB2  FAILED",
    "all live   8      100.0 %  6     2     -",
    "web2 dies  8      75.0 %   6     -     2 within 20 ms",
  ]);
});
