import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seconds } from "../base/time.ts";
import type { TrackScriptModel } from "../model/model.ts";
import { KILL_AFTER_TERM } from "./script-queue.ts";
import type { TrackScriptAction } from "./track-scripts.ts";
import { TrackScripts } from "./track-scripts.ts";

function script(name: string, changes: Partial<TrackScriptModel> = {}): TrackScriptModel {
  return {
    name,
    command: { path: "/bin/check", argv: ["/bin/check"], uid: 0, gid: 0, groups: [] },
    interval: seconds(2),
    timeout: seconds(5),
    rise: 1,
    fall: 1,
    weight: 0,
    reverse: false,
    initFail: false,
    ...changes,
  };
}

const GOOD = { exitCode: 0, signal: undefined, duration: 5 };
const BAD = { exitCode: 1, signal: undefined, duration: 5 };
const KILLED = { exitCode: undefined, signal: "SIGTERM", duration: 5 };

function started(actions: readonly TrackScriptAction[]): readonly number[] {
  return actions.flatMap((action) => (action.kind === "Start" ? [action.run] : []));
}

describe("TrackScripts", () => {
  it("starts at once and then every interval", () => {
    const tracks = new TrackScripts();
    expect(started(tracks.configure(100, [script("a")]))).toEqual([1]);
    expect(tracks.ended(200, 1, GOOD)).toEqual([
      { kind: "Report", script: "a", ok: true, timedOut: false, ...GOOD },
    ]);
    expect(tracks.nextDeadline()).toBe(100 + seconds(2));
    expect(tracks.clockReached(100 + seconds(2) - 1)).toEqual([]);
    expect(started(tracks.clockReached(100 + seconds(2)))).toEqual([2]);
  });

  it("counts any other code and any signal as a failure", () => {
    const tracks = new TrackScripts();
    tracks.configure(0, [script("a"), script("b"), script("c")]);
    expect(tracks.ended(1, 1, BAD)).toMatchObject([{ script: "a", ok: false }]);
    expect(tracks.ended(1, 2, KILLED)).toMatchObject([{ script: "b", ok: false, signal: "SIGTERM" }]);
    const unstartable = { exitCode: undefined, signal: undefined, duration: 0 };
    expect(tracks.ended(1, 3, unstartable)).toMatchObject([{ script: "c", ok: false }]);
  });

  it("skips slots while the previous run goes on, and does not make up for them", () => {
    const tracks = new TrackScripts();
    tracks.configure(0, [script("a")]);
    expect(started(tracks.clockReached(seconds(2)))).toEqual([]);
    expect(tracks.nextDeadline()).toBe(seconds(4));
    tracks.ended(seconds(3), 1, GOOD);
    expect(started(tracks.clockReached(seconds(4)))).toEqual([2]);
    tracks.ended(seconds(4.1), 2, GOOD);
    expect(started(tracks.clockReached(seconds(11)))).toEqual([3]);
    expect(tracks.nextDeadline()).toBe(seconds(12));
  });

  it("reports a timeout at once, sends TERM and then KILL, and says nothing more at the end", () => {
    const tracks = new TrackScripts();
    tracks.configure(0, [script("a", { interval: seconds(60) })]);
    expect(tracks.nextDeadline()).toBe(seconds(5));
    expect(tracks.clockReached(seconds(5))).toEqual([
      { kind: "Signal", run: 1, signal: "TERM" },
      {
        kind: "Report",
        script: "a",
        ok: false,
        timedOut: true,
        exitCode: undefined,
        signal: undefined,
        duration: seconds(5),
      },
    ]);
    expect(tracks.clockReached(seconds(5) + KILL_AFTER_TERM)).toEqual([
      { kind: "Signal", run: 1, signal: "KILL" },
    ]);
    expect(tracks.ended(seconds(8), 1, KILLED)).toEqual([]);
    expect(started(tracks.clockReached(seconds(60)))).toEqual([2]);
  });

  it("keeps the schedule of a script that stays, and kills runs of those that change or go", () => {
    const tracks = new TrackScripts();
    tracks.configure(0, [script("stays"), script("changes"), script("goes")]);
    const actions = tracks.configure(seconds(1), [
      script("stays"),
      script("changes", { timeout: seconds(1) }),
    ]);
    expect(actions).toMatchObject([
      { kind: "Signal", run: 2, signal: "KILL" },
      { kind: "Signal", run: 3, signal: "KILL" },
      { kind: "Start", run: 4, script: "changes" },
    ]);
    expect(tracks.ended(seconds(1.1), 2, KILLED)).toEqual([]);
    expect(tracks.ended(seconds(1.1), 3, KILLED)).toEqual([]);
    expect(tracks.ended(seconds(1.2), 1, GOOD)).toMatchObject([{ script: "stays", ok: true }]);
    expect(started(tracks.clockReached(seconds(2)))).toEqual([5]);
  });

  it("runs everything that is not running when results are wanted", () => {
    const tracks = new TrackScripts();
    tracks.configure(0, [script("a"), script("b")]);
    tracks.ended(1, 1, GOOD);
    expect(tracks.runAllNow(seconds(1))).toMatchObject([{ kind: "Start", script: "a" }]);
  });

  it("stops", () => {
    const tracks = new TrackScripts();
    tracks.configure(0, [script("a")]);
    expect(tracks.stop()).toEqual([{ kind: "Signal", run: 1, signal: "KILL" }]);
    expect(tracks.nextDeadline()).toBeUndefined();
  });

  it("never has two runs of one script, and reports each run at most once", () => {
    const step = fc.record({ wait: fc.integer({ min: 0, max: 4_000_000 }), end: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const tracks = new TrackScripts();
        const running = new Set<number>();
        let reports = 0;
        let runs = 0;
        let now = 0;
        const note = (actions: readonly TrackScriptAction[]): void => {
          for (const action of actions) {
            if (action.kind === "Start") {
              running.add(action.run);
              runs++;
            }
            if (action.kind === "Report") reports++;
            expect(running.size).toBeLessThanOrEqual(1);
            expect(reports).toBeLessThanOrEqual(runs);
          }
        };
        note(tracks.configure(now, [script("a", { timeout: seconds(1) })]));
        for (const { wait, end } of steps) {
          now += wait;
          note(tracks.clockReached(now));
          const [run] = running;
          if (end && run !== undefined) {
            running.delete(run);
            note(tracks.ended(now, run, GOOD));
          }
          const deadline = tracks.nextDeadline();
          expect(deadline === undefined || deadline > now).toBe(true);
        }
      }),
    );
  });
});
