import { describe, expect, it } from "vitest";
import type { ReloadOutcome } from "./reload.ts";
import { RELOAD_LIMIT, Reloads } from "./reload.ts";

const APPLIED: ReloadOutcome = { kind: "applied", diagnostics: "" };
const UNCHANGED: ReloadOutcome = { kind: "unchanged", diagnostics: "" };

describe("Reloads", () => {
  it("runs one and answers who asked", () => {
    const reloads = new Reloads();
    expect(reloads.request(0, 7)).toEqual([{ kind: "Begin" }]);
    expect(reloads.busy).toBe(true);
    expect(reloads.finished(5, APPLIED)).toEqual([{ kind: "Finish", outcome: APPLIED, askers: [7] }]);
    expect(reloads.busy).toBe(false);
  });

  it("queues one more for all who ask meanwhile: what runs may have read the files already", () => {
    const reloads = new Reloads();
    reloads.request(0, undefined);
    expect(reloads.request(1, 1)).toEqual([]);
    expect(reloads.request(2, undefined)).toEqual([]);
    expect(reloads.request(3, 2)).toEqual([]);
    expect(reloads.finished(4, APPLIED)).toEqual([
      { kind: "Finish", outcome: APPLIED, askers: [] },
      { kind: "Begin" },
    ]);
    expect(reloads.finished(5, UNCHANGED)).toEqual([{ kind: "Finish", outcome: UNCHANGED, askers: [1, 2] }]);
  });

  it("fails all of them when the steward dies", () => {
    const reloads = new Reloads();
    reloads.request(0, 1);
    reloads.request(0, 2);
    expect(reloads.aborted("dead")).toMatchObject([
      { kind: "Finish", outcome: { kind: "refused", error: "dead" }, askers: [1, 2] },
    ]);
    expect(reloads.aborted("dead")).toEqual([]);
    expect(reloads.finished(1, APPLIED)).toEqual([]);
  });

  it("is bounded in time", () => {
    const reloads = new Reloads();
    expect(reloads.nextDeadline()).toBeUndefined();
    reloads.request(10, 1);
    expect(reloads.nextDeadline()).toBe(10 + RELOAD_LIMIT);
    expect(reloads.clockReached(9 + RELOAD_LIMIT)).toEqual([]);
    expect(reloads.clockReached(10 + RELOAD_LIMIT)).toMatchObject([
      { outcome: { kind: "refused" }, askers: [1] },
    ]);
  });
});
