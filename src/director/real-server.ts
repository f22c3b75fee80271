/** The arithmetic of one real server: whether it is up, and its weight. */
import type { RealServerModel } from "../model/director-models.ts";
import type { VerdictMemory } from "./memory.ts";
import type { PoolOrder } from "./pool-order.ts";

/** What operators ordered about one server: of several of a kind the last one counts. */
export interface ServerOrders {
  readonly weight: PoolOrder | undefined;
  readonly drain: PoolOrder | undefined;
  readonly disable: PoolOrder | undefined;
}

export const NO_ORDERS: ServerOrders = { weight: undefined, drain: undefined, disable: undefined };

/** IPVS takes no larger weight. */
export const MAX_WEIGHT = 65_535;

/** A server is up unless a check failed; one without checks always is. One that is disabled counts as down. */
export function isUp(verdicts: readonly VerdictMemory[], orders: ServerOrders): boolean {
  return orders.disable === undefined && allGood(verdicts);
}

export function allGood(verdicts: readonly VerdictMemory[]): boolean {
  return verdicts.every(({ ok }) => ok);
}

/** {@link unboundedWeight} between 0 and the kernel's bound. Orders stand above that. */
export function effectiveWeight(
  model: RealServerModel,
  verdicts: readonly VerdictMemory[],
  orders: ServerOrders,
): number {
  if (orders.drain !== undefined) return 0;
  const ordered = orders.weight?.weight;
  if (ordered !== undefined) return clampWeight(ordered);
  return clampWeight(unboundedWeight(model, verdicts));
}

/** The configured weight with what all checks add to it. */
export function unboundedWeight(
  model: { readonly weight: number },
  verdicts: readonly Pick<VerdictMemory, "contribution">[],
): number {
  let weight = model.weight;
  for (const { contribution } of verdicts) {
    const { sets, adds } = contribution;
    weight += sets === undefined ? adds : sets - model.weight;
  }
  return weight;
}

function clampWeight(weight: number): number {
  return Math.max(0, Math.min(MAX_WEIGHT, weight));
}

/** The orders about each server, by {@link orderKey}. */
export function gatherOrders(
  orders: readonly PoolOrder[],
  keyOf: (order: PoolOrder) => string,
): Map<string, ServerOrders> {
  const gathered = new Map<string, ServerOrders>();
  for (const order of orders) {
    const key = keyOf(order);
    gathered.set(key, { ...(gathered.get(key) ?? NO_ORDERS), [order.kind]: order });
  }
  return gathered;
}

/** What a file's number means for a server: down, or an addition to its weight. */
export function fileVerdict(
  probe: { readonly weight: number; readonly reverse: boolean },
  value: number,
): VerdictMemory {
  if (probe.weight === 0) {
    return { ok: value === 0, known: true, contribution: { sets: undefined, adds: 0 } };
  }
  const product = value * probe.weight * (probe.reverse ? -1 : 1);
  const adds = Math.max(INT_MIN, Math.min(INT_MAX, product));
  return { ok: adds > INT_MIN, known: true, contribution: { sets: undefined, adds } };
}

const INT_MIN = -(2 ** 31);
const INT_MAX = 2 ** 31 - 1;
