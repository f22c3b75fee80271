import { describe, expect, it } from "vitest";
import { seconds } from "../base/time.ts";
import type { ChildExit, RespawnHistory } from "./respawn.ts";
import { decideRespawn, describeExit, FRESH } from "./respawn.ts";

const KILLED: ChildExit = { kind: "killed", signal: "SIGKILL" };

/** Delays of deaths in a row, each after a life of that length. */
function delays(lives: readonly number[]): readonly number[] {
  let history: RespawnHistory = FRESH;
  return lives.map((life) => {
    const decision = decideRespawn(history, KILLED, 1_000, 1_000 + life, true);
    if (decision.kind === "give-up") throw new Error(decision.why);
    history = decision.history;
    return decision.after / seconds(1);
  });
}

describe("decideRespawn", () => {
  it("follows keepalived's delays after short lives", () => {
    expect(delays(Array(11).fill(10))).toEqual([0, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60]);
  });

  it("starts at once and begins anew after a life of a minute", () => {
    expect(delays([10, 10, 10, seconds(60), 10, 10])).toEqual([0, 1, 2, 0, 1, 2]);
    expect(delays([10, 10, seconds(60) - 1])).toEqual([0, 1, 2]);
  });

  it.each([1, 2, 4])("gives up on exit code %i and answers it", (code) => {
    expect(decideRespawn(FRESH, { kind: "exited", code }, 0, seconds(100), true)).toMatchObject({
      kind: "give-up",
      exitCode: code,
    });
  });

  it.each([0, 3, 70])("goes on after exit code %i", (code) => {
    expect(decideRespawn(FRESH, { kind: "exited", code }, 0, 1, true)).toMatchObject({
      kind: "respawn",
      after: 0,
    });
  });

  it("ends the daemon with the first child where respawning is off", () => {
    expect(decideRespawn(FRESH, KILLED, 0, seconds(100), false)).toMatchObject({
      kind: "give-up",
      exitCode: 1,
    });
  });

  it("says how a child ended", () => {
    expect(describeExit(KILLED)).toBe("signal SIGKILL");
    expect(describeExit({ kind: "exited", code: 70 })).toBe("exit code 70");
  });
});
