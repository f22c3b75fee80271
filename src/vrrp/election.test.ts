import { describe, expect, it } from "vitest";
import { backupObeys, isPreemptDelayPending, masterYields } from "./election.ts";

describe("backupObeys", () => {
  it("obeys higher and equal priorities", () => {
    expect(backupObeys(101, 100, true, false)).toBe(true);
    expect(backupObeys(100, 100, true, false)).toBe(true);
  });

  it("discards lower ones if it preempts, and only when preempt_delay is over", () => {
    expect(backupObeys(99, 100, true, false)).toBe(false);
    expect(backupObeys(99, 100, true, true)).toBe(true);
    expect(backupObeys(99, 100, false, false)).toBe(true);
  });
});

describe("masterYields", () => {
  it("yields to a higher priority whatever the addresses", () => {
    expect(masterYields(101, 100, "10.0.0.1", "10.0.0.9")).toBe(true);
    expect(masterYields(99, 100, "10.0.0.9", "10.0.0.1")).toBe(false);
  });

  it("decides a tie by the address as a number", () => {
    expect(masterYields(100, 100, "10.0.0.10", "10.0.0.9")).toBe(true);
    expect(masterYields(100, 100, "10.0.0.9", "10.0.0.10")).toBe(false);
    expect(masterYields(100, 100, "fe80::a", "fe80::9")).toBe(true);
    expect(masterYields(100, 100, "10.0.0.9", "10.0.0.9")).toBe(false);
  });
});

describe("isPreemptDelayPending", () => {
  it("ends at its instant", () => {
    expect(isPreemptDelayPending(undefined, 5)).toBe(false);
    expect(isPreemptDelayPending(6, 5)).toBe(true);
    expect(isPreemptDelayPending(5, 5)).toBe(false);
  });
});
