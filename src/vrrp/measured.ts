/** Trackers that are measured elsewhere and told as numbers: files with a number in them, and counts of processes. */
import type { Instant } from "../base/time.ts";
import type { TrackedModel, VrrpModel } from "../model/model.ts";
import { isQuorate } from "../model/process-quorum.ts";
import type { ProcessQuorum } from "../model/tracker-models.ts";
import type { CauseFact } from "./cause.ts";
import type { Measurement } from "./input.ts";
import type { MeasuredMemory } from "./memory.ts";
import type { Surroundings } from "./surroundings.ts";

/** A file cannot take more from a priority than this; when it would take as much, that is FAULT. */
const LOWEST_CONTRIBUTION = -254;
const HIGHEST_CONTRIBUTION = 253;

/** What a file adds to the priority: its number times the weight, within -254..253. */
export function fileContribution({ weight, reverse }: TrackedModel, value: number): number {
  const product = value * (reverse ? -weight : weight);
  return Math.min(HIGHEST_CONTRIBUTION, Math.max(LOWEST_CONTRIBUTION, product)) + 0;
}

/**
 * What a file adds just now. One that takes the instance to FAULT adds what it added before, as in keepalived: the priority
 * of an instance does not move on its way to FAULT.
 */
export function standingContribution(tracked: TrackedModel, { value, previous }: MeasuredMemory): number {
  if (!isFileFaulty(tracked, value)) return fileContribution(tracked, value);
  return isFileFaulty(tracked, previous) ? 0 : fileContribution(tracked, previous);
}

/** Whether a file is a reason for FAULT: by any number but 0 where it has no weight (by 0 if reversed), else by -254. */
export function isFileFaulty(tracked: TrackedModel, value: number): boolean {
  if (tracked.weight === 0) return (value !== 0) !== tracked.reverse;
  return fileContribution(tracked, value) <= LOWEST_CONTRIBUTION;
}

/** What `why` says about a file. */
export function fileFact(
  tracked: TrackedModel,
  { value, at }: MeasuredMemory,
): CauseFact & { readonly kind: "file" } {
  const { name, weight } = tracked;
  const adds = fileContribution(tracked, value);
  return { at, kind: "file", name, value, weight, adds, ok: !isFileFaulty(tracked, value) };
}

/** What `why` says about a count of processes. */
export function processFact(
  { name, quorum, quorumMax }: ProcessQuorum,
  { value: count, at }: MeasuredMemory,
): CauseFact & { readonly kind: "process" } {
  return { at, kind: "process", name, count, quorum, quorumMax, up: isQuorate({ quorum, quorumMax }, count) };
}

/** Takes the trackers of a new model, and what is known of them. Returns what is another number than before. */
export function configureMeasured(
  surroundings: Surroundings,
  model: VrrpModel,
  measured: readonly Measurement[],
  now: Instant,
): readonly Measurement[] {
  surroundings.quorums.clear();
  for (const quorum of model.trackProcesses) surroundings.quorums.set(quorum.name, quorum);
  const news = measured.filter((one) => noteMeasurement(surroundings, one, now));
  keepOnly(surroundings.files, new Set(model.trackFiles));
  keepOnly(surroundings.processes, new Set(surroundings.quorums.keys()));
  return news;
}

/** Whether the number is another one than before. */
export function noteMeasurement(
  surroundings: Surroundings,
  { tracker, name, value }: Measurement,
  now: Instant,
): boolean {
  const known = tracker === "file" ? surroundings.files : surroundings.processes;
  const before = known.get(name);
  if (before?.value === value) return false;
  known.set(name, { value, previous: before?.value ?? 0, at: now });
  return true;
}

function keepOnly(known: Map<string, MeasuredMemory>, names: ReadonlySet<string>): void {
  for (const name of [...known.keys()]) if (!names.has(name)) known.delete(name);
}
