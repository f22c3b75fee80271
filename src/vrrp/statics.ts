/** Static addresses, routes and rules: held for as long as the engine runs, whoever is master. */
import type { StaticsModel } from "../model/model.ts";
import { addAll, heldBy, isDesired, removeAll, request } from "./held.ts";
import { changeHoldings } from "./holdings.ts";
import type { Holder, StaticHolder } from "./instance.ts";
import type { HeldRecord } from "./memory.ts";
import { devicesOf } from "./surroundings.ts";
import type { Turn } from "./turn.ts";

/** Takes over the static entries of a new configuration; what stays is not touched. */
export function configureStatics(turn: Turn, statics: StaticHolder, model: StaticsModel): void {
  const fresh = changeHoldings(turn, statics, {
    virtualAddresses: model.addresses,
    excludedAddresses: [],
    routing: model.routing,
  });
  request(turn, statics, "add", fresh);
}

/** They go with the daemon, also where instances leave theirs in place. */
export function stopStatics(turn: Turn, statics: StaticHolder): void {
  statics.memory.phase = { kind: "STOP" };
  removeAll(turn, statics);
}

/** After a life that ended without a word: makes sure of everything. */
export function resumeStatics(turn: Turn, statics: StaticHolder): void {
  if (statics.memory.phase.kind === "MASTER") addAll(turn, statics);
  request(turn, statics, "remove", heldBy(statics).filter(isLeaving));
}

/** Asked for, and by now nobody knows whether it was done. */
export function isLeaving(record: HeldRecord): boolean {
  return record.state === "removing";
}

/**
 * A link is usable again. The kernel has dropped the IPv4 routes of a link that went down without a word, and could add
 * nothing to one that was not there.
 */
export function reviveOnLink(turn: Turn, holder: Holder, name: string): void {
  const lost = heldBy(holder).filter(
    (record) =>
      isDesired(holder, record) &&
      devicesOf(record).includes(name) &&
      (record.state === "failed" || (record.kind === "routing" && record.state === "present")),
  );
  request(turn, holder, "add", lost);
}
