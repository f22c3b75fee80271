/** Host names of unicast peers: their addresses come from outside. */
import { reconsider } from "./automaton.ts";
import type { HostAddress } from "./input.ts";
import { hostKey } from "./peers.ts";
import type { Turn } from "./turn.ts";
import { emit, factAt } from "./turn.ts";

/** Takes over addresses that are new, and lets the instances that have such peers go on with them. */
export function noteHosts(turn: Turn, told: readonly HostAddress[]): void {
  const { hosts } = turn.surroundings;
  const changed = told.filter(({ name, family, address }) => hosts.get(hostKey(family, name)) !== address);
  if (changed.length === 0) return;
  for (const { name, family, address } of changed) hosts.set(hostKey(family, name), address);
  const fact = factAt(turn.now, { kind: "hosts-resolved", hosts: changed.map(({ name }) => name) });
  for (const instance of turn.instances) {
    const { unicast, family } = instance.model;
    const own = changed.filter(
      (one) => one.family === family && unicast?.peers.some(({ host }) => host === one.name) === true,
    );
    if (own.length === 0) continue;
    instance.adverts = undefined;
    for (const { name, address } of own) emit(turn, instance, { kind: "PeerResolved", host: name, address });
    reconsider(turn, instance, fact);
    turn.touched.add(instance);
  }
}
