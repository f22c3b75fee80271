import type { Prng } from "../base/prng.ts";
import type { Instant } from "../base/time.ts";
import type { DirectorAction } from "./action.ts";
import type { DirectorFact, DirectorFactDetail } from "./cause.ts";
import type { DirectorEventDetail } from "./event.ts";

/** What one call of `handle` works with. */
export interface Turn {
  now: Instant;
  readonly random: Prng;
  out: DirectorAction[];
  /** No mail about a check that changes while its server does not. */
  noCheckMail: boolean;
}

export function emit(turn: Turn, detail: DirectorEventDetail): void {
  turn.out.push({ kind: "Emit", event: { at: turn.now, ...detail } });
}

export function factNow(turn: Turn, detail: DirectorFactDetail): DirectorFact {
  return { at: turn.now, ...detail };
}
