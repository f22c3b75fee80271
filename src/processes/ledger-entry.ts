import type { RoutingModel, VirtualAddressModel } from "../model/model.ts";
import type { LedgerEntry } from "../supervise/ledger.ts";

/** What the supervisor has to know of something that is held, to let go of it. */
export function ledgerEntry(instance: string, item: VirtualAddressModel | RoutingModel): LedgerEntry {
  if ("kind" in item) return { instance, held: item };
  const { interface: name, address, prefixLength } = item;
  return { instance, held: { kind: "address", interface: name, address, prefixLength } };
}
