/**
 * The virtual addresses in the kernel: what we want there, what we know of it, and the requests under way. Every request
 * is answered once for each address; an answer counts if its id and epoch are those of the last request for that address.
 */
import type { IpAddress } from "../base/ip.ts";
import type { OsError } from "../base/result.ts";
import { formatOsError } from "../base/result.ts";
import type { Instance } from "./instance.ts";
import { earlier } from "./instance.ts";
import type { AddressRecord, InstanceMemory } from "./memory.ts";
import { backoff, DELETION_LIMIT, DELETION_WINDOW } from "./timers.ts";
import type { Turn } from "./turn.ts";
import { emit } from "./turn.ts";

/** Answers to a removal that mean: it is not there. */
const GONE: ReadonlySet<string> = new Set(["EADDRNOTAVAIL", "ENODEV", "ENXIO", "ENOENT"]);

/** Whether the address belongs into the kernel now. */
export function isDesired(instance: Instance, record: AddressRecord): boolean {
  return instance.memory.phase.kind === "MASTER" && !record.retired;
}

/** Requests all addresses of a new master; what is there already stays there. */
export function addAll(turn: Turn, instance: Instance): void {
  const wanted = instance.memory.addresses.filter((record) => isDesired(instance, record));
  for (const record of wanted) forgetTrouble(record);
  request(turn, instance, "AddAddresses", wanted);
}

/** Requests the removal of everything that is, or may be, in the kernel and is not on its way out already. */
export function removeAll(turn: Turn, instance: Instance): void {
  const held = instance.memory.addresses.filter(
    (record) => record.state !== "absent" && (record.state !== "removing" || record.actionId === 0),
  );
  for (const record of held) forgetTrouble(record);
  request(turn, instance, "RemoveAddresses", held);
}

/** Asks the kernel for a change of these addresses; nothing for an empty list. */
export function request(
  turn: Turn,
  instance: Instance,
  kind: "AddAddresses" | "RemoveAddresses",
  records: readonly AddressRecord[],
): void {
  if (records.length === 0) return;
  const id = turn.memory.nextActionId++;
  const { memory, model } = instance;
  for (const record of records) {
    release(turn, record);
    record.state = kind === "AddAddresses" ? "adding" : "removing";
    record.actionId = id;
    record.actionEpoch = memory.epoch;
    record.retryAt = turn.now + turn.limits.actionTimeout;
  }
  memory.addressesAt = earlier(memory.addressesAt, turn.now + turn.limits.actionTimeout);
  turn.outstanding.set(id, { instance, waiting: records.length });
  turn.out.changeAddresses({
    kind,
    id,
    epoch: memory.epoch,
    instance: model.name,
    addresses: records.map((record) => record.model),
  });
}

/** The record that waits for this answer; undefined if the answer is stale. */
export function awaiting(
  turn: Turn,
  id: number,
  epoch: number,
  address: IpAddress,
): { readonly instance: Instance; readonly record: AddressRecord } | undefined {
  const outstanding = turn.outstanding.get(id);
  if (outstanding === undefined) return undefined;
  const { instance } = outstanding;
  for (const record of instance.memory.addresses) {
    if (record.actionId === id && record.actionEpoch === epoch && record.model.address === address) {
      return { instance, record };
    }
  }
  return undefined;
}

/** The kernel did it. Returns whether an address is there at last that had been refused before. */
export function settleDone(turn: Turn, instance: Instance, record: AddressRecord): boolean {
  const settled = release(turn, record);
  const added = record.state === "adding";
  const recovered = added && record.attempts > 0;
  forgetTrouble(record);
  if (settled) rearm(instance.memory);
  if (!added) {
    markAbsent(instance, record);
    return false;
  }
  record.state = "present";
  emit(turn, instance, {
    kind: "AddressAdded",
    address: record.model.address,
    interface: record.model.interface,
  });
  return recovered;
}

/** The kernel refused: it is asked again, ever more rarely, as long as the address is wanted (or not wanted) so. */
export function settleFailed(turn: Turn, instance: Instance, record: AddressRecord, error: OsError): void {
  if (record.state === "removing" && GONE.has(error.errno)) {
    settleDone(turn, instance, record);
    return;
  }
  const settled = release(turn, record);
  record.attempts++;
  record.retryAt = turn.now + backoff(record.attempts);
  record.error = formatOsError(error);
  if (record.state === "adding") record.state = "failed";
  if (settled) rearm(instance.memory);
  else instance.memory.addressesAt = earlier(instance.memory.addressesAt, record.retryAt);
  emit(turn, instance, {
    kind: "AddressFailed",
    address: record.model.address,
    interface: record.model.interface,
    error,
    retryAt: record.retryAt,
  });
}

/** Whether not one address could be added: then being master serves nobody. */
export function holdsNothing(instance: Instance): boolean {
  const wanted = instance.memory.addresses.filter((record) => isDesired(instance, record));
  return wanted.length > 0 && wanted.every((record) => record.state === "failed");
}

/** Master, but not of every address. */
export function isDegraded(instance: Instance): boolean {
  return instance.memory.addresses.some((record) => isDesired(instance, record) && record.state === "failed");
}

/** Asks again for what was refused, or never answered. */
export function retryDue(turn: Turn, instance: Instance): void {
  const { memory } = instance;
  const adds: AddressRecord[] = [];
  const removals: AddressRecord[] = [];
  const taken: AddressRecord[] = [];
  for (const record of memory.addresses) {
    if (record.retryAt === undefined || record.retryAt > turn.now) continue;
    if (isDesired(instance, record)) adds.push(record);
    else if (isDesiredElsewhere(turn, instance, record.key)) taken.push(record);
    else removals.push(record);
  }
  for (const record of taken) {
    release(turn, record);
    forgetTrouble(record);
    markAbsent(instance, record);
  }
  request(turn, instance, "RemoveAddresses", removals);
  request(turn, instance, "AddAddresses", adds);
  rearm(memory);
}

/** Notes a deletion by somebody else, and tells whether it has become a fight. */
export function noteDeletion(turn: Turn, record: AddressRecord): "put back" | "fight" {
  const since = turn.now - DELETION_WINDOW;
  record.deletions = [...record.deletions.filter((at) => at > since), turn.now];
  return record.deletions.length >= DELETION_LIMIT ? "fight" : "put back";
}

/** It is not in the kernel; one that the configuration dropped is forgotten. */
export function markAbsent(instance: Instance, record: AddressRecord): void {
  record.state = "absent";
  if (!record.retired) return;
  const { addresses } = instance.memory;
  addresses.splice(addresses.indexOf(record), 1);
  if (instance.records.get(record.key) === record) instance.records.delete(record.key);
  instance.frames.delete(record.key);
}

/** An answer is no longer awaited for this address. Returns whether the whole request is settled by that. */
export function release(turn: Turn, record: AddressRecord): boolean {
  const { actionId } = record;
  const outstanding = turn.outstanding.get(actionId);
  record.actionId = 0;
  record.actionEpoch = 0;
  if (outstanding === undefined || --outstanding.waiting > 0) return false;
  return turn.outstanding.delete(actionId);
}

/** Whether a reload has given the address to another instance, which must not lose it to a late removal. */
function isDesiredElsewhere(turn: Turn, instance: Instance, key: string): boolean {
  return turn.instances.some((other) => {
    const record = other === instance ? undefined : other.records.get(key);
    return record !== undefined && isDesired(other, record);
  });
}

function rearm(memory: InstanceMemory): void {
  memory.addressesAt = undefined;
  for (const record of memory.addresses) memory.addressesAt = earlier(memory.addressesAt, record.retryAt);
}

function forgetTrouble(record: AddressRecord): void {
  record.retryAt = undefined;
  record.attempts = 0;
  record.error = undefined;
}
