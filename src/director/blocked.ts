/** Checks that this host cannot run. Each reason is told of once, whatever the number of checks: thousands may lack a descriptor. */
import type { BlockedMemory } from "./memory.ts";
import type { Check } from "./service.ts";
import type { Turn } from "./turn.ts";
import { emit } from "./turn.ts";

export class BlockedChecks {
  readonly #counts = new Map<string, number>();

  /** A check of a snapshot, whose reason has been told. */
  restore(blocked: BlockedMemory | undefined): void {
    if (blocked !== undefined) this.#count(blocked.reason, 1);
  }

  /** Tells of a reason that is new, or over, now that this check was blocked and is what its memory says. */
  moved(turn: Turn, check: Check, before: BlockedMemory | undefined): void {
    const [old, next] = [before?.reason, check.memory.blocked?.reason];
    if (old === next) return;
    const name = check.memory.id;
    if (next !== undefined && this.#count(next, 1) === 1)
      emit(turn, { kind: "ChecksBlocked", check: name, reason: next, ...whose(check) });
    if (old !== undefined && this.#count(old, -1) === 0)
      emit(turn, { kind: "ChecksUnblocked", check: name, reason: old, ...whose(check) });
  }

  #count(reason: string, change: number): number {
    const count = (this.#counts.get(reason) ?? 0) + change;
    if (count === 0) this.#counts.delete(reason);
    else this.#counts.set(reason, count);
    return count;
  }
}

/**
 * Names of one server that it was to be run for, whichever came to it first: a restored engine says the same. None where the
 * last one has just left.
 */
function whose(check: Check): { readonly virtualServer: string; readonly realServer: string } {
  const [first] = Array.from(check.subscribers, ({ service, server }) => ({
    virtualServer: service.model.name,
    realServer: server.name,
  })).sort((a, b) => compare(a.virtualServer, b.virtualServer) || compare(a.realServer, b.realServer));
  return first ?? { virtualServer: "", realServer: "" };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
