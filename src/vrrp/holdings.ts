/** What a new configuration changes in what a holder keeps in the kernel. */
import { equalPlain } from "../base/plain.ts";
import { addressKey } from "../base/routing.ts";
import type { RoutingModel, VirtualAddressModel } from "../model/model.ts";
import { markAbsent, request } from "./held.ts";
import type { Holder } from "./instance.ts";
import { freshRecord, freshRouting } from "./instance.ts";
import type { AddressRecord, HeldRecord, RoutingRecord } from "./memory.ts";
import type { Surroundings } from "./surroundings.ts";
import type { Turn } from "./turn.ts";

export interface Holdings {
  readonly virtualAddresses: readonly VirtualAddressModel[];
  readonly excludedAddresses: readonly VirtualAddressModel[];
  readonly routing: readonly RoutingModel[];
}

/** Removes what a holder no longer has, and gives it records of the rest. Returns the records that are new or changed. */
export function changeHoldings(turn: Turn, holder: Holder, next: Holdings): readonly HeldRecord[] {
  const { memory, records } = holder;
  const addresses = new Map<string, AddressRecord>();
  for (const model of next.excludedAddresses) addresses.set(addressKey(model), freshRecord(model, true));
  for (const model of next.virtualAddresses) addresses.set(addressKey(model), freshRecord(model, false));
  const wanted = new Map<string, HeldRecord>(addresses);
  for (const model of next.routing) wanted.set(model.key, freshRouting(model));

  const gone = [...records.values()].filter(({ key }) => !wanted.has(key));
  for (const record of gone) record.retired = true;
  const leaving = gone.filter(({ state }) => state !== "absent" && state !== "removing");
  request(turn, holder, "remove", leaving);
  for (const record of gone.filter(({ state }) => state === "absent")) markAbsent(holder, record);

  const changed = [...wanted.values()].filter((record) => !isKnown(records.get(record.key), record));
  const fresh = changed.map((record) => adopt(turn.surroundings, holder, record));
  for (const record of addresses.values()) {
    const known = records.get(record.key);
    if (known?.kind === "address") known.excluded = record.excluded;
  }
  memory.routing = inOrder(memory.routing, next.routing);
  return fresh;
}

function isKnown(known: HeldRecord | undefined, record: HeldRecord): boolean {
  return known !== undefined && !known.retired && equalPlain(known.model, record.model);
}

/** The record as it stands from now on: the one that is there, with its new model, or the new one. */
function adopt(surroundings: Surroundings, holder: Holder, record: HeldRecord): HeldRecord {
  const { memory, records } = holder;
  const known = records.get(record.key);
  if (known === undefined) {
    records.set(record.key, record);
    if (record.kind === "routing") memory.routing.push(record);
    else {
      memory.addresses.push(record);
      if (isHeld(surroundings, record.model)) record.state = "present";
    }
    return record;
  }
  known.retired = false;
  known.model = record.model;
  return known;
}

/** Rules stay behind routes, whatever a reload has brought. What is on its way out comes last. */
function inOrder(records: readonly RoutingRecord[], models: readonly RoutingModel[]): RoutingRecord[] {
  const place = new Map(models.map(({ key }, index) => [key, index]));
  const last = models.length;
  return records.toSorted((a, b) => (place.get(a.key) ?? last) - (place.get(b.key) ?? last));
}

/** Whether the kernel has this very address. */
export function isHeld(surroundings: Surroundings, address: VirtualAddressModel): boolean {
  const known = surroundings.addresses.get(address.interface) ?? [];
  return known.some((one) => one.address === address.address && one.prefixLength === address.prefixLength);
}
