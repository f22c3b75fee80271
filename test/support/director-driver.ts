/** A director's engine with a kernel that answers at once, and checks that end when a test says so. */

import { FakeTable } from "../../sim/director/fake-table.ts";
import { seconds } from "../../src/base/time.ts";
import type { DirectorAction } from "../../src/director/action.ts";
import {
  createDirectorEngine,
  type DirectorEngine,
  type DirectorEngineOptions,
  restoreDirectorEngine,
} from "../../src/director/engine.ts";
import type { DirectorEvent } from "../../src/director/event.ts";
import type { CheckResult, DirectorInput } from "../../src/director/input.ts";
import type { DirectorModel } from "../../src/model/director-models.ts";

export const GOOD: CheckResult = {
  ok: true,
  detail: "connected",
  weightChange: 0,
  duration: 1_000,
  excerpt: undefined,
};
export const BAD: CheckResult = { ...GOOD, ok: false, detail: "connection refused" };

export class DirectorDriver {
  engine: DirectorEngine;
  now = seconds(1_000);
  readonly kernel = new FakeTable();
  readonly actions: DirectorAction[] = [];
  /** What a run of a check ends in, by the check's id; undefined: it does not end. */
  outcome: (check: string) => CheckResult | undefined = () => GOOD;
  /** Requests about the table are answered. */
  answers = true;

  constructor(options: Partial<DirectorEngineOptions> = {}) {
    this.engine = createDirectorEngine({ seed: 1, ...options });
  }

  /** Hands in an input; checks end and the kernel answers at once. Returns all actions that came of it. */
  tell(input: DirectorInput): readonly DirectorAction[] {
    const from = this.actions.length;
    const inputs = [input];
    for (let next = inputs.shift(); next !== undefined; next = inputs.shift()) {
      const actions = this.engine.handle(this.now, next);
      this.actions.push(...actions);
      for (const action of actions) inputs.push(...this.#answer(action));
    }
    return this.actions.slice(from);
  }

  configure(model: DirectorModel): readonly DirectorAction[] {
    return this.tell({ kind: "ConfigChanged", model });
  }

  /** Lets time pass, deadline by deadline. */
  pass(span: number): readonly DirectorAction[] {
    const from = this.actions.length;
    const until = this.now + span;
    for (;;) {
      const deadline = this.engine.nextDeadline();
      if (deadline === undefined || deadline > until) break;
      this.now = Math.max(this.now, deadline);
      this.tell({ kind: "ClockReached" });
    }
    this.now = until;
    return this.actions.slice(from);
  }

  /** Exchanges the engine for one restored from its snapshot, at once or after a while. */
  restore(after = 0): void {
    const snapshot = JSON.parse(JSON.stringify(this.engine.snapshot(this.now)));
    this.now += after;
    this.engine = restoreDirectorEngine(snapshot, this.now);
  }

  #answer(action: DirectorAction): readonly DirectorInput[] {
    if (action.kind === "StartCheck") {
      const result = this.outcome(action.check);
      const { check, run } = action;
      return result === undefined ? [] : [{ kind: "CheckFinished", check, run, result }];
    }
    if (!this.answers) return [];
    if (action.kind === "ReadTable") return [{ kind: "TableRead", services: this.kernel.read() }];
    if (action.kind === "FlushTable") {
      this.kernel.flush();
      return [{ kind: "ActionDone", id: action.id }];
    }
    if (action.kind !== "ChangeTable") return [];
    const refusals = this.kernel.change(action.changes);
    const { id } = action;
    return [refusals.length === 0 ? { kind: "ActionDone", id } : { kind: "ActionFailed", id, refusals }];
  }
}

/** The events among actions. */
export function eventsOf(actions: readonly DirectorAction[]): readonly DirectorEvent[] {
  return actions.flatMap((action) => (action.kind === "Emit" ? [action.event] : []));
}

/** Events, scripts and mails in short: `down [10.0.1.1]:tcp:80`, `quorum lost`, `run DOWN /down`, `mail SUBJECT`. */
export function newsOf(actions: readonly DirectorAction[]): readonly string[] {
  return actions.flatMap((action) => {
    if (action.kind === "RunNotify") return [`run ${action.state} ${action.command.path}`];
    if (action.kind === "SendMail") return [`mail ${action.subject} ${action.body}`];
    return action.kind === "Emit" ? eventNews(action.event) : [];
  });
}

function eventNews(event: DirectorEvent): readonly string[] {
  switch (event.kind) {
    case "ServerChanged":
      return [`${event.up ? "up" : "down"} ${event.realServer}`];
    case "QuorumChanged":
      return [`quorum ${event.up ? "gained" : "lost"} ${event.weight}`];
    case "WeightChanged":
      return [`weight ${event.realServer} ${event.from} to ${event.to}`];
    case "SorryServer":
      return [`sorry ${event.inUse ? "in use" : "out of use"}`];
    case "CheckFailed":
      return [`failed ${event.realServer} left ${event.left}`];
    case "Suspended":
      return [event.suspended ? "suspended" : "resumed"];
    case "Drained":
      return [`drained ${event.realServer}`];
    case "CheckOverdue":
      return [`overdue ${event.check}`];
    case "ChecksBlocked":
      return [`blocked ${event.check}: ${event.reason}`];
    case "ChecksUnblocked":
      return [`unblocked ${event.check}: ${event.reason}`];
    case "TableDiffered":
      return [`differed ${event.changes}`];
    case "TableRefused":
      return [`refused ${event.what} ${event.error.errno}`];
    case "TableChanged":
    case "PlaneChosen":
      return [];
  }
}
