/** One run from a seed, and what came of it. */
import { createVrrpEngine, restoreVrrpEngine } from "../src/vrrp/engine.ts";
import { SimLog } from "./log.ts";
import type { EngineFactory } from "./node.ts";
import { runProbe } from "./probes.ts";
import { drawScenario } from "./scenario.ts";
import { settle } from "./settle.ts";
import type { Scenario } from "./spec.ts";
import { Violation } from "./violation.ts";
import { answerTimeout, World } from "./world.ts";

export interface Outcome {
  readonly seed: number;
  /** Hash over the whole log: equal for equal seeds. */
  readonly digest: string;
  readonly lines: number;
  /** Simulated time. */
  readonly span: number;
  /** How often what happened, by its name. */
  readonly tally: ReadonlyMap<string, number>;
  readonly failure: SimFailure | undefined;
}

export interface SimFailure {
  /** The checker that found it, or `defect` for an exception of the engine or the simulator. */
  readonly checker: string;
  readonly message: string;
  /** The last lines of the log. */
  readonly tail: readonly string[];
}

/** The engines of the project, with waits for the kernel that suit the world's unit of time. */
export function realEngines(scenario: Scenario): EngineFactory {
  const options = { actionTimeout: answerTimeout(scenario), stopTimeout: answerTimeout(scenario) };
  return {
    create: () => createVrrpEngine(options),
    restore: (snapshot, now) => restoreVrrpEngine(snapshot, now, options),
  };
}

export interface SimulateOptions {
  /** Gets every line of the log. */
  readonly sink?: (line: string) => void;
  readonly engines?: (scenario: Scenario) => EngineFactory;
  /** `world`: without the checkers that follow every step. */
  readonly checks?: "all" | "world";
}

/** Runs the world of a seed to its end or to the first violation. */
export function simulate(seed: number, options: SimulateOptions = {}): Outcome {
  const { sink, engines = realEngines, checks = "all" } = options;
  const log = new SimLog(sink);
  const scenario = drawScenario(seed);
  const world = new World(scenario, engines(scenario), log, checks);
  let failure: SimFailure | undefined;
  try {
    runScenario(world);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const checker = error instanceof Violation ? error.checker : "defect";
    const message = error instanceof Violation ? error.message : (error.stack ?? error.message);
    failure = { checker, message, tail: log.tail() };
  }
  const { tally } = world.history;
  return { seed, digest: log.digest, lines: log.lines, span: world.now, tally, failure };
}

function runScenario(world: World): void {
  const { scenario } = world;
  world.runTroubles();
  settle(world, {
    lag: troubleLag(scenario),
    slept: scenario.faults.some(({ kind }) => kind === "pause" || kind === "late"),
    scripts: scenario.faults.some(({ kind }) => kind === "script" || kind === "reload"),
  });
  for (const probe of scenario.probes) {
    world.log.add(world.now, "world", `probe ${probe}`);
    world.history.count(`probe ${probe}`);
    runProbe(world, probe);
  }
}

/** How long after the end of the troubles something of them may still arrive: a slow packet, a late timer, a restart. */
function troubleLag(scenario: Scenario): number {
  let lag = 0;
  for (const fault of scenario.faults) {
    if (fault.kind === "network" || fault.kind === "link-quality")
      lag = Math.max(lag, fault.quality.delayMax);
    if (fault.kind === "late") lag = Math.max(lag, fault.mood.latencyMax + fault.mood.latenessMax);
  }
  return lag;
}

/** What a person needs to look into a failed seed. */
export function describeFailure(outcome: Outcome): string {
  const { failure, seed } = outcome;
  if (failure === undefined) return `seed ${seed}: ${outcome.lines} lines, ${outcome.digest}`;
  return [
    `seed ${seed}: ${failure.message}`,
    `replay: npm run sim -- --seed ${seed} --verbose`,
    ...failure.tail.map((line) => `  ${line}`),
  ].join("\n");
}
