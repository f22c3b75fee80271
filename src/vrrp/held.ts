/**
 * What is ours in the kernel, addresses, routes and rules: what we want there, what we know of it, and the requests under
 * way. Every request is answered once for each item; an answer counts if its id and epoch are those of the last request for
 * that item.
 */

import type { OsError } from "../base/result.ts";
import { formatOsError } from "../base/result.ts";
import type { Micros } from "../base/time.ts";
import type { Holder } from "./instance.ts";
import { earlier } from "./instance.ts";
import type { HeldRecord, HolderMemory } from "./memory.ts";
import { backoff, DELETION_LIMIT, DELETION_WINDOW } from "./timers.ts";
import type { Turn } from "./turn.ts";
import { emit } from "./turn.ts";

/** Answers to a removal that mean: it is not there. */
const GONE: ReadonlySet<string> = new Set(["EADDRNOTAVAIL", "ENODEV", "ENXIO", "ENOENT", "ESRCH"]);

/** Everything a holder has a record of, in the order in which it is added. */
export function heldBy(holder: Holder): readonly HeldRecord[] {
  return [...holder.memory.addresses, ...holder.memory.routing];
}

/** Whether it belongs into the kernel now. */
export function isDesired(holder: Holder, record: HeldRecord): boolean {
  return holder.memory.phase.kind === "MASTER" && !record.retired;
}

/** Requests all that a new master holds; what is there already stays there. */
export function addAll(turn: Turn, holder: Holder): void {
  const wanted = heldBy(holder).filter((record) => isDesired(holder, record));
  for (const record of wanted) forgetTrouble(record);
  request(turn, holder, "add", wanted);
}

/** Requests the removal of everything that is, or may be, in the kernel and is not on its way out already. */
export function removeAll(turn: Turn, holder: Holder): void {
  const held = heldBy(holder).filter(
    (record) => record.state !== "absent" && (record.state !== "removing" || record.actionId === 0),
  );
  for (const record of held) forgetTrouble(record);
  request(turn, holder, "remove", held);
}

/**
 * Asks the kernel for a change of these; nothing for an empty list, and no removal of what another holder wants there.
 * Routes need their source address and rules their table: addresses, routes, rules are added in this order and removed in
 * the reverse one.
 */
export function request(
  turn: Turn,
  holder: Holder,
  change: "add" | "remove",
  asked: readonly HeldRecord[],
): void {
  const records = change === "add" ? asked : asked.filter((record) => !leaveToOther(turn, holder, record));
  const addresses = records.flatMap((record) => (record.kind === "address" ? [record] : []));
  // Those that are not advertised go first: the reverse of how they came, as far as it matters to anybody.
  if (change === "remove") addresses.sort((a, b) => Number(b.excluded) - Number(a.excluded));
  const routing = records.flatMap((record) => (record.kind === "routing" ? [record] : []));
  const models = routing.map((record) => record.model);
  const ask = (some: readonly HeldRecord[], tell: (head: RequestHead) => void): void => {
    if (some.length > 0) tell(beginRequest(turn, holder, change, some));
  };
  const askAddresses = (kind: "AddAddresses" | "RemoveAddresses"): void =>
    ask(addresses, (head) =>
      turn.out.changeKernel({ kind, ...head, addresses: addresses.map((record) => record.model) }),
    );
  if (change === "add") {
    askAddresses("AddAddresses");
    ask(routing, (head) => turn.out.changeKernel({ kind: "AddRouting", ...head, items: models }));
  } else {
    ask(routing, (head) =>
      turn.out.changeKernel({ kind: "RemoveRouting", ...head, items: models.toReversed() }),
    );
    askAddresses("RemoveAddresses");
  }
}

interface RequestHead {
  readonly id: number;
  readonly epoch: number;
  readonly instance: string;
}

function beginRequest(
  turn: Turn,
  holder: Holder,
  change: "add" | "remove",
  records: readonly HeldRecord[],
): RequestHead {
  const id = turn.memory.nextActionId++;
  const { memory, model } = holder;
  for (const record of records) {
    release(turn, record);
    record.state = change === "add" ? "adding" : "removing";
    record.actionId = id;
    record.actionEpoch = memory.epoch;
    record.retryAt = turn.now + turn.limits.actionTimeout;
  }
  memory.heldAt = earlier(memory.heldAt, turn.now + turn.limits.actionTimeout);
  turn.outstanding.set(id, { holder, waiting: records.length });
  return { id, epoch: memory.epoch, instance: model.name };
}

/** The record that waits for this answer; undefined if the answer is stale. */
export function awaiting(
  turn: Turn,
  id: number,
  epoch: number,
  item: string,
): { readonly holder: Holder; readonly record: HeldRecord } | undefined {
  const outstanding = turn.outstanding.get(id);
  const record = outstanding?.holder.records.get(item);
  if (outstanding === undefined || record === undefined) return undefined;
  const counts = record.actionId === id && record.actionEpoch === epoch;
  return counts ? { holder: outstanding.holder, record } : undefined;
}

/** The kernel did it. Returns whether something is there at last that had been refused before. */
export function settleDone(turn: Turn, holder: Holder, record: HeldRecord): boolean {
  const settled = release(turn, record);
  const added = record.state === "adding";
  const recovered = added && record.attempts > 0;
  forgetTrouble(record);
  if (settled) rearm(holder.memory);
  if (!added) {
    markAbsent(holder, record);
    return false;
  }
  record.state = "present";
  if (record.kind === "routing") {
    emit(turn, holder, { kind: "RoutingAdded", item: record.key });
  } else {
    const { address, interface: name } = record.model;
    emit(turn, holder, { kind: "AddressAdded", address, interface: name });
  }
  return recovered;
}

/** The kernel refused: it is asked again, ever more rarely, as long as the item is wanted (or not wanted) so. */
export function settleFailed(turn: Turn, holder: Holder, record: HeldRecord, error: OsError): void {
  if (record.state === "removing" && GONE.has(error.errno)) {
    settleDone(turn, holder, record);
    return;
  }
  const settled = release(turn, record);
  const retryAt = postpone(turn, holder, record, formatOsError(error));
  if (settled) rearm(holder.memory);
  if (record.kind === "routing") {
    emit(turn, holder, { kind: "RoutingFailed", item: record.key, error, retryAt });
  } else {
    const { address, interface: name } = record.model;
    emit(turn, holder, { kind: "AddressFailed", address, interface: name, error, retryAt });
  }
}

/** Lets some time pass before it is asked for again. */
export function postpone(turn: Turn, holder: Holder, record: HeldRecord, why: string): Micros {
  record.attempts++;
  const retryAt = turn.now + backoff(record.attempts);
  record.retryAt = retryAt;
  record.error = why;
  if (record.state !== "removing") record.state = "failed";
  holder.memory.heldAt = earlier(holder.memory.heldAt, retryAt);
  return retryAt;
}

/** Whether not one address could be added: then being master serves nobody. */
export function holdsNothing(holder: Holder): boolean {
  const wanted = holder.memory.addresses.filter((record) => isDesired(holder, record));
  return wanted.length > 0 && wanted.every((record) => record.state === "failed");
}

/** Master, but without something that belongs to it. */
export function isDegraded(holder: Holder): boolean {
  return heldBy(holder).some((record) => isDesired(holder, record) && record.state === "failed");
}

/** Asks again for what was refused, or never answered. */
export function retryDue(turn: Turn, holder: Holder): void {
  const { memory } = holder;
  const adds: HeldRecord[] = [];
  const removals: HeldRecord[] = [];
  for (const record of heldBy(holder)) {
    if (record.retryAt === undefined || record.retryAt > turn.now) continue;
    (isDesired(holder, record) ? adds : removals).push(record);
  }
  request(turn, holder, "remove", removals);
  request(turn, holder, "add", adds);
  rearm(memory);
}

/** Notes a deletion by somebody else, and tells whether it has become a fight. */
export function noteDeletion(turn: Turn, record: HeldRecord): "put back" | "fight" {
  const since = turn.now - DELETION_WINDOW;
  record.deletions = [...record.deletions.filter((at) => at > since), turn.now];
  return record.deletions.length >= DELETION_LIMIT ? "fight" : "put back";
}

/** It is not in the kernel; one that the configuration dropped is forgotten. */
export function markAbsent(holder: Holder, record: HeldRecord): void {
  record.state = "absent";
  if (!record.retired) return;
  const { memory, records } = holder;
  memory.addresses = memory.addresses.filter((known) => known !== record);
  memory.routing = memory.routing.filter((known) => known !== record);
  if (records.get(record.key) === record) records.delete(record.key);
}

/** An answer is no longer awaited for this item. Returns whether the whole request is settled by that. */
export function release(turn: Turn, record: HeldRecord): boolean {
  const { actionId } = record;
  const outstanding = turn.outstanding.get(actionId);
  record.actionId = 0;
  record.actionEpoch = 0;
  if (outstanding === undefined || --outstanding.waiting > 0) return false;
  return turn.outstanding.delete(actionId);
}

/** Where another holder wants the item in the kernel, it stays there and is that one's alone. */
function leaveToOther(turn: Turn, holder: Holder, record: HeldRecord): boolean {
  const other = otherOwners(turn, holder, record.key).next().value;
  if (other === undefined) return false;
  release(turn, record);
  forgetTrouble(record);
  markAbsent(holder, record);
  const { name } = other.holder.model;
  // A reload that makes an instance anew, under its old name, does not mean two.
  if (name !== holder.model.name)
    emit(turn, holder, { kind: "LeftToOther", item: nameOf(record), other: name });
  return true;
}

/** Others who want the same item in the kernel: instances may share one, and a reload gives it to another. */
export function* otherOwners(
  turn: Turn,
  holder: Holder,
  key: string,
): Generator<{ readonly holder: Holder; readonly record: HeldRecord }, undefined> {
  for (const other of [turn.statics, ...turn.instances]) {
    const record = other === holder ? undefined : other.records.get(key);
    if (record !== undefined && isDesired(other, record)) yield { holder: other, record };
  }
}

function nameOf(record: HeldRecord): string {
  return record.kind === "routing" ? record.key : record.model.address;
}

function rearm(memory: HolderMemory): void {
  memory.heldAt = undefined;
  for (const record of [...memory.addresses, ...memory.routing]) {
    memory.heldAt = earlier(memory.heldAt, record.retryAt);
  }
}

function forgetTrouble(record: HeldRecord): void {
  record.retryAt = undefined;
  record.attempts = 0;
  record.error = undefined;
}
