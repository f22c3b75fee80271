/** What new numbers of files and processes do to the instances that follow them. */
import { reconsider } from "./automaton.ts";
import type { Measurement } from "./input.ts";
import type { Instance } from "./instance.ts";
import { measuredVerdict } from "./tracking.ts";
import type { Turn } from "./turn.ts";
import { emit } from "./turn.ts";

/** Tells the followers of a tracker whose number is another one than before. */
export function tellFollowers(turn: Turn, instances: readonly Instance[], measured: Measurement): void {
  const { tracker, name } = measured;
  for (const instance of instances) {
    const { trackFiles, trackProcesses } = instance.model;
    const tracked = (tracker === "file" ? trackFiles : trackProcesses).find((one) => one.name === name);
    const verdict = tracked === undefined ? undefined : measuredVerdict(tracker, tracked, turn.surroundings);
    if (verdict === undefined) continue;
    emit(turn, instance, { kind: "TrackerChanged", tracker: name, ok: verdict.ok, cause: [verdict.fact] });
    reconsider(turn, instance, verdict.fact);
  }
}
