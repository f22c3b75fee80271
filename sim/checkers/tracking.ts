/**
 * Trackers once more: a script's verdict turns after `rise` good or `fall` bad results in a row, the first result decides
 * unless `init_fail` has; files and processes count as they were measured; and all of them make the priority or FAULT as the
 * weights say.
 */
import type { VrrpModel } from "../../src/model/model.ts";
import type { Measurement } from "../../src/vrrp/input.ts";
import type { Checker, Handling, RouterNode } from "../node.ts";
import type { Verdicts } from "../senses.ts";
import { judgeTrackers } from "../senses.ts";
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

interface Numbers {
  readonly value: number;
  readonly previous: number;
}

interface Trackers {
  readonly scripts: Map<string, Verdict>;
  readonly files: Map<string, Numbers>;
  readonly processes: Map<string, Numbers>;
  bfdUp: boolean;
  interfaceUp: boolean;
  isConfigured: boolean;
  /** What the engine was told last is older than a restart: nothing can be said of the streaks. */
  readonly isRestored: boolean;
}

export class Tracking implements Checker {
  readonly name = "tracking";
  readonly #trackers = new Map<RouterNode, Trackers>();

  started(node: RouterNode, how: "cold" | "warm"): void {
    this.#trackers.set(node, {
      scripts: new Map(),
      files: new Map(),
      processes: new Map(),
      bfdUp: false,
      interfaceUp: false,
      isConfigured: false,
      isRestored: how === "warm",
    });
  }

  handled({ node, input }: Handling): void {
    const trackers = this.#trackers.get(node);
    if (trackers === undefined || trackers.isRestored) return;
    switch (input.kind) {
      case "LinkChanged":
        if (input.link.name === TRACKED_INTERFACE) trackers.interfaceUp = input.link.up && input.link.running;
        break;
      case "ScriptFinished": {
        const script = node.spec.scripts.find(({ name }) => name === input.script);
        const verdict = trackers.scripts.get(input.script);
        if (script !== undefined && verdict !== undefined) judge(verdict, script, input.ok);
        break;
      }
      case "TrackerMeasured":
        note(trackers, input);
        break;
      case "BfdChanged":
        trackers.bfdUp = input.up;
        break;
      case "ConfigChanged":
        for (const measurement of input.measured ?? []) note(trackers, measurement);
        configure(trackers, input.model);
        break;
      default:
        return;
    }
    // A freeze holds what trackers say back.
    for (const view of node.views.values()) if (!view.ordered) this.#check(node, view, trackers);
  }

  #check(node: RouterNode, view: InstanceView, trackers: Trackers): void {
    const { model, state } = view;
    if (state === "INIT" || state === "STOP" || model.priority === 255) return;
    const { priority, mustFail } = judgeTrackers(model, node.model, verdictsOf(trackers));
    if (view.effectivePriority !== priority) {
      throw new Violation(this.name, `${node.name} has priority ${view.effectivePriority}, not ${priority}`);
    }
    if (mustFail && state !== "FAULT") throw new Violation(this.name, `${node.name} is ${state}, not FAULT`);
  }
}

function verdictsOf({ scripts, files, processes, bfdUp, interfaceUp }: Trackers): Verdicts {
  return {
    isInterfaceUp: () => interfaceUp,
    isScriptUp: (name) => scripts.get(name)?.isUp,
    isBfdUp: () => bfdUp,
    fileNumbers: (name) => files.get(name),
    processCount: (name) => processes.get(name)?.value,
  };
}

/** The same number again is no news. */
function note(trackers: Trackers, { tracker, name, value }: Measurement): void {
  const known = tracker === "file" ? trackers.files : trackers.processes;
  const before = known.get(name)?.value;
  if (before !== value) known.set(name, { value, previous: before ?? 0 });
}

/** What nobody follows any more is forgotten. A script that a reload brings counts as good until it has run. */
function configure(trackers: Trackers, { trackScripts, trackFiles, trackProcesses }: VrrpModel): void {
  keepOnly(trackers.files, trackFiles);
  keepOnly(
    trackers.processes,
    trackProcesses.map(({ name }) => name),
  );
  keepOnly(
    trackers.scripts,
    trackScripts.map(({ name }) => name),
  );
  for (const { name, fall, initFail } of trackScripts) {
    if (trackers.scripts.has(name)) continue;
    const fresh = trackers.isConfigured
      ? { isUp: !initFail, against: initFail ? 0 : fall - 1 }
      : { isUp: initFail ? false : undefined, against: 0 };
    trackers.scripts.set(name, fresh);
  }
  trackers.isConfigured = true;
}

function keepOnly(known: Map<string, unknown>, names: readonly string[]): void {
  for (const name of [...known.keys()]) if (!names.includes(name)) known.delete(name);
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
