/** What interfaces, scripts and BFD sessions make of an instance: its effective priority, and the reasons for FAULT. */
import type { Instant } from "../base/time.ts";
import type { TrackedModel, TrackScriptJudgement, VrrpInstanceModel } from "../model/model.ts";
import type { CauseDetail, CauseFact } from "./cause.ts";
import type { Fault, ScriptMemory, ScriptResult } from "./memory.ts";
import type { Surroundings } from "./surroundings.ts";
import { linkProblem } from "./surroundings.ts";
import { OWNER_PRIORITY } from "./timers.ts";

export interface Assessment {
  readonly effectivePriority: number;
  readonly faults: readonly Fault[];
  /** A script that decides about FAULT has not run yet. */
  readonly waiting: boolean;
}

/** Before the first result: one success is enough to be up, unless `init_fail` has it failed. */
export function freshScript(judgement: TrackScriptJudgement): ScriptMemory {
  const ok = !judgement.initFail;
  return { counter: ok ? judgement.rise - 1 : 0, known: judgement.initFail, ok, last: undefined };
}

/**
 * The counter 0..rise+fall-1 after one more result; the script is ok from `rise` up. Reaching `rise` jumps to the top, so
 * that `fall` failures in a row are needed to fail; falling below it drops to 0.
 */
export function nextScriptCounter(counter: number, ok: boolean, rise: number, fall: number): number {
  if (ok) return counter + 1 >= rise ? rise + fall - 1 : counter + 1;
  return counter > rise ? counter - 1 : 0;
}

/** Takes one result into account and tells whether the verdict is new. */
export function judgeScript(
  script: ScriptMemory,
  ok: boolean,
  result: ScriptResult,
  judgement: TrackScriptJudgement,
): boolean {
  script.counter = nextScriptCounter(script.counter, ok, judgement.rise, judgement.fall);
  const verdict = script.counter >= judgement.rise;
  const changed = verdict !== script.ok || !script.known;
  script.ok = verdict;
  script.known = true;
  if (changed || script.last === undefined) script.last = result;
  return changed;
}

/** What a tracker adds to the priority: `weight` while up (positive) or while down (negative); `reverse` swaps. */
export function contribution(weight: number, reverse: boolean, up: boolean): number {
  const counts = weight > 0 ? up : !up;
  if (!counts) return 0;
  return reverse ? -weight : weight;
}

/** Whether a tracker without weight is a reason for FAULT. */
export function isFaulty(tracked: TrackedModel, up: boolean): boolean {
  return tracked.weight === 0 && up === tracked.reverse;
}

/** The sum is unbounded, the outcome within 1..254; the owner's priority is never altered. */
export function effectivePriority(base: number, sum: number): number {
  if (base === OWNER_PRIORITY) return base;
  return Math.min(254, Math.max(1, base + sum));
}

/** Everything that trackers, links and the source address say about an instance now. */
export function assess(
  model: VrrpInstanceModel,
  surroundings: Surroundings,
  hasSource: boolean,
  now: Instant,
): Assessment {
  const faults: Fault[] = [];
  let sum = 0;
  let waiting = false;
  for (const name of watchedLinks(model)) {
    const problem = linkProblem(surroundings.links.get(name));
    if (problem !== undefined) faults.push(linkFault(name, problem, now));
  }
  for (const tracked of model.trackInterfaces) {
    if (tracked.name === model.interface) continue;
    const problem = linkProblem(surroundings.links.get(tracked.name));
    sum += contribution(tracked.weight, tracked.reverse, problem === undefined);
    if (isFaulty(tracked, problem === undefined)) {
      faults.push(linkFault(tracked.name, problem ?? "up", now));
    }
  }
  for (const tracked of model.trackScripts) {
    const script = surroundings.scripts.get(tracked.name);
    if (script === undefined) continue;
    if (!script.known) {
      waiting ||= tracked.weight === 0;
      continue;
    }
    sum += contribution(tracked.weight, tracked.reverse, script.ok);
    if (isFaulty(tracked, script.ok)) {
      faults.push({ key: `script ${tracked.name}`, fact: scriptFact(tracked.name, script, now) });
    }
  }
  for (const tracked of model.trackBfds) {
    const fact = bfdFact(tracked.name, surroundings, now);
    sum += contribution(tracked.weight, tracked.reverse, fact.up);
    if (isFaulty(tracked, fact.up)) faults.push({ key: `bfd ${tracked.name}`, fact });
  }
  if (!hasSource && surroundings.links.has(model.interface)) {
    const detail: CauseDetail = { kind: "no-source-address", interface: model.interface };
    faults.push({ key: "no-source-address", fact: { at: now, ...detail } });
  }
  return { effectivePriority: effectivePriority(model.priority, sum), faults, waiting };
}

/**
 * Why the effective priority is not the configured one: the difference, then every tracker that counts just now. Empty
 * where they are the same.
 */
export function priorityFacts(
  model: VrrpInstanceModel,
  surroundings: Surroundings,
  effective: number,
  now: Instant,
): readonly CauseFact[] {
  if (effective === model.priority) return [];
  const reasons: CauseFact[] = [];
  for (const { name, weight, reverse } of model.trackScripts) {
    const script = surroundings.scripts.get(name);
    if (!script?.known || contribution(weight, reverse, script.ok) === 0) continue;
    reasons.push(scriptFact(name, script, now));
  }
  for (const { name, weight, reverse } of model.trackInterfaces) {
    if (name === model.interface) continue;
    const problem = linkProblem(surroundings.links.get(name));
    if (contribution(weight, reverse, problem === undefined) === 0) continue;
    reasons.push(linkFault(name, problem ?? "up", now).fact);
  }
  for (const { name, weight, reverse } of model.trackBfds) {
    const fact = bfdFact(name, surroundings, now);
    if (contribution(weight, reverse, fact.up) !== 0) reasons.push(fact);
  }
  const at = Math.max(...reasons.map((reason) => reason.at));
  return [
    { at: reasons.length === 0 ? now : at, kind: "priority", from: model.priority, to: effective },
    ...reasons,
  ];
}

/** What `why` says about a script's verdict. */
export function scriptFact(name: string, script: ScriptMemory, now: Instant): CauseFact {
  const { last } = script;
  return {
    at: last?.at ?? now,
    kind: "script",
    name,
    ok: script.ok,
    exitCode: last?.exitCode,
    signal: last?.signal,
    timedOut: last?.timedOut ?? false,
  };
}

/** What `why` says about a BFD session; one that was never told of is down. */
export function bfdFact(
  name: string,
  surroundings: Surroundings,
  now: Instant,
): CauseFact & { readonly kind: "bfd" } {
  const known = surroundings.bfds.get(name);
  if (known === undefined) return { at: now, kind: "bfd", name, up: false, why: "never-up" };
  return { at: known.at, kind: "bfd", name, up: known.up, why: known.why };
}

/** Links without which the instance cannot work: its own and its addresses'. */
function watchedLinks(model: VrrpInstanceModel): ReadonlySet<string> {
  const names = new Set<string>();
  if (!model.dontTrackPrimary) names.add(model.interface);
  for (const address of [...model.virtualAddresses, ...model.excludedAddresses]) {
    if (!address.noTrack && address.interface !== model.interface) names.add(address.interface);
  }
  return names;
}

function linkFault(name: string, reason: string, now: Instant): Fault {
  const fact: CauseFact = { at: now, kind: "interface", name, up: reason === "up", reason };
  return { key: `interface ${name} ${reason}`, fact };
}
