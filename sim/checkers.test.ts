import { describe, expect, it } from "vitest";
import type { VrrpAction } from "../src/vrrp/action.ts";
import type { VrrpInput } from "../src/vrrp/input.ts";
import type { EngineFactory, VrrpEngine } from "./node.ts";
import type { SimulateOptions } from "./simulate.ts";
import { describeFailure, realEngines, simulate } from "./simulate.ts";
import type { Scenario } from "./spec.ts";

/** Does nothing, ever. */
const IDLE: EngineFactory = (() => {
  const create = (): VrrpEngine => ({
    handle: () => [],
    nextDeadline: () => undefined,
    snapshot: (at) => ({
      at,
      model: {
        instances: [],
        syncGroups: [],
        garpGroups: [],
        trackScripts: [],
        trackFiles: [],
        trackProcesses: [],
        fifo: false,
        noMailOnFault: false,
        startupDelay: 0,
        statics: { addresses: [], routing: [] },
      },
      statics: { addresses: [], routing: [] },
      links: [],
      addresses: [],
      scripts: [],
      bfds: [],
      measured: [],
      gateways: [],
      hosts: [],
      instances: [],
      groups: [],
      dropped: {},
      nextActionId: 1,
      stopping: false,
      internal: undefined,
    }),
  });
  return { create, restore: create };
})();

/** The real engine with something between it and the loop. */
function wrapped(
  change: (engine: VrrpEngine, now: number, input: VrrpInput) => readonly VrrpAction[],
): NonNullable<SimulateOptions["engines"]> {
  return (scenario: Scenario) => {
    const real = realEngines(scenario);
    const wrap = (engine: VrrpEngine): VrrpEngine => ({
      handle: (now, input) => change(engine, now, input),
      nextDeadline: () => engine.nextDeadline(),
      snapshot: (now) => engine.snapshot(now),
    });
    return {
      create: () => wrap(real.create()),
      restore: (snapshot, now) => wrap(real.restore(snapshot, now)),
    };
  };
}

/** The first violation in the first seeds, by the name of its checker. */
function found(options: SimulateOptions, seeds = 60): string[] {
  const checkers = new Set<string>();
  for (let seed = 0; seed < seeds; seed++) {
    const { failure } = simulate(seed, options);
    if (failure !== undefined) checkers.add(failure.checker);
  }
  return [...checkers];
}

/** Whether that checker sees something in any of the first seeds. */
function finds(checker: string, options: SimulateOptions, seeds = 60): boolean {
  for (let seed = 0; seed < seeds; seed++)
    if (simulate(seed, options).failure?.checker === checker) return true;
  return false;
}

describe("the checkers", () => {
  it("miss the master where engines do nothing", () => {
    expect(found({ engines: () => IDLE, checks: "world" }).sort()).toEqual(["deafened", "one-master"]);
  });

  it("see a restored engine that is not the original", () => {
    const engines = (scenario: Scenario): EngineFactory => {
      const real = realEngines(scenario);
      // It forgets how long it has been waiting for the master.
      const restore: EngineFactory["restore"] = (snapshot, now) =>
        real.restore({ ...snapshot, at: snapshot.at - 1 }, now);
      return { create: real.create, restore };
    };
    expect(finds("restore-equivalence", { engines })).toBe(true);
  });

  it("see bytes on the wire that are not as configured", () => {
    const engines = wrapped((engine, now, input) => {
      const actions = engine.handle(now, input);
      return actions.map((action) =>
        action.kind === "SendAdvertisement" ? { ...action, hopLimit: 254 } : action,
      );
    });
    expect(found({ engines }, 5)).toEqual(["wire-valid"]);
  });

  it("see a wrong order", () => {
    const engines = wrapped((engine, now, input) => [...engine.handle(now, input)].reverse());
    expect(found({ engines }, 5)).toEqual(["order"]);
  });

  it("see that announcements do not reach the LAN", () => {
    const engines = wrapped((engine, now, input) =>
      engine.handle(now, input).filter(({ kind }) => kind !== "SendFrames"),
    );
    expect(found({ engines, checks: "world" }, 20)).toEqual(["observer"]);
  });

  it("see addresses that are not asked for", () => {
    const engines = wrapped((engine, now, input) =>
      engine.handle(now, input).filter(({ kind }) => kind !== "RemoveAddresses"),
    );
    expect(finds("addresses", { engines, checks: "world" }, 20)).toBe(true);
  });

  it("see a retained packet buffer, which is overwritten after each call", () => {
    let last: Uint8Array | undefined;
    const engines = wrapped((engine, now, input) => {
      if (input.kind === "PacketReceived") {
        const kept = last;
        last = input.payload;
        if (kept !== undefined) return engine.handle(now, { ...input, payload: kept });
      }
      return engine.handle(now, input);
    });
    expect(finds("one-master", { engines, checks: "world" }, 10)).toBe(true);
  });

  it("tell a defect of the engine from a violation, with the way to replay it", () => {
    const engines = wrapped(() => {
      throw new Error("out of tea");
    });
    const outcome = simulate(3, { engines });
    expect(outcome.failure?.checker).toBe("defect");
    const text = describeFailure(outcome);
    expect(text).toContain("out of tea");
    expect(text).toContain("npm run sim -- --seed 3 --verbose");
    expect(text).toContain("r1");
  });
});
