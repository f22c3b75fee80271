import { describe, expect, it } from "vitest";
import { seconds } from "../base/time.ts";
import { CHILD_WAIT, SCRIPTS_LIMIT, Stopping } from "./stopping.ts";

const ALL = { vrrp: true, checker: false, scripts: true, steward: true, shutdownScript: false };

describe("Stopping", () => {
  it("lets the vrrp child, then the scripts, then the steward end", () => {
    const stopping = new Stopping(0);
    expect(stopping.advance(0, ALL)).toEqual([]);
    expect(stopping.advance(1, { ...ALL, vrrp: false })).toEqual([]);
    expect(stopping.nextDeadline()).toBe(1 + SCRIPTS_LIMIT);
    expect(
      stopping.advance(2, {
        vrrp: false,
        checker: false,
        scripts: false,
        steward: true,
        shutdownScript: false,
      }),
    ).toEqual([{ kind: "EndSteward" }]);
    expect(
      stopping.advance(3, {
        vrrp: false,
        checker: false,
        scripts: false,
        steward: false,
        shutdownScript: false,
      }),
    ).toEqual([{ kind: "Done" }]);
    expect(stopping.nextDeadline()).toBeUndefined();
    expect(stopping.advance(4, ALL)).toEqual([]);
  });

  it("goes through at once where nothing is left", () => {
    expect(
      new Stopping(0).advance(0, {
        vrrp: false,
        checker: false,
        scripts: false,
        steward: false,
        shutdownScript: false,
      }),
    ).toEqual([{ kind: "EndSteward" }, { kind: "Done" }]);
  });

  it("kills a vrrp child that does not end, again and again", () => {
    const stopping = new Stopping(0);
    expect(stopping.advance(CHILD_WAIT, ALL)).toEqual([{ kind: "KillVrrp" }]);
    expect(stopping.advance(CHILD_WAIT + 1, ALL)).toEqual([]);
    expect(stopping.advance(2 * CHILD_WAIT, ALL)).toEqual([{ kind: "KillVrrp" }]);
  });

  it("waits for the checker child too, and kills what does not end", () => {
    const stopping = new Stopping(0);
    const left = { ...ALL, vrrp: false, checker: true };
    expect(stopping.advance(1, left)).toEqual([]);
    expect(stopping.advance(CHILD_WAIT, left)).toEqual([{ kind: "KillChecker" }]);
    expect(stopping.advance(CHILD_WAIT + 1, { ...left, checker: false, scripts: false })).toEqual([
      { kind: "EndSteward" },
    ]);
  });

  it("gives scripts a second, ends them, and goes on without them", () => {
    const stopping = new Stopping(0);
    const left = { vrrp: false, checker: false, scripts: true, steward: true, shutdownScript: false };
    stopping.advance(0, left);
    expect(stopping.advance(SCRIPTS_LIMIT, left)).toEqual([{ kind: "EndScripts" }]);
    const deadline = stopping.nextDeadline() ?? 0;
    expect(deadline).toBeGreaterThan(SCRIPTS_LIMIT);
    expect(stopping.advance(deadline, left)).toEqual([{ kind: "EndSteward" }]);
    expect(stopping.advance(deadline + CHILD_WAIT, left)).toEqual([{ kind: "KillSteward" }]);
  });

  it("runs the shutdown script when all is released, and keeps the steward until that has ended", () => {
    const stopping = new Stopping(0);
    const left = { vrrp: false, checker: false, scripts: false, steward: true, shutdownScript: true };
    expect(stopping.advance(1, left)).toEqual([{ kind: "RunShutdownScript" }]);
    expect(stopping.nextDeadline()).toBeUndefined();
    expect(stopping.advance(2, left)).toEqual([]);
    expect(stopping.advance(3, { ...left, shutdownScript: false })).toEqual([{ kind: "EndSteward" }]);
  });

  it("waits as long for a child as it is told", () => {
    const stopping = new Stopping(0, seconds(1));
    const left = { vrrp: true, checker: false, scripts: false, steward: true, shutdownScript: false };
    expect(stopping.advance(seconds(1) - 1, left)).toEqual([]);
    expect(stopping.advance(seconds(1), left)).toEqual([{ kind: "KillVrrp" }]);
    expect(stopping.nextDeadline()).toBe(seconds(2));
  });
});
