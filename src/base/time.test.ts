import { describe, expect, it } from "vitest";
import { formatSpan, millis, seconds } from "./time.ts";

describe("spans", () => {
  it("are whole microseconds", () => {
    expect(seconds(1)).toBe(1_000_000);
    expect(seconds(0.01)).toBe(10_000);
    expect(seconds(40.95)).toBe(40_950_000);
    expect(seconds(0.1 + 0.2)).toBe(300_000);
    expect(seconds(4.35)).toBe(4_350_000);
    expect(millis(0.5)).toBe(500);
    expect(millis(1.0005)).toBe(1_001);
  });
});

describe("formatSpan", () => {
  it("chooses the unit a person would", () => {
    expect(formatSpan(3_609_375)).toBe("3.609 s");
    expect(formatSpan(1_000_000)).toBe("1 s");
    expect(formatSpan(120_000_000)).toBe("120 s");
    expect(formatSpan(100_500_000)).toBe("100.5 s");
    expect(formatSpan(12_500)).toBe("12.5 ms");
    expect(formatSpan(100_000)).toBe("100 ms");
    expect(formatSpan(999)).toBe("999 us");
    expect(formatSpan(40)).toBe("40 us");
    expect(formatSpan(0)).toBe("0 us");
    expect(formatSpan(-1_500_000)).toBe("-1.5 s");
  });

  it("goes to the next unit where rounding would", () => {
    expect(formatSpan(999_994)).toBe("999.99 ms");
    expect(formatSpan(999_996)).toBe("1 s");
  });
});
