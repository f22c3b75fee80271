/**
 * Whose advertisements count for whom, worked out from configurations, clocks and numbers: where peers are missing, keys
 * differ or a clock is wrong, a virtual router may have several masters, and nobody can help it.
 */
import type { Micros } from "../src/base/time.ts";
import type { AuthHmacModel } from "../src/model/advertising.ts";
import type { VrrpInstanceModel } from "../src/model/model.ts";
import type { RouterNode } from "./node.ts";
import { comesAfter, numberAt, secondsAhead } from "./signatures.ts";
import type { InstanceView } from "./view.ts";
import type { World } from "./world.ts";

/** An instance and its router. */
export interface Member {
  readonly node: RouterNode;
  readonly view: InstanceView;
}

/** Numbers that are behind for longer than this stay behind for as long as a world is looked at. */
const LONGEST_CATCH_UP: Micros = 600_000_000;

/** Whether what the one says as master counts for the other. */
export function isHeard(world: World, speaker: Member, listener: Member): boolean {
  const says = speaker.view.model;
  const { model } = listener.view;
  if (!isAddressed(says, speaker, listener) || !isTaken(says, speaker, listener)) return false;
  const { authentication } = model;
  if (says.authentication.kind !== authentication.kind || says.version !== model.version) return false;
  if ("password" in authentication && "password" in says.authentication) {
    if (authentication.password !== says.authentication.password) return false;
  }
  return isBelieved(world, speaker, listener);
}

/** Whether all of them hear each other. */
export function hearEachOther(world: World, members: readonly Member[]): boolean {
  return members.every((one) => members.every((other) => one === other || isHeard(world, one, other)));
}

/** Until numbers that a restart has left behind have caught up with what others remember. */
export function catchUpAllowance(world: World, members: readonly Member[]): Micros {
  let longest = 0;
  for (const speaker of members) {
    for (const listener of members) {
      if (speaker === listener) continue;
      const behind = behindFor(world, speaker, listener);
      if (behind <= LONGEST_CATCH_UP) longest = Math.max(longest, behind);
    }
  }
  return longest;
}

function isAddressed({ unicast }: VrrpInstanceModel, speaker: Member, listener: Member): boolean {
  const theirs = listener.view.model.unicast;
  if (unicast === undefined || theirs === undefined) return unicast === theirs;
  const to = listener.node.spec[speaker.view.model.family];
  return unicast.peers.some(({ address }) => address === to);
}

function isTaken({ unicast }: VrrpInstanceModel, speaker: Member, listener: Member): boolean {
  const theirs = listener.view.model.unicast;
  if (theirs === undefined || unicast === undefined) return true;
  const from = speaker.node.spec[speaker.view.model.family];
  const peer = theirs.peers.find(({ address }) => address === from);
  if (peer === undefined) return !theirs.checkSource;
  return unicast.hopLimit >= (peer.minTtl ?? 0) && unicast.hopLimit <= (peer.maxTtl ?? 255);
}

function isBelieved(world: World, speaker: Member, listener: Member): boolean {
  const signs = speaker.view.model.authHmac;
  const wants = listener.view.model.authHmac;
  if (signs === undefined || signs.mode === "receive-only") return wants?.mode !== "enforce";
  if (wants === undefined) return false;
  const key = signs.keys.find(({ id }) => id === signs.activeKey);
  if (!wants.keys.some(({ id, secret }) => id === key?.id && secret === key.secret)) return false;
  if (isOutside(world, wants, nextNumber(world, speaker, signs), listener)) return false;
  return behindFor(world, speaker, listener) === 0;
}

function isOutside(world: World, wants: AuthHmacModel, number: bigint, { node }: Member): boolean {
  if (wants.antiReplay !== "time") return false;
  const clock = numberAt(world.receptions.wallClock(node, world.now));
  return Math.abs(secondsAhead(number, clock)) > wants.timeWindow;
}

/** What it would sign with now. */
function nextNumber(world: World, { node, view }: Member, signs: AuthHmacModel): bigint {
  const { signed } = world.receptions.marks(node, view.model.key);
  const clock = numberAt(world.receptions.wallClock(node, world.now));
  if (signed === undefined || comesAfter(clock, signed)) return clock;
  return signs.antiReplay === "time" && secondsAhead(signed, clock) > signs.timeWindow ? clock : signed + 1n;
}

/** How long until a number of the one is new to the other; 0 where it is. */
function behindFor(world: World, speaker: Member, listener: Member): Micros {
  const signs = speaker.view.model.authHmac;
  const wants = listener.view.model.authHmac;
  if (signs === undefined || signs.mode === "receive-only" || wants === undefined) return 0;
  const from = speaker.node.spec[speaker.view.model.family];
  const { senders } = world.receptions.marks(listener.node, listener.view.model.key);
  const known = senders.find(({ source }) => source === from);
  const number = nextNumber(world, speaker, signs);
  if (known === undefined || comesAfter(number, known.number)) return 0;
  if (isOutside(world, wants, known.number, listener)) return 0;
  return (secondsAhead(known.number, number) + 1) * 1_000_000;
}
