/** What trackers make of an instance: its effective priority, and the reasons for FAULT. */
import { interfacesOf } from "../base/routing.ts";
import type { Instant } from "../base/time.ts";
import { baseInterfaceOf } from "../model/keys.ts";
import type { TrackedModel, TrackScriptJudgement, VrrpInstanceModel } from "../model/model.ts";
import type { CauseDetail, CauseFact } from "./cause.ts";
import type { Measurement } from "./input.ts";
import { fileFact, processFact, standingContribution } from "./measured.ts";
import type { Fault, ScriptMemory, ScriptResult } from "./memory.ts";
import { peerProblem } from "./peers.ts";
import { sourceInterfaceOf } from "./source-address.ts";
import type { Surroundings } from "./surroundings.ts";
import { linkProblem, staticProblem } from "./surroundings.ts";
import { OWNER_PRIORITY } from "./timers.ts";

export interface Assessment {
  readonly effectivePriority: number;
  readonly faults: readonly Fault[];
  /** Something that decides about FAULT has not been heard of yet. */
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

/** What one tracker says about an instance now. */
interface Verdict {
  /** Identity of the reason for FAULT that it may be. */
  readonly key: string;
  /** To the priority. */
  readonly adds: number;
  readonly faulty: boolean;
  readonly fact: CauseFact;
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
  for (const name of watchedLinks(model)) {
    const problem = linkProblem(surroundings.links.get(name));
    if (problem !== undefined) faults.push(linkFault(name, problem, now));
  }
  for (const { key, adds, faulty, fact } of verdicts(model, surroundings, now)) {
    sum += adds;
    if (faulty) faults.push({ key, fact, tracker: true });
  }
  for (const key of model.trackStatics) {
    const record = surroundings.statics.get(key);
    const problem = record === undefined ? undefined : staticProblem(record, surroundings.links);
    if (problem !== undefined) faults.push({ key: `static ${key}`, fact: { at: now, ...problem } });
  }
  const problem = peerProblem(model, surroundings.hosts);
  if (problem !== undefined) faults.push({ key: problem.kind, fact: { at: now, ...problem } });
  const speaker = sourceInterfaceOf(model);
  if (!hasSource && (speaker === "" || surroundings.links.has(speaker))) {
    const detail: CauseDetail = { kind: "no-source-address", interface: speaker };
    faults.push({ key: "no-source-address", fact: { at: now, ...detail } });
  }
  const waiting = isWaiting(model, surroundings);
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
  const counting = verdicts(model, surroundings, now).filter(({ adds }) => adds !== 0);
  const reasons = counting.map(({ fact }) => fact);
  const at = Math.max(...reasons.map((reason) => reason.at));
  return [
    { at: reasons.length === 0 ? now : at, kind: "priority", from: model.priority, to: effective },
    ...reasons,
  ];
}

/** Of every tracker of an instance whose state is known. */
function verdicts(model: VrrpInstanceModel, surroundings: Surroundings, now: Instant): readonly Verdict[] {
  const list: Verdict[] = [];
  for (const tracked of model.trackInterfaces) {
    if (isOwnLink(model, tracked.name)) continue;
    const problem = linkProblem(surroundings.links.get(tracked.name));
    const { key, fact } = linkFault(tracked.name, problem ?? "up", now);
    list.push(binary(tracked, problem === undefined, key, fact));
  }
  for (const tracked of model.trackScripts) {
    const script = surroundings.scripts.get(tracked.name);
    if (!script?.known) continue;
    const fact = scriptFact(tracked.name, script, now);
    list.push(binary(tracked, script.ok, `script ${tracked.name}`, fact));
  }
  for (const tracked of model.trackBfds) {
    const fact = bfdFact(tracked.name, surroundings, now);
    list.push(binary(tracked, fact.up, `bfd ${tracked.name}`, fact));
  }
  for (const tracked of model.trackFiles) {
    const verdict = measuredVerdict("file", tracked, surroundings);
    if (verdict !== undefined) list.push(verdict);
  }
  for (const tracked of model.trackProcesses) {
    const verdict = measuredVerdict("process", tracked, surroundings);
    if (verdict !== undefined) list.push(verdict);
  }
  return list;
}

function binary(tracked: TrackedModel, up: boolean, key: string, fact: CauseFact): Verdict {
  const adds = contribution(tracked.weight, tracked.reverse, up);
  return { key, adds, faulty: isFaulty(tracked, up), fact };
}

/** What a file or a kind of process says, and whether it is good; undefined until it has been measured. */
export function measuredVerdict(
  tracker: Measurement["tracker"],
  tracked: TrackedModel,
  surroundings: Surroundings,
): (Verdict & { readonly ok: boolean }) | undefined {
  const { name } = tracked;
  const key = `${tracker} ${name}`;
  if (tracker === "file") {
    const file = surroundings.files.get(name);
    if (file === undefined) return undefined;
    const fact = fileFact(tracked, file);
    return { key, adds: standingContribution(tracked, file), faulty: !fact.ok, fact, ok: fact.ok };
  }
  const quorum = surroundings.quorums.get(name);
  const counted = surroundings.processes.get(name);
  if (quorum === undefined || counted === undefined) return undefined;
  const fact = processFact(quorum, counted);
  return { ...binary(tracked, fact.up, key, fact), ok: fact.up };
}

/** Whether something that decides about FAULT has not been heard of yet. */
function isWaiting(model: VrrpInstanceModel, surroundings: Surroundings): boolean {
  const { scripts, files, processes } = surroundings;
  const decides = ({ weight }: TrackedModel): boolean => weight === 0;
  return (
    model.trackScripts.some((one) => decides(one) && scripts.get(one.name)?.known === false) ||
    model.trackFiles.some((one) => decides(one) && !files.has(one.name)) ||
    model.trackProcesses.some((one) => decides(one) && !processes.has(one.name))
  );
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

/** Links without which the instance cannot work: its own, its addresses' and its routes'. */
function watchedLinks(model: VrrpInstanceModel): ReadonlySet<string> {
  const names = new Set<string>();
  // The base comes first: where it is down, it is the reason why the VMAC has no carrier.
  if (!model.dontTrackPrimary && model.interface !== "")
    names.add(baseInterfaceOf(model)).add(model.interface);
  for (const address of [...model.virtualAddresses, ...model.excludedAddresses]) {
    if (!address.noTrack && !isOwnLink(model, address.interface)) names.add(address.interface);
  }
  for (const item of model.routing) {
    if (item.noTrack || item.kind !== "route") continue;
    for (const name of interfacesOf(item.route)) if (!isOwnLink(model, name)) names.add(name);
  }
  return names;
}

function isOwnLink(model: VrrpInstanceModel, name: string): boolean {
  return name === model.interface || name === baseInterfaceOf(model);
}

function linkFault(name: string, reason: string, now: Instant): Fault {
  const fact: CauseFact = { at: now, kind: "interface", name, up: reason === "up", reason };
  return { key: `interface ${name} ${reason}`, fact };
}
