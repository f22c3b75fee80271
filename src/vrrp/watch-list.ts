/** Whom a master asks about one of its addresses: gateways, those of the configuration, and those lately seen. */
import { familyOf, type IpAddress } from "../base/ip.ts";
import { baseOf } from "../model/keys.ts";
import { interestedIn } from "./acquaintances.ts";
import type { WatchReason } from "./event.ts";
import type { Instance } from "./instance.ts";
import type { AddressRecord } from "./memory.ts";
import type { Turn } from "./turn.ts";

/** Neighbours asked about one address at most, and questions of one instance. */
const MOST_NEIGHBOURS = 32;
export const MOST_QUESTIONS = 1024;

export interface Watched {
  readonly address: IpAddress;
  readonly why: WatchReason;
}

/** In the order of their importance: where there are too many, the last are left out. */
export function watchList(turn: Turn, instance: Instance, record: AddressRecord): readonly Watched[] {
  const { address: held, family, interface: name } = record.model;
  const { surroundings, memory, virtualAddresses } = turn;
  const list = new Map<IpAddress, WatchReason>();
  const add = (address: IpAddress, why: WatchReason): void => {
    if (familyOf(address) !== family || virtualAddresses.has(address) || list.has(address)) return;
    list.set(address, why);
  };
  // A virtual MAC's interface has no routes of its own.
  const base = baseOf(instance.model, name);
  for (const gateway of surroundings.gateways) {
    if (gateway.interface === name || gateway.interface === base) add(gateway.address, "gateway");
  }
  for (const address of instance.model.verifyNeighbours) add(address, "configured");
  for (const { address } of interestedIn(memory, name, held, turn.now)) add(address, "seen");
  if (list.size === 0) return [];
  for (const { address } of surroundings.addresses.get(name) ?? []) list.delete(address);
  return [...list].slice(0, MOST_NEIGHBOURS).map(([address, why]) => ({ address, why }));
}
