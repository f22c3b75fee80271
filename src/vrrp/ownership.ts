/** Others who lay hands on what is ours by deleting it here. */

import { addressKey } from "../base/routing.ts";
import { announce } from "./announce.ts";
import { holdOff } from "./automaton.ts";
import { isDesired, markAbsent, noteDeletion, otherOwners, postpone, release, request } from "./held.ts";
import type { InterfaceAddress } from "./input.ts";
import type { Holder, Instance } from "./instance.ts";
import { isInstance } from "./instance.ts";
import type { HeldRecord } from "./memory.ts";
import type { Roster } from "./roster.ts";
import type { Turn } from "./turn.ts";
import { emit, factAt } from "./turn.ts";

/** An address has gone from an interface of ours, other than by our request for it. */
export function noteRemoval(
  turn: Turn,
  roster: Roster,
  address: InterfaceAddress,
  origin: "along" | "other",
): void {
  noteItemRemoval(turn, roster, addressKey(address), origin);
}

/** Something that may be ours has gone. */
export function noteItemRemoval(
  turn: Turn,
  roster: Roster,
  key: string,
  origin: "along" | "other" = "other",
): void {
  for (const instance of roster.all) {
    const record = instance.records.get(key);
    if (record === undefined || !isTaken(turn, instance, record)) continue;
    if (origin === "along") restore(turn, instance, record);
    else if (record.kind === "address") defendAddress(turn, instance, record);
    else putBack(turn, instance, record);
  }
  const record = turn.statics.records.get(key);
  if (record === undefined || !isTaken(turn, turn.statics, record)) return;
  if (origin === "along") restore(turn, turn.statics, record);
  else putBack(turn, turn.statics, record);
}

/** A removal that one holder had asked for has come after another one's request to add the same: it is put back. */
export function noteReleased(turn: Turn, holder: Holder, key: string): void {
  for (const other of otherOwners(turn, holder, key)) {
    if (other.record.state !== "present") continue;
    request(turn, other.holder, "add", [other.record]);
    if (!isInstance(other.holder) || other.record.kind !== "address") continue;
    announce(turn, other.holder, [other.record], other.holder.model.garp.masterRepeat);
  }
}

/** The kernel removes the secondaries of a subnet with its primary: nobody fights, however often that is. */
function restore(turn: Turn, holder: Holder, record: HeldRecord): void {
  if (record.kind === "address") {
    const { address, interface: name } = record.model;
    emit(turn, holder, { kind: "AddressWentAlong", address, interface: name });
  }
  request(turn, holder, "add", [record]);
}

/** Whether it is to be put back. What is `no_track` is left to its fate. */
function isTaken(turn: Turn, holder: Holder, record: HeldRecord): boolean {
  if (!isDesired(holder, record)) {
    if (record.state === "present") markAbsent(holder, record);
    return false;
  }
  if (record.state === "failed") return false;
  if (!record.model.noTrack) return true;
  // What went was there before our request, whose answer is still to come.
  if (record.state === "adding") return false;
  release(turn, record);
  record.retryAt = undefined;
  markAbsent(holder, record);
  tell(turn, holder, record, "left alone (no_track)");
  return false;
}

/**
 * A master puts its address back and announces it again; where the same address is deleted again and again, somebody
 * fights for it, and leaving is better than flapping.
 */
function defendAddress(turn: Turn, instance: Instance, record: HeldRecord & { kind: "address" }): void {
  if (noteDeletion(turn, record) === "fight") {
    const { address, interface: name } = record.model;
    tell(turn, instance, record, "leaving MASTER");
    holdOff(turn, instance, factAt(turn.now, { kind: "address-removed", address, interface: name }));
    return;
  }
  tell(turn, instance, record, "put back");
  request(turn, instance, "add", [record, ...dependents(instance, record)]);
  announce(turn, instance, [record], instance.model.garp.masterRepeat);
}

/** Routes that prefer the address as their source: the kernel dropped them along with it, before Linux 6.6 in silence. */
function dependents(instance: Instance, record: HeldRecord & { kind: "address" }): readonly HeldRecord[] {
  const { address } = record.model;
  return instance.memory.routing.filter(
    ({ state, model }) =>
      state === "present" && model.kind === "route" && model.route.preferredSource === address,
  );
}

/** Without a route, or a static entry, an instance still serves: a fight for it is fought ever more rarely. */
function putBack(turn: Turn, holder: Holder, record: HeldRecord): void {
  if (noteDeletion(turn, record) === "fight") {
    tell(turn, holder, record, "put back later");
    release(turn, record);
    postpone(turn, holder, record, "others delete it again and again");
    return;
  }
  tell(turn, holder, record, "put back");
  request(turn, holder, "add", [record]);
}

function tell(turn: Turn, holder: Holder, record: HeldRecord, reaction: string): void {
  if (record.kind === "routing") {
    emit(turn, holder, { kind: "RoutingDeletedByOther", item: record.key, reaction });
    return;
  }
  const { address, interface: name } = record.model;
  emit(turn, holder, { kind: "AddressDeletedByOther", address, interface: name, reaction });
}
