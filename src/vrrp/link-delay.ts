/** `interface_up_down_delays`: a link that changes counts only after it has stayed so for a while. */
import type { Instant } from "../base/time.ts";
import type { LinkDelayModel } from "../model/host-settings.ts";
import type { LinkState } from "./input.ts";
import type { EngineMemory } from "./memory.ts";
import { linkProblem } from "./surroundings.ts";

/**
 * The link as it counts now. A change that has to wait is held, and whatever else the kernel said of the link (its address,
 * its index) counts at once. A link that was never known, and one that is deleted, wait for nothing.
 */
export function debounce(
  memory: EngineMemory,
  delays: readonly LinkDelayModel[],
  before: LinkState | undefined,
  link: LinkState,
  now: Instant,
): LinkState {
  forgetHeld(memory, link.name);
  const delay = delays.find((one) => one.interface === link.name);
  if (delay === undefined || before === undefined) return link;
  const wasUp = linkProblem(before) === undefined;
  const isUp = linkProblem(link) === undefined;
  const wait = isUp ? delay.up : delay.down;
  if (wasUp === isUp || wait === 0) return link;
  memory.heldLinks.push({ name: link.name, due: now + wait, up: link.up, running: link.running });
  return { ...link, up: before.up, running: before.running };
}

/** Deleted, or changed back: what was held no longer counts. */
export function forgetHeld(memory: EngineMemory, name: string): void {
  memory.heldLinks = memory.heldLinks.filter((held) => held.name !== name);
}

/** Links whose held change counts from now on. */
export function releaseHeld(
  memory: EngineMemory,
  links: ReadonlyMap<string, LinkState>,
  now: Instant,
): readonly LinkState[] {
  const due = memory.heldLinks.filter((held) => held.due <= now);
  if (due.length === 0) return [];
  memory.heldLinks = memory.heldLinks.filter((held) => held.due > now);
  return due.flatMap(({ name, up, running }) => {
    const link = links.get(name);
    return link === undefined ? [] : [{ ...link, up, running }];
  });
}

export function heldLinksAt(memory: EngineMemory): Instant | undefined {
  if (memory.heldLinks.length === 0) return undefined;
  return Math.min(...memory.heldLinks.map(({ due }) => due));
}
