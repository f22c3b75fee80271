/** Directors that are wrong in ways an operator would suffer from: the world must find each of them. */
import { describe, expect, it } from "vitest";
import type { DirectorAction } from "../../src/director/action.ts";
import type { DirectorEngine } from "../../src/director/engine.ts";
import type { DirectorInput } from "../../src/director/input.ts";
import type { DirectorModel, VirtualServerModel } from "../../src/model/director-models.ts";
import { REAL_DIRECTORS, simulateDirector } from "./simulate.ts";
import type { DirectorFactory } from "./world.ts";

const SEEDS = 60;

interface Mutant {
  readonly effect: string;
  readonly checker: string;
  readonly input?: (input: DirectorInput) => DirectorInput;
  readonly actions?: (actions: readonly DirectorAction[]) => readonly DirectorAction[];
}

function onModels(
  change: (model: VirtualServerModel) => VirtualServerModel,
): (input: DirectorInput) => DirectorInput {
  return (input) => {
    if (input.kind !== "ConfigChanged") return input;
    const model: DirectorModel = {
      ...input.model,
      virtualServers: input.model.virtualServers.map(change),
    };
    return { ...input, model };
  };
}

const MUTANTS: Readonly<Record<string, Mutant>> = {
  "no excuse": {
    effect: "a director without descriptors takes every server out",
    checker: "desired",
    input: (input) =>
      input.kind === "CheckFinished" ? { ...input, result: { ...input.result, notRun: false } } : input,
  },
  "no hysteresis": {
    effect: "a service at the edge of its quorum flaps with every server",
    checker: "desired",
    input: onModels((service) => ({ ...service, hysteresis: 0 })),
  },
  impatient: {
    effect: "a server goes at the first of its failures",
    checker: "desired",
    input: onModels((service) => ({
      ...service,
      realServers: service.realServers.map((server) => ({
        ...server,
        checks: server.checks.map((check) => ({ ...check, timing: { ...check.timing, retry: 0 } })),
      })),
    })),
  },
  trusting: {
    effect: "servers that are alpha get connections before anybody looked at them",
    checker: "desired",
    input: onModels((service) => ({
      ...service,
      realServers: service.realServers.map((server) => ({
        ...server,
        checks: server.checks.map((check) => ({ ...check, alpha: false })),
      })),
    })),
  },
  "without pity": {
    effect: "connections to an inhibited server break when it fails",
    checker: "desired",
    input: onModels((service) => ({
      ...service,
      realServers: service.realServers.map((server) => ({ ...server, inhibitOnFailure: false })),
    })),
  },
  "without sorry": {
    effect: "nobody serves while the quorum is lost",
    checker: "desired",
    input: onModels((service) => ({ ...service, sorryServer: undefined })),
  },
  "never suspended": {
    effect: "the backup's checks take servers out",
    checker: "desired",
    input: onModels((service) => ({ ...service, haSuspend: false })),
  },
  "one weight for all": {
    effect: "what a script says about the load is not heard",
    checker: "desired",
    input: (input) =>
      input.kind === "CheckFinished"
        ? { ...input, result: { ...input.result, setsWeight: undefined } }
        : input,
  },
  "deaf to orders": {
    effect: "a drain does nothing",
    checker: "desired",
    input: (input) => (input.kind === "PoolOrdersChanged" ? { ...input, orders: [] } : input),
  },
  "dead servers stay": {
    effect: "the kernel sends connections to dead servers",
    checker: "kernel-follows",
    actions: (actions) =>
      actions.map((action) =>
        action.kind === "ChangeTable"
          ? {
              ...action,
              changes: action.changes.map((step) =>
                step.kind === "DeleteDestination" ? { ...step, kind: "EditDestination" } : step,
              ),
            }
          : action,
      ),
  },
  "believes in its success": {
    effect: "what the kernel refused once is never in the table",
    checker: "kernel-follows",
    input: (input) => {
      if (input.kind === "ActionFailed") return { kind: "ActionDone", id: input.id };
      return input.kind === "TableRead" ? { ...input, services: [] } : input;
    },
  },
  "never looks": {
    effect: "what somebody else changed stays so",
    checker: "kernel-follows",
    input: (input) =>
      input.kind === "TableRead"
        ? { kind: "TableReadFailed", error: { call: "mutant", errno: "EIO", subject: "table" } }
        : input,
  },
  silent: {
    effect: "nobody is told that a server came back",
    checker: "told",
    actions: (actions) =>
      actions.filter(
        (action) => !(action.kind === "Emit" && action.event.kind === "ServerChanged" && action.event.up),
      ),
  },
  "runs too often": {
    effect: "a slow server gets ever more checks at once",
    checker: "one-run",
    actions: (actions) => [...actions, ...actions.filter(({ kind }) => kind === "StartCheck")],
  },
};

function wrapped({
  input: onInput = (input) => input,
  actions: onActions = (actions) => actions,
}: Mutant): DirectorFactory {
  const wrap = (engine: DirectorEngine): DirectorEngine => ({
    handle: (now, input) => onActions(engine.handle(now, onInput(input))),
    nextDeadline: () => engine.nextDeadline(),
    snapshot: (now) => engine.snapshot(now),
  });
  return {
    create: (seed) => wrap(REAL_DIRECTORS.create(seed)),
    restore: (snapshot, now) => wrap(REAL_DIRECTORS.restore(snapshot, now)),
  };
}

/** The checkers that found something in the first seeds, the most frequent first. */
function found(factory: DirectorFactory): readonly string[] {
  const counts = new Map<string, number>();
  for (let seed = 0; seed < SEEDS; seed++) {
    const { failure } = simulateDirector(seed, factory);
    if (failure !== undefined) counts.set(failure.checker, (counts.get(failure.checker) ?? 0) + 1);
    if ((counts.get(failure?.checker ?? "") ?? 0) >= 3) break;
  }
  return [...counts].sort(([, a], [, b]) => b - a).map(([checker]) => checker);
}

describe("the director's world finds", () => {
  it.each(Object.entries(MUTANTS))(
    "the mutant '%s'",
    (_, mutant) => {
      expect(found(wrapped(mutant)), mutant.effect).toContain(mutant.checker);
    },
    100_000,
  );

  it("a restored engine that forgot how often a check failed", () => {
    const restore: DirectorFactory["restore"] = (snapshot, now) =>
      REAL_DIRECTORS.restore(
        {
          ...snapshot,
          checks: snapshot.checks.map(({ key, memory }) => ({ key, memory: { ...memory, failures: 0 } })),
        },
        now,
      );
    expect(found({ create: REAL_DIRECTORS.create, restore }).length).toBeGreaterThan(0);
  }, 100_000);
});
