import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seconds } from "../base/time.ts";
import type { CommandModel } from "../model/command-model.ts";
import type { NotifyState, RunNotify } from "../vrrp/action.ts";
import type { ScriptQueueAction } from "./script-queue.ts";
import { KILL_AFTER_TERM, ScriptQueues } from "./script-queue.ts";

const TIMEOUT = seconds(60);

function command(name: string): CommandModel {
  return { path: `/bin/${name}`, argv: [`/bin/${name}`], uid: 0, gid: 0, groups: [] };
}

function notify(state: NotifyState, subject = "INSTANCE VI_1", scripts = 2): RunNotify {
  const commands = Array.from({ length: scripts }, (_, index) => command(`${state}-${index}`));
  return { kind: "RunNotify", subject, state, commands, timeout: TIMEOUT };
}

function starts(actions: readonly ScriptQueueAction[]): readonly string[] {
  return actions.flatMap((action) => (action.kind === "Start" ? [`${action.run} ${action.state}`] : []));
}

describe("ScriptQueues", () => {
  it("runs the scripts of one state together and those of the next after all of them", () => {
    const queues = new ScriptQueues();
    expect(starts(queues.request(0, notify("MASTER")))).toEqual(["1 MASTER", "2 MASTER"]);
    expect(queues.request(10, notify("BACKUP"))).toEqual([]);
    expect(queues.ended(20, 2)).toEqual([]);
    expect(starts(queues.ended(30, 1))).toEqual(["3 BACKUP", "4 BACKUP"]);
    expect(queues.idle).toBe(false);
    queues.ended(40, 3);
    queues.ended(41, 4);
    expect(queues.idle).toBe(true);
  });

  it("keeps subjects apart", () => {
    const queues = new ScriptQueues();
    queues.request(0, notify("MASTER", "INSTANCE A"));
    expect(starts(queues.request(0, notify("MASTER", "INSTANCE B", 1)))).toEqual(["3 MASTER"]);
  });

  it("sets no limit while nothing waits", () => {
    const queues = new ScriptQueues();
    queues.request(0, notify("MASTER"));
    expect(queues.nextDeadline()).toBeUndefined();
  });

  it("ends what runs after the timeout once a newer state waits, TERM first", () => {
    const queues = new ScriptQueues();
    queues.request(0, notify("MASTER"));
    queues.request(seconds(5), notify("BACKUP"));
    queues.request(seconds(50), notify("FAULT"));
    const term = seconds(5) + TIMEOUT;
    expect(queues.nextDeadline()).toBe(term);
    expect(queues.clockReached(term - 1)).toEqual([]);
    expect(queues.clockReached(term)).toEqual([
      { kind: "Signal", run: 1, signal: "TERM" },
      { kind: "Signal", run: 2, signal: "TERM" },
    ]);
    queues.ended(term + 1, 1);
    expect(queues.nextDeadline()).toBe(term + KILL_AFTER_TERM);
    expect(queues.clockReached(term + KILL_AFTER_TERM)).toEqual([{ kind: "Signal", run: 2, signal: "KILL" }]);
    expect(starts(queues.ended(term + KILL_AFTER_TERM + 1, 2))).toEqual(["3 FAULT", "4 FAULT"]);
    expect(queues.nextDeadline()).toBeUndefined();
  });

  it("collapses states that were passed over and says so", () => {
    const queues = new ScriptQueues();
    queues.request(0, notify("MASTER"));
    queues.request(1, notify("BACKUP"));
    expect(queues.request(2, notify("MASTER"))).toEqual([
      { kind: "Collapsed", subject: "INSTANCE VI_1", states: ["BACKUP"] },
    ]);
    queues.ended(3, 1);
    expect(starts(queues.ended(3, 2))).toEqual(["3 MASTER", "4 MASTER"]);
  });

  it("does not let the lower-priority event replace a state", () => {
    const queues = new ScriptQueues();
    queues.request(0, notify("BACKUP", "G", 1));
    queues.request(1, notify("MASTER", "G", 1));
    expect(queues.request(2, notify("MASTER_RX_LOWER_PRI", "G", 1))).toEqual([]);
    expect(queues.request(3, notify("MASTER_RX_LOWER_PRI", "G", 1))).toEqual([
      { kind: "Collapsed", subject: "G", states: ["MASTER_RX_LOWER_PRI"] },
    ]);
    expect(starts(queues.ended(4, 1))).toEqual(["2 MASTER"]);
    // The event is newer than the state that runs now, so that one is bounded too.
    expect(queues.nextDeadline()).toBe(4 + TIMEOUT);
    expect(starts(queues.ended(5, 2))).toEqual(["3 MASTER_RX_LOWER_PRI"]);
    expect(queues.request(6, notify("FAULT", "G", 1))).toEqual([]);
  });

  it("passes over a state without scripts", () => {
    const queues = new ScriptQueues();
    expect(queues.request(0, notify("MASTER", "G", 0))).toEqual([]);
    expect(queues.idle).toBe(true);
    queues.request(0, notify("MASTER", "G", 1));
    queues.request(0, notify("BACKUP", "G", 0));
    queues.ended(1, 1);
    expect(queues.idle).toBe(true);
  });

  it("makes room for STOP at once", () => {
    const queues = new ScriptQueues();
    queues.request(0, notify("MASTER", "G", 1));
    queues.request(7, notify("STOP", "G", 1));
    expect(queues.clockReached(7)).toEqual([{ kind: "Signal", run: 1, signal: "TERM" }]);
    expect(starts(queues.ended(8, 1))).toEqual(["2 STOP"]);
  });

  it("terminates everything at the end", () => {
    const queues = new ScriptQueues();
    queues.request(0, notify("MASTER", "G", 1));
    queues.request(1, notify("BACKUP", "G", 1));
    expect(queues.terminate(2)).toEqual([
      { kind: "Collapsed", subject: "G", states: ["BACKUP"] },
      { kind: "Signal", run: 1, signal: "TERM" },
    ]);
    expect(queues.clockReached(2 + KILL_AFTER_TERM)).toEqual([{ kind: "Signal", run: 1, signal: "KILL" }]);
    queues.ended(seconds(3), 1);
    expect(queues.idle).toBe(true);
  });

  it("ignores ends of runs it does not know", () => {
    expect(new ScriptQueues().ended(0, 99)).toEqual([]);
  });

  it("ends with the newest state, never runs two states at once, and keeps their order", () => {
    const state = fc.constantFrom<NotifyState>("MASTER", "BACKUP", "FAULT");
    const step = fc.oneof(state, fc.constant("end" as const));
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), (steps) => {
        const queues = new ScriptQueues();
        const running = new Map<number, number>();
        const started: number[] = [];
        let requested = 0;
        let newest = -1;
        let now = 0;
        // Each request has its own number as uid, so that it is recognised when its scripts start.
        const note = (actions: readonly ScriptQueueAction[]): void => {
          for (const action of actions) {
            if (action.kind !== "Start") continue;
            running.set(action.run, action.command.uid);
            started.push(action.command.uid);
          }
          expect(new Set(running.values()).size).toBeLessThanOrEqual(1);
        };
        const endOne = (): void => {
          const [run] = running.keys();
          if (run === undefined) return;
          running.delete(run);
          note(queues.ended(now, run));
        };
        for (const one of steps) {
          now++;
          if (one === "end") {
            endOne();
            continue;
          }
          newest = requested++;
          const commands = notify(one).commands.map((each) => ({ ...each, uid: newest }));
          note(queues.request(now, { ...notify(one), commands }));
        }
        while (running.size > 0) endOne();
        expect(queues.idle).toBe(true);
        expect(started.at(-1) ?? -1).toBe(newest);
        expect([...started].sort((a, b) => a - b)).toEqual(started);
      }),
    );
  });
});
