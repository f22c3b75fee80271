/** When a count of processes is good: one rule for who counts and who decides. */
import type { ProcessQuorum } from "./tracker-models.ts";

/** Whether enough processes run, and not too many. */
export function isQuorate({ quorum, quorumMax }: Omit<ProcessQuorum, "name">, count: number): boolean {
  return count >= quorum && (quorumMax === undefined || count <= quorumMax);
}
