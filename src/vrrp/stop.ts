/** The end: every master resigns, and what is held is let go of, or left where it is to stay. */
import { heldBy } from "./held.ts";
import type { Holder, Instance } from "./instance.ts";
import { stopStatics } from "./statics.ts";
import type { Turn } from "./turn.ts";
import { factAt } from "./turn.ts";

/** Without `release`, addresses stay in the kernel and nobody resigns (`--dont-release-vrrp`). */
export function beginStop(turn: Turn, release: boolean, by: string): void {
  turn.memory.stop = { by, release, giveUpAt: turn.now + turn.limits.stopTimeout, done: false };
  const cause = [factAt(turn.now, { kind: "stop-requested", by })];
  for (const instance of turn.instances) {
    if (instance.retired) continue;
    turn.wishes.push({
      instance,
      to: "STOP",
      cause,
      resigns: release,
      keepsAddresses: !release,
      due: turn.now,
    });
  }
  stopStatics(turn, turn.statics);
}

/** Says that the process may end, once all has been let go of or was waited for in vain. */
export function finishStop(turn: Turn): void {
  const { stop } = turn.memory;
  if (stop === undefined) return;
  const releasing: readonly Instance[] = stop.release ? turn.instances : [];
  const holders: readonly Holder[] = [turn.statics, ...releasing];
  const isClean =
    holders.every((holder) => heldBy(holder).every((record) => record.state === "absent")) &&
    releasing.every(({ memory }) => memory.dropping === undefined);
  if (!isClean && turn.now < stop.giveUpAt) return;
  stop.done = true;
  turn.out.stopped();
}
