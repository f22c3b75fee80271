/**
 * Track scripts and interfaces once more: a verdict turns after `rise` good or `fall` bad results in a row, the first
 * result decides unless `init_fail` has, and verdicts make the priority or FAULT as the weights say.
 */
import type { TrackedModel } from "../../src/model/model.ts";
import type { Checker, Handling, RouterNode } from "../node.ts";
import type { ScriptSpec } from "../spec.ts";
import { TRACKED_INTERFACE } from "../spec.ts";
import type { InstanceView } from "../view.ts";
import { Violation } from "../violation.ts";

interface Verdict {
  /** Undefined before the first result. */
  isUp: boolean | undefined;
  /** Results in a row that contradict it. */
  against: number;
}

interface Trackers {
  readonly scripts: Map<string, Verdict>;
  interfaceUp: boolean;
  /** What the engine was told last is older than a restart: nothing can be said of the streaks. */
  readonly isRestored: boolean;
}

export class Tracking implements Checker {
  readonly name = "tracking";
  readonly #trackers = new Map<RouterNode, Trackers>();

  started(node: RouterNode, how: "cold" | "warm"): void {
    const scripts = new Map(
      node.spec.scripts.map(({ name, initFail }): [string, Verdict] => [
        name,
        { isUp: initFail ? false : undefined, against: 0 },
      ]),
    );
    this.#trackers.set(node, { scripts, interfaceUp: false, isRestored: how === "warm" });
  }

  handled({ node, input }: Handling): void {
    const trackers = this.#trackers.get(node);
    if (trackers === undefined || trackers.isRestored) return;
    if (input.kind === "LinkChanged" && input.link.name === TRACKED_INTERFACE) {
      trackers.interfaceUp = input.link.up && input.link.running;
    } else if (input.kind === "ScriptFinished") {
      const script = node.spec.scripts.find(({ name }) => name === input.script);
      const verdict = trackers.scripts.get(input.script);
      if (script !== undefined && verdict !== undefined) judge(verdict, script, input.ok);
    } else {
      return;
    }
    for (const view of node.views.values()) this.#check(node, view, trackers);
  }

  #check(node: RouterNode, view: InstanceView, trackers: Trackers): void {
    const { model, state } = view;
    if (state === "INIT" || state === "STOP" || model.priority === 255) return;
    let priority = model.priority;
    let mustFail = false;
    const count = ({ weight }: TrackedModel, isUp: boolean): void => {
      if (weight === 0) mustFail ||= !isUp;
      else if (weight > 0 === isUp) priority += weight;
    };
    for (const tracked of model.trackInterfaces) count(tracked, trackers.interfaceUp);
    for (const tracked of model.trackScripts) {
      const isUp = trackers.scripts.get(tracked.name)?.isUp;
      if (isUp !== undefined) count(tracked, isUp);
    }
    priority = Math.min(254, Math.max(1, priority));
    if (view.effectivePriority !== priority) {
      throw new Violation(this.name, `${node.name} has priority ${view.effectivePriority}, not ${priority}`);
    }
    if (mustFail && state !== "FAULT") throw new Violation(this.name, `${node.name} is ${state}, not FAULT`);
  }
}

function judge(verdict: Verdict, { rise, fall }: ScriptSpec, ok: boolean): void {
  if (verdict.isUp === undefined) {
    verdict.isUp = ok;
  } else if (ok === verdict.isUp) {
    verdict.against = 0;
  } else if (++verdict.against >= (ok ? rise : fall)) {
    verdict.isUp = ok;
    verdict.against = 0;
  }
}
