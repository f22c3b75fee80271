/**
 * A deterministic world around the director's engine: servers that flap, a kernel that refuses, is slow or forgets, somebody
 * who changes its table, operators, reloads amid all that, and deaths of the process. After every step the engine is held
 * against the rules.
 */
import type { Prng } from "../../src/base/prng.ts";
import { millis, seconds } from "../../src/base/time.ts";
import type { DirectorAction } from "../../src/director/action.ts";
import { endpointKey } from "../../src/director/desired.ts";
import type { DirectorEngine } from "../../src/director/engine.ts";
import type { CheckResult, DirectorInput } from "../../src/director/input.ts";
import type { DirectorSnapshot } from "../../src/director/memory.ts";
import { restorePool } from "../../src/director/restore.ts";
import type { DirectorModel, ProbeModel } from "../../src/model/director-models.ts";
import { VirtualClock } from "../clock.ts";
import type { SimLog } from "../log.ts";
import { Violation } from "../violation.ts";
import { FakeTable, serviceText } from "./fake-table.ts";
import { Rules } from "./rules.ts";

export interface DirectorFactory {
  create(seed: number): DirectorEngine;
  restore(snapshot: DirectorSnapshot, now: number): DirectorEngine;
}

/** How the world is at the moment. */
export interface Mood {
  /** Longest time the kernel takes for an answer. */
  kernelDelay: number;
  /** Share of the kernel's answers that never come. */
  kernelLoss: number;
  /** Steps about this destination or service are refused. */
  refused: string | undefined;
  /** Share of checks that fail, and of runs that never end. */
  failing: number;
  lost: number;
  /** Runs that this host cannot begin. */
  notRun: number;
}

const CALM: Mood = { kernelDelay: 0, kernelLoss: 0, refused: undefined, failing: 0, lost: 0, notRun: 0 };

interface Run {
  readonly run: number;
  readonly probe: ProbeModel;
}

export class DirectorWorld {
  readonly clock = new VirtualClock();
  readonly kernel = new FakeTable();
  readonly mood: Mood = { ...CALM };
  readonly tally = new Map<string, number>();
  readonly #random: Prng;
  readonly #factory: DirectorFactory;
  readonly #log: SimLog;
  readonly #rules = new Rules();
  readonly #runs = new Map<string, Run>();
  readonly #told = new Map<string, boolean>();
  #engine: DirectorEngine;
  #twin: DirectorEngine | undefined;
  #kernelAt = 0;
  #life = 0;
  #timer: { cancel(): void } | undefined;
  #hasModel = false;
  #quiet = 0;
  #stopped = false;

  constructor(random: Prng, factory: DirectorFactory, log: SimLog) {
    this.#random = random;
    this.#factory = factory;
    this.#log = log;
    this.#engine = factory.create(random.uint32());
    this.kernel.refuse = (step) => {
      const name = "service" in step ? endpointKey(step.service.endpoint) : step.destination.address;
      return name === this.mood.refused ? "EINVAL" : undefined;
    };
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  count(what: string): void {
    this.tally.set(what, (this.tally.get(what) ?? 0) + 1);
  }

  calmDown(): void {
    Object.assign(this.mood, CALM);
  }

  configure(model: DirectorModel): void {
    this.#hasModel = true;
    // What is left of a server that the model does not have any more is told at its end.
    this.tell({ kind: "ConfigChanged", model });
  }

  /** Hands an input to the rules and the engine, carries out what it wants, and compares. */
  tell(input: DirectorInput): void {
    this.#log.add(this.clock.now, "world", JSON.stringify(input));
    this.#rules.take(input);
    const news = this.#step(input);
    // The table of every step is too dear; what was missed shows in the next.
    if (news || !QUIET_INPUTS.has(input.kind) || ++this.#quiet % 16 === 0) this.#compare();
  }

  /** A twin made from the snapshot's JSON must do the same from now on. */
  makeTwin(): void {
    this.count("twin");
    this.#twin = this.#factory.restore(throughJson(this.#engine.snapshot(this.clock.now)), this.clock.now);
  }

  /** The process dies, and another one goes on from its last snapshot. */
  die(downFor: number): void {
    this.count("death");
    const snapshot = throughJson(this.#engine.snapshot(this.clock.now));
    this.#life++;
    this.#runs.clear();
    this.#twin = undefined;
    this.#timer?.cancel();
    this.clock.runUntil(this.clock.now + downFor);
    this.#engine = this.#factory.restore(snapshot, this.clock.now);
    this.#arm();
    this.#compare();
  }

  /** The kernel has what the rules say, and what is not ours as it was. */
  expectSettled(strangers: readonly string[]): void {
    const expected = [...this.#rules.table, ...strangers].sort();
    const found = this.kernel.text;
    if (expected.join("\n") !== found.join("\n"))
      throw new Violation("kernel-follows", `expected ${expected.join("; ")}, found ${found.join("; ")}`);
  }

  stop(release: boolean): void {
    this.#hasModel = false;
    this.tell({ kind: "StopRequested", release, by: "SIGTERM" });
  }

  #step(input: DirectorInput): boolean {
    const { now } = this.clock;
    const actions = this.#engine.handle(now, input);
    const twin = this.#twin?.handle(now, input);
    if (twin !== undefined && JSON.stringify(twin) !== JSON.stringify(actions))
      throw new Violation(
        "restore-equivalence",
        `${JSON.stringify(actions)} but its twin ${JSON.stringify(twin)}`,
      );
    for (const action of actions) this.#perform(action, actions);
    this.#arm();
    return actions.some(({ kind }) => kind === "Emit");
  }

  #arm(): void {
    this.#timer?.cancel();
    const deadline = this.#engine.nextDeadline();
    if (deadline === undefined) return;
    this.#timer = this.clock.at(deadline, () => this.tell({ kind: "ClockReached" }));
  }

  #perform(action: DirectorAction, all: readonly DirectorAction[]): void {
    this.#log.add(this.clock.now, "engine", JSON.stringify(action));
    switch (action.kind) {
      case "StartCheck":
        this.#run(action.check, action.run, action.probe);
        return;
      case "CancelCheck":
        this.#cancel(action.check, all);
        return;
      case "ChangeTable": {
        if (action.changes.length === 0) throw new Violation("requests", "an empty list of changes");
        const { id } = action;
        this.#kernelSoon(() => {
          const refusals = this.kernel.change(action.changes);
          if (refusals.length === 0) return { kind: "ActionDone", id };
          this.count("refused");
          return { kind: "ActionFailed", id, refusals };
        });
        return;
      }
      case "FlushTable":
        this.#kernelSoon(() => {
          this.kernel.flush();
          return { kind: "ActionDone", id: action.id };
        });
        return;
      case "ReadTable":
        this.#kernelSoon(() => ({ kind: "TableRead", services: this.kernel.read() }));
        return;
      case "Emit":
        this.#follow(action.event);
        return;
      case "Stopped":
        this.#stopped = true;
        return;
      default:
        this.count(action.kind);
    }
  }

  #follow(event: Extract<DirectorAction, { kind: "Emit" }>["event"]): void {
    const suffix = "up" in event ? (event.up ? " up" : " down") : "";
    this.count(event.kind + suffix);
    if (event.kind === "ServerChanged")
      this.#told.set(`${event.virtualServer} ${event.realServer}`, event.up);
  }

  #run(check: string, run: number, probe: ProbeModel): void {
    if (this.#runs.has(check)) throw new Violation("one-run", `${check} runs twice`);
    this.#runs.set(check, { run, probe });
    if (this.#random.chance(this.mood.lost)) return;
    const life = this.#life;
    this.clock.at(this.clock.now + this.#random.integer(0, millis(1_500)), () => {
      const current = this.#runs.get(check);
      if (life !== this.#life || current?.run !== run) return;
      this.#runs.delete(check);
      const result = this.#result(probe);
      if (result.notRun !== true) this.#rules.finished(probe, result);
      this.tell({ kind: "CheckFinished", check, run, result });
    });
  }

  /** A run that counts as lost is a failure. */
  #cancel(check: string, all: readonly DirectorAction[]): void {
    const run = this.#runs.get(check);
    if (run === undefined) throw new Violation("one-run", `${check} is cancelled without running`);
    this.#runs.delete(check);
    const isLost = all.some(
      (action) =>
        action.kind === "Emit" && action.event.kind === "CheckOverdue" && action.event.check === check,
    );
    if (isLost) this.#rules.finished(run.probe, { ...RESULT, ok: false });
  }

  #result(probe: ProbeModel): CheckResult {
    if (this.#random.chance(this.mood.notRun))
      return {
        ...RESULT,
        ok: false,
        notRun: true,
        detail: this.#random.pick(["no descriptor", "no buffers"]),
      };
    const ok = !this.#random.chance(this.mood.failing);
    if (probe.kind !== "misc" || !ok) return { ...RESULT, ok };
    return { ...RESULT, setsWeight: this.#random.chance(0.4) ? undefined : this.#random.pick([0, 1, 3]) };
  }

  /** The kernel does it some time later; the answer may get lost. */
  #kernelSoon(work: () => DirectorInput): void {
    const life = this.#life;
    // One after the other, as a socket has it.
    this.#kernelAt = Math.max(
      this.#kernelAt,
      this.clock.now + this.#random.integer(0, this.mood.kernelDelay),
    );
    this.clock.at(this.#kernelAt, () => {
      const answer = work();
      if (life !== this.#life) return;
      if (this.#random.chance(this.mood.kernelLoss)) this.count("answer lost");
      else this.tell(answer);
    });
  }

  /** The table that the engine would have, and what it told of servers, against the rules. */
  #compare(): void {
    if (!this.#hasModel) return;
    const snapshot = this.#engine.snapshot(this.clock.now);
    const pool = restorePool(snapshot);
    const wanted = (snapshot.model?.virtualServers ?? [])
      .flatMap(({ endpoints }) => endpoints.map((endpoint) => pool.wanted(endpointKey(endpoint))))
      .flatMap((service) => (service === undefined ? [] : [serviceText(service)]))
      .sort();
    const expected = this.#rules.table;
    if (wanted.join("\n") !== expected.join("\n"))
      throw new Violation("desired", `the rules say ${expected.join("; ")}, the engine ${wanted.join("; ")}`);
    for (const [name, told] of this.#told) {
      const [virtualServer = "", realServer = ""] = name.split(" ");
      const up = this.#rules.isUp(virtualServer, /^\[(.*)\]:/.exec(realServer)?.[1] ?? "");
      if (up === undefined) this.#told.delete(name);
      else if (up !== told)
        throw new Violation("told", `${name} is ${up ? "up" : "down"}, which nobody was told`);
    }
  }
}

/** Inputs that seldom change anything. */
const QUIET_INPUTS: ReadonlySet<string> = new Set(["ClockReached", "CheckFinished", "ActionDone"]);

const RESULT: CheckResult = {
  ok: true,
  detail: "as drawn",
  weightChange: 0,
  duration: 1,
  excerpt: undefined,
};

function throughJson(snapshot: DirectorSnapshot): DirectorSnapshot {
  return JSON.parse(JSON.stringify(snapshot)) as DirectorSnapshot;
}

/** How long the world must be calm for the kernel to follow: an answer lost, a look at the table, the longest wait. */
export const SETTLE_TIME = seconds(30 + 60 + 64 + 30);
