/**
 * What a machine's trackers have to say, as the world knows it: results of scripts, carrier, numbers in files, counts of
 * processes, BFD sessions. What follows from them for an instance is worked out here for the checkers, apart from the engine.
 */
import type { TrackedModel, VrrpInstanceModel, VrrpModel } from "../src/model/model.ts";
import type { Measurement, VrrpInput } from "../src/vrrp/input.ts";

/** Names of what is tracked, the same on every router. */
export const TRACKED_SCRIPT = "chk";
export const TRACKED_FILE = "load";
export const TRACKED_PROCESS = "proxy";
export const TRACKED_BFD = "uplink";

/** Undefined where nothing is known of a tracker, which then counts for nothing. */
export interface Verdicts {
  isInterfaceUp(name: string): boolean;
  isScriptUp(name: string): boolean | undefined;
  isBfdUp(name: string): boolean;
  /** The number in a file, and the one before. */
  fileNumbers(name: string): { readonly value: number; readonly previous: number } | undefined;
  processCount(name: string): number | undefined;
}

/** What the machine itself would measure. */
export class Senses {
  scriptsOk = true;
  bfdUp = true;
  #file = 0;
  #count = 1;

  /** A steward counts, or reads a file: what it tells a process with this model. */
  measure(tracker: Measurement["tracker"], value: number, model: VrrpModel): VrrpInput[] {
    if (tracker === "file") this.#file = value;
    else this.#count = value;
    return this.measurements(model)
      .filter((one) => one.tracker === tracker)
      .map((one) => ({ kind: "TrackerMeasured", ...one }));
  }

  /** All that a process has to be told of a model's files and processes. */
  measurements(model: VrrpModel): Measurement[] {
    return [
      ...model.trackFiles.map((name): Measurement => ({ tracker: "file", name, value: this.#file })),
      ...model.trackProcesses.map(
        ({ name }): Measurement => ({ tracker: "process", name, value: this.#count }),
      ),
    ];
  }

  setBfd(up: boolean): VrrpInput {
    this.bfdUp = up;
    return this.bfdNews();
  }

  bfdNews(): VrrpInput {
    const why = this.bfdUp ? "came-up" : "neighbour-silent";
    return { kind: "BfdChanged", session: TRACKED_BFD, up: this.bfdUp, why };
  }

  verdicts(isInterfaceUp: (name: string) => boolean): Verdicts {
    return {
      isInterfaceUp,
      isScriptUp: () => this.scriptsOk,
      isBfdUp: () => this.bfdUp,
      fileNumbers: () => ({ value: this.#file, previous: this.#file }),
      processCount: () => this.#count,
    };
  }
}

export interface Judgement {
  /** 1..254, or the owner's 255. */
  readonly priority: number;
  /** A tracker without weight, or a file that takes all, says so. */
  readonly mustFail: boolean;
}

/** What verdicts make of an instance. */
export function judgeTrackers(
  instance: VrrpInstanceModel,
  { trackProcesses }: VrrpModel,
  verdicts: Verdicts,
): Judgement {
  let sum = 0;
  let mustFail = false;
  const count = ({ weight, reverse }: TrackedModel, isUp: boolean | undefined): void => {
    if (isUp === undefined) return;
    if (weight === 0) mustFail ||= isUp === reverse;
    else if (weight > 0 === isUp) sum += reverse ? -weight : weight;
  };
  for (const one of instance.trackInterfaces) count(one, verdicts.isInterfaceUp(one.name));
  for (const one of instance.trackScripts) count(one, verdicts.isScriptUp(one.name));
  for (const one of instance.trackBfds) count(one, verdicts.isBfdUp(one.name));
  for (const one of instance.trackProcesses) {
    const quorum = trackProcesses.find(({ name }) => name === one.name);
    const found = verdicts.processCount(one.name);
    if (quorum === undefined || found === undefined) continue;
    count(one, found >= quorum.quorum && found <= (quorum.quorumMax ?? Number.POSITIVE_INFINITY));
  }
  for (const one of instance.trackFiles) {
    const numbers = verdicts.fileNumbers(one.name);
    if (numbers === undefined) continue;
    const now = readFile(one, numbers.value);
    const before = readFile(one, numbers.previous);
    mustFail ||= now.fails;
    // On its way to FAULT a file adds what it added before.
    if (!now.fails) sum += now.adds;
    else if (!before.fails) sum += before.adds;
  }
  const priority = instance.priority === 255 ? 255 : Math.min(254, Math.max(1, instance.priority + sum));
  return { priority, mustFail };
}

/** The number times the weight; -254 or less, or any number but 0 where there is no weight, is a failure. */
function readFile({ weight, reverse }: TrackedModel, value: number): { adds: number; fails: boolean } {
  if (weight === 0) return { adds: 0, fails: reverse ? value === 0 : value !== 0 };
  const product = (reverse ? -1 : 1) * weight * value;
  return { adds: Math.min(253, product), fails: product <= -254 };
}
