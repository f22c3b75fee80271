/** `ha_suspend`: checks of services whose addresses are elsewhere do not run, and their servers stay as they are. */

import { serverName } from "./names.ts";
import type { Pool } from "./pool.ts";
import type { CheckRoster } from "./roster.ts";
import type { Check, CheckPart, Service } from "./service.ts";
import type { Turn } from "./turn.ts";
import { emit } from "./turn.ts";

/** Runs a check if one of its services wants to know, and only then. */
export function regulate(turn: Turn, roster: CheckRoster, check: Check): void {
  let isWanted = false;
  for (const { service } of check.subscribers) {
    isWanted = !service.memory.suspended;
    if (isWanted) break;
  }
  if (isWanted) roster.resume(check, turn.now, turn.random);
  else if (check.memory.dueAt !== undefined) roster.suspend(turn, check);
}

/** Ends a server's part in checks; those that nobody else follows end. */
export function leaveChecks(
  turn: Turn,
  roster: CheckRoster,
  parts: readonly (CheckPart | undefined)[],
): void {
  for (const part of parts) {
    if (part === undefined) continue;
    roster.leave(turn, part.check, part.subscriber);
    if (part.check.subscribers.size > 0) regulate(turn, roster, part.check);
  }
}

/** Says that the service's checks rest from now on, or run again. */
export function tellSuspension(
  turn: Turn,
  { model, memory: { suspended } }: Pick<Service, "model" | "memory">,
  starting = false,
): void {
  const checked = model.realServers.flatMap((server) => server.checks.map(() => serverName(model, server)));
  emit(turn, { kind: "Suspended", virtualServer: model.name, suspended, starting, checked });
}

/** Suspends the service or lets it go on. Returns whether that is a change. */
export function settleSuspension(turn: Turn, pool: Pool, service: Service): boolean {
  const suspended = pool.surroundings.suspends(service.model);
  if (suspended === service.memory.suspended) return false;
  service.memory = { ...service.memory, suspended };
  tellSuspension(turn, service);
  for (const { parts } of service.servers) {
    for (const part of parts) if (part !== undefined) regulate(turn, pool.roster, part.check);
  }
  return true;
}
