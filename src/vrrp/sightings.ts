/** What ARP and neighbour discovery tell of others: who asks for our addresses, who answers us, and who claims what is ours. */
import type { IpAddress } from "../base/ip.ts";
import type { MacAddress } from "../base/mac.ts";
import { meet, neighbourAt } from "./acquaintances.ts";
import type { Suspect } from "./event.ts";
import type { NeighbourSeen } from "./input.ts";
import type { Instance } from "./instance.ts";
import type { AddressRecord } from "./memory.ts";
import { isHandover, noteRival } from "./rival.ts";
import type { Roster } from "./roster.ts";
import { CONFLICT_PERIOD } from "./timers.ts";
import type { Turn } from "./turn.ts";
import { emit } from "./turn.ts";
import { noteAnswer } from "./verify.ts";

/** 00:00:5e:00:01:VRID, or 02 for IPv6 (RFC 9568 section 7.3). */
const VIRTUAL_ROUTER_MAC = "00:00:5e:00:0";

/** A packet about one of our addresses, or an answer to us: who is there, who is interested, and who claims what is ours. */
export function noteNeighbour(turn: Turn, roster: Roster, seen: NeighbourSeen): void {
  const { interface: name, sender, mac, target, operation } = seen;
  if (isOwnMac(turn, mac) || sender === undefined) return;
  if (roster.virtualAddresses.has(sender)) {
    noteClaim(turn, roster, seen, sender);
    return;
  }
  if (operation === "ask" && roster.virtualAddresses.has(target)) {
    meet(turn.memory, { interface: name, address: sender, mac, wanted: target }, turn.now);
    return;
  }
  if (operation !== "answer" || !isOwnMac(turn, seen.to)) return;
  meet(turn.memory, { interface: name, address: sender, mac }, turn.now);
  for (const instance of roster.all) noteAnswer(turn, instance, seen);
}

/** Somebody else says that an address of ours is his. What only answers does not call for a new announcement. */
function noteClaim(turn: Turn, roster: Roster, seen: NeighbourSeen, address: IpAddress): void {
  for (const instance of roster.all) {
    if (instance.memory.phase.kind !== "MASTER") continue;
    for (const record of instance.memory.addresses) {
      if (record.model.address !== address || record.model.interface !== seen.interface) continue;
      const suspect = suspectOf(instance, seen);
      if (suspect !== "answers") noteRival(turn, instance, `${seen.mac}, which claimed ${address}`);
      if (!isHandover(turn, instance)) reportClaim(turn, instance, record, seen.mac, suspect);
    }
  }
}

function reportClaim(
  turn: Turn,
  instance: Instance,
  record: AddressRecord,
  mac: MacAddress,
  suspect: Suspect,
): void {
  const last = record.conflictReported;
  if (last !== undefined && turn.now - last < CONFLICT_PERIOD) return;
  record.conflictReported = turn.now;
  const { address, interface: name } = record.model;
  const neighbour = neighbourAt(turn.memory, name, mac);
  emit(turn, instance, {
    kind: "AddressConflict",
    address,
    interface: name,
    mac,
    ...(neighbour === undefined ? {} : { neighbour }),
    suspect,
  });
}

/** By what it does: routers announce; a real server of direct routing answers, or asks, in the name of its address. */
function suspectOf(instance: Instance, seen: NeighbourSeen): Suspect {
  const { phase } = instance.memory;
  const isContested = phase.kind === "MASTER" && phase.reclaimAt !== undefined;
  if (seen.mac.startsWith(VIRTUAL_ROUTER_MAC) || (isContested && phase.rival?.startsWith("master"))) {
    return "router";
  }
  if (seen.operation === "ask") return seen.sender === seen.target ? "host" : "uses";
  return seen.sender !== seen.target && isUnicast(seen.to) ? "answers" : "host";
}

/** Whether the station is one of this host's. */
function isOwnMac(turn: Turn, mac: MacAddress): boolean {
  for (const link of turn.surroundings.links.values()) if (link.mac === mac) return true;
  return false;
}

/** The lowest bit of the first octet marks groups. */
function isUnicast(mac: MacAddress): boolean {
  return (Number.parseInt(mac.slice(0, 2), 16) & 1) === 0;
}
