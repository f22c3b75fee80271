import { describe, expect, it } from "vitest";
import { millis, seconds } from "../base/time.ts";
import type { ProcessMatch, TrackProcessModel } from "../model/tracker-models.ts";
import { matchesProcess, ProcessCounts } from "./process-counts.ts";

function tracker(changes: Partial<TrackProcessModel> = {}): TrackProcessModel {
  return {
    name: "web",
    match: { by: "name", name: "nginx" },
    quorum: 1,
    quorumMax: undefined,
    forkDelay: 0,
    terminateDelay: 0,
    weight: 0,
    reverse: false,
    ...changes,
  };
}

const nginx = (pid: number) => ({ pid, name: "nginx", words: ["nginx: worker"] });
const other = (pid: number) => ({ pid, name: "sh", words: ["sh"] });
const count = (value: number) => [{ tracker: "process", name: "web", value }];

describe("matchesProcess", () => {
  const process = { pid: 1, name: "python3", words: ["/usr/bin/python3", "-m", "http.server"] };
  const command = (parameters: "any" | "exact" | "words" | "text", ...words: string[]): ProcessMatch => ({
    by: "command",
    command: "/usr/bin/python3",
    parameters,
    words,
  });
  it.each<[string, ProcessMatch, boolean]>([
    ["the kernel's name", { by: "name", name: "python3" }, true],
    ["no part of it", { by: "name", name: "python" }, false],
    ["the command alone", command("any"), true],
    ["another command", { ...command("any"), by: "command", command: "python3" } as ProcessMatch, false],
    ["exactly these words", command("exact", "-m", "http.server"), true],
    ["too few words", command("exact", "-m"), false],
    ["no words where there are some", command("exact"), false],
    ["leading words", command("words", "-m"), true],
    ["part of a word", command("words", "-m", "http"), false],
    ["leading text", command("text", "-m", "http"), true],
    ["leading text of the first word", command("text", "-"), true],
    ["other text", command("text", "-x"), false],
    ["more text than there is", command("text", "-m", "http.server", "8"), false],
  ])("%s", (_, match, expected) => {
    expect(matchesProcess(match, process)).toBe(expected);
  });
});

describe("ProcessCounts", () => {
  it("tells of a verdict that changes, not of every process", () => {
    const counts = new ProcessCounts();
    expect(counts.configure(0, [tracker()], [nginx(1), nginx(2), other(3)])).toEqual(count(2));
    expect(counts.changed(1, [nginx(4)], [1])).toEqual([]);
    expect(counts.changed(2, [], [2])).toEqual([]);
    expect(counts.changed(3, [], [4])).toEqual(count(0));
    expect(counts.changed(4, [nginx(5)], [])).toEqual(count(1));
  });

  it("forgets a process that runs another program now", () => {
    const counts = new ProcessCounts();
    counts.configure(0, [tracker()], [nginx(1)]);
    expect(counts.changed(1, [other(1)], [])).toEqual(count(0));
  });

  it("waits for terminate_delay: a quick restart is no failure", () => {
    const counts = new ProcessCounts();
    counts.configure(0, [tracker({ terminateDelay: seconds(1) })], [nginx(1)]);
    expect(counts.changed(0, [], [1])).toEqual([]);
    expect(counts.nextDeadline()).toBe(seconds(1));
    expect(counts.changed(millis(500), [nginx(2)], [])).toEqual([]);
    expect(counts.nextDeadline()).toBeUndefined();
    expect(counts.changed(seconds(2), [], [2])).toEqual([]);
    expect(counts.clockReached(seconds(3) - 1)).toEqual([]);
    expect(counts.clockReached(seconds(3))).toEqual(count(0));
  });

  it("waits for fork_delay after a gain, also where a gain is one too many", () => {
    const counts = new ProcessCounts();
    const delays = { forkDelay: seconds(1), terminateDelay: seconds(9) };
    counts.configure(0, [tracker({ quorumMax: 1, ...delays })], [nginx(1)]);
    expect(counts.changed(0, [nginx(2)], [])).toEqual([]);
    expect(counts.nextDeadline()).toBe(seconds(1));
    expect(counts.clockReached(seconds(1))).toEqual(count(2));
  });

  it("goes on from what an earlier life told", () => {
    const counts = new ProcessCounts();
    const delayed = tracker({ terminateDelay: seconds(1) });
    expect(counts.configure(0, [delayed], [], new Map([["web", 1]]))).toEqual(count(1));
    expect(counts.clockReached(seconds(1))).toEqual(count(0));
  });

  it("keeps the delay of a tracker that a reload leaves as it is, and begins a changed one afresh", () => {
    const counts = new ProcessCounts();
    const delayed = tracker({ terminateDelay: seconds(1) });
    counts.configure(0, [delayed], [nginx(1)]);
    counts.changed(0, [], [1]);
    expect(counts.configure(1, [{ ...delayed }], [])).toEqual(count(1));
    expect(counts.nextDeadline()).toBe(seconds(1));
    expect(counts.configure(2, [{ ...delayed, quorum: 2 }], [])).toEqual(count(0));
  });
});
