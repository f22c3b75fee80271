/** Others who lay hands on our virtual addresses: by deleting them here, or by claiming them on the LAN. */

import { isDesired, markAbsent, noteDeletion, release, request } from "./addresses.ts";
import { announce } from "./announce.ts";
import { holdOff } from "./automaton.ts";
import type { InterfaceAddress, VrrpInput } from "./input.ts";
import type { Instance } from "./instance.ts";
import type { AddressRecord } from "./memory.ts";
import type { Roster } from "./roster.ts";
import { CONFLICT_PERIOD } from "./timers.ts";
import type { Turn } from "./turn.ts";
import { emit, factAt } from "./turn.ts";

type Claim = Extract<VrrpInput, { kind: "NeighbourClaimSeen" }>;

/** Somebody else has deleted an address from an interface of ours. */
export function noteRemoval(turn: Turn, roster: Roster, address: InterfaceAddress): void {
  const key = `${address.address}/${address.prefixLength}@${address.interface}`;
  for (const instance of roster.all) {
    const record = instance.records.get(key);
    if (record !== undefined) reactToRemoval(turn, instance, record);
  }
}

/**
 * A master puts its address back and announces it again; where the same address is deleted again and again, somebody
 * fights for it, and leaving is better than flapping. Addresses of `no_track` are left to their fate.
 */
function reactToRemoval(turn: Turn, instance: Instance, record: AddressRecord): void {
  const { address, interface: name, noTrack } = record.model;
  if (!isDesired(instance, record)) {
    if (record.state === "present") markAbsent(instance, record);
    return;
  }
  if (record.state === "failed") return;
  if (noTrack) {
    // What went was there before our request, whose answer is still to come.
    if (record.state === "adding") return;
    release(turn, record);
    record.retryAt = undefined;
    markAbsent(instance, record);
    tell(turn, instance, record, "left alone (no_track)");
    return;
  }
  if (noteDeletion(turn, record) === "fight") {
    tell(turn, instance, record, "leaving MASTER");
    holdOff(turn, instance, factAt(turn.now, { kind: "address-removed", address, interface: name }));
    return;
  }
  tell(turn, instance, record, "put back");
  request(turn, instance, "AddAddresses", [record]);
  announce(turn, instance, [record], instance.model.garp.masterRepeat);
}

/** An ARP packet or neighbour advertisement that claims one of our addresses for another MAC while we are master. */
export function noteClaim(turn: Turn, roster: Roster, claim: Claim): void {
  const { address, mac, interface: name } = claim;
  if (!roster.virtualAddresses.has(address)) return;
  const own = turn.surroundings.links.get(name)?.mac;
  if (own === undefined || own === mac) return;
  for (const instance of roster.all) {
    if (instance.memory.phase.kind !== "MASTER") continue;
    for (const record of instance.memory.addresses) {
      if (record.model.address !== address || record.model.interface !== name) continue;
      if (record.conflictReported !== undefined && turn.now - record.conflictReported < CONFLICT_PERIOD)
        continue;
      record.conflictReported = turn.now;
      emit(turn, instance, { kind: "AddressConflict", address, interface: name, mac });
    }
  }
}

function tell(turn: Turn, instance: Instance, record: AddressRecord, reaction: string): void {
  const { address, interface: name } = record.model;
  emit(turn, instance, { kind: "AddressDeletedByOther", address, interface: name, reaction });
}
