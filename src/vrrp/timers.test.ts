import { describe, expect, it } from "vitest";
import { millis, seconds } from "../base/time.ts";
import { backoff, isStall, masterDownInterval, nextAdvertAt, skewTime } from "./timers.ts";

describe("skewTime", () => {
  it("is parts of a second in version 2, whatever the interval", () => {
    expect(skewTime(2, 100, seconds(1))).toBe(609_375);
    expect(skewTime(2, 100, seconds(10))).toBe(609_375);
    expect(skewTime(2, 255, seconds(1))).toBe(3_906);
    expect(skewTime(2, 1, seconds(1))).toBe(996_093);
  });

  it("is parts of the master's interval in version 3", () => {
    expect(skewTime(3, 100, seconds(1))).toBe(609_375);
    expect(skewTime(3, 100, millis(10))).toBe(6_093);
    expect(skewTime(3, 254, millis(10))).toBe(78);
    expect(skewTime(3, 1, seconds(40.95))).toBe(40_790_039);
  });
});

describe("masterDownInterval", () => {
  it("is the missed advertisements and the skew", () => {
    expect(masterDownInterval(2, 100, seconds(1), 3)).toBe(3_609_375);
    expect(masterDownInterval(2, 255, seconds(1), 3)).toBe(3_003_906);
    expect(masterDownInterval(3, 100, millis(100), 3)).toBe(360_937);
    expect(masterDownInterval(2, 100, seconds(1), 10)).toBe(10_609_375);
  });
});

describe("nextAdvertAt", () => {
  it("keeps step with the deadline", () => {
    expect(nextAdvertAt(1_000, 1_020, 100)).toBe(1_100);
  });

  it("starts anew where a whole interval was missed, instead of catching up", () => {
    expect(nextAdvertAt(1_000, 1_100, 100)).toBe(1_200);
    expect(nextAdvertAt(1_000, 5_030, 100)).toBe(5_130);
  });
});

describe("isStall", () => {
  it("begins beyond half of Master_Down_Interval", () => {
    expect(isStall(1_800, 3_600)).toBe(false);
    expect(isStall(1_801, 3_600)).toBe(true);
  });
});

describe("backoff", () => {
  it("doubles from one second to a minute", () => {
    expect([1, 2, 3, 4, 5, 6, 7, 8, 100].map(backoff)).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60].map(seconds));
  });
});
