/** What scripts, BFD sessions, files and processes have to say, and what it does to the instances that follow them. */
import { reconsider } from "./automaton.ts";
import type { CauseFact } from "./cause.ts";
import type { Measurement, VrrpInput } from "./input.ts";
import type { Instance } from "./instance.ts";
import { noteMeasurement } from "./measured.ts";
import { bfdFact, judgeScript, measuredVerdict, scriptFact } from "./tracking.ts";
import type { Turn } from "./turn.ts";
import { emit } from "./turn.ts";

export type VerdictNews = Extract<
  VrrpInput,
  { readonly kind: "ScriptFinished" | "BfdChanged" | "TrackerMeasured" }
>;

/** Takes news of a tracker into account. Where they are news indeed, its followers think again, and true is returned. */
export function hearVerdict(turn: Turn, news: VerdictNews): boolean {
  if (news.kind === "ScriptFinished") return finishScript(turn, news);
  if (news.kind === "BfdChanged") return changeBfd(turn, news);
  if (!noteMeasurement(turn.surroundings, news, turn.now)) return false;
  tellFollowers(turn, turn.instances, news);
  return true;
}

/** Tells the followers of a file or a kind of process whose number is another one than before. */
export function tellFollowers(turn: Turn, instances: readonly Instance[], measured: Measurement): void {
  const { tracker, name } = measured;
  for (const instance of instances) {
    const { trackFiles, trackProcesses } = instance.model;
    const tracked = (tracker === "file" ? trackFiles : trackProcesses).find((one) => one.name === name);
    const verdict = tracked === undefined ? undefined : measuredVerdict(tracker, tracked, turn.surroundings);
    if (verdict !== undefined) tell(turn, instance, name, verdict.ok, verdict.fact);
  }
}

function finishScript(turn: Turn, result: VerdictNews & { readonly kind: "ScriptFinished" }): boolean {
  const { script: name, ok, exitCode, signal, timedOut } = result;
  const judgement = turn.surroundings.judgements.get(name);
  const script = turn.surroundings.scripts.get(name);
  if (judgement === undefined || script === undefined) return false;
  if (!judgeScript(script, ok, { at: turn.now, exitCode, signal, timedOut }, judgement)) return false;
  const fact = scriptFact(name, script, turn.now);
  for (const instance of turn.instances) {
    if (!instance.model.trackScripts.some((tracked) => tracked.name === name)) continue;
    tell(turn, instance, name, script.ok, fact);
  }
  return true;
}

function changeBfd(turn: Turn, change: VerdictNews & { readonly kind: "BfdChanged" }): boolean {
  const { session: name, up, why } = change;
  if (turn.surroundings.bfds.get(name)?.up === up) return false;
  turn.surroundings.bfds.set(name, { up, why, at: turn.now });
  const fact = bfdFact(name, turn.surroundings, turn.now);
  for (const instance of turn.instances) {
    if (!instance.model.trackBfds.some((tracked) => tracked.name === name)) continue;
    tell(turn, instance, name, up, fact);
  }
  return true;
}

function tell(turn: Turn, instance: Instance, tracker: string, ok: boolean, fact: CauseFact): void {
  emit(turn, instance, { kind: "TrackerChanged", tracker, ok, cause: [fact] });
  reconsider(turn, instance, fact);
}
