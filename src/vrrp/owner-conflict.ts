/**
 * Two routers that both claim to own the addresses (priority 255). The one with the lower address gives way by the rules of
 * the election. Where it does not, because it ignores what others say, the other one would advertise against it for ever:
 * it goes down to 254 and so to BACKUP, until it is master again.
 */
import type { Instant } from "../base/time.ts";
import type { VrrpHeader } from "../wire/vrrp.ts";
import type { PacketReceived } from "./input.ts";
import type { Instance } from "./instance.ts";
import { masterDownOf } from "./instance.ts";
import { OWNER_PRIORITY } from "./timers.ts";
import type { Turn } from "./turn.ts";
import { emit, reportOnce } from "./turn.ts";

/** What an owner that gave way runs at. */
export const DEMOTED_PRIORITY = OWNER_PRIORITY - 1;
/** Advertisements that the other one gets to hear before we give way... */
const PATIENCE_ADVERTS = 2;
/** ...and so much of the longer interval on top. */
const PATIENCE_SHARE = 1.2;

/** Looks at an advertisement that an owner received as master; lowers our priority if the other one does not give way. */
export function considerRival(
  turn: Turn,
  instance: Instance,
  packet: PacketReceived,
  header: VrrpHeader,
  isOurs: boolean,
): void {
  const { memory } = instance;
  if (header.priority !== OWNER_PRIORITY || memory.effectivePriority !== OWNER_PRIORITY) return;
  const { source } = packet;
  if (!isOurs) {
    tell(turn, instance, packet, "its address is higher: we give way");
    return;
  }
  const rival = memory.rivalOwner;
  const isNew =
    rival === undefined || rival.source !== source || turn.now - rival.lastHeard > masterDownOf(instance);
  if (isNew) {
    memory.rivalOwner = { source, giveUpAt: patienceFrom(turn.now, instance, header), lastHeard: turn.now };
    tell(turn, instance, packet, "its address is lower: it ought to give way");
    return;
  }
  rival.lastHeard = turn.now;
  if (turn.now < rival.giveUpAt) return;
  memory.rivalOwner = undefined;
  memory.demoted = true;
  memory.effectivePriority = DEMOTED_PRIORITY;
  instance.adverts = undefined;
  emit(turn, instance, { kind: "OwnerConflict", source, reaction: "it did not give way: we do" });
}

/** Nobody disputes the addresses any more. */
export function restoreOwner(instance: Instance): void {
  const { memory } = instance;
  memory.rivalOwner = undefined;
  if (!memory.demoted) return;
  memory.demoted = false;
  memory.effectivePriority = OWNER_PRIORITY;
  instance.adverts = undefined;
}

function patienceFrom(now: Instant, { model }: Instance, header: VrrpHeader): Instant {
  const own = model.advertisementInterval;
  return now + PATIENCE_ADVERTS * own + PATIENCE_SHARE * Math.max(own, header.advertisementInterval);
}

function tell(turn: Turn, instance: Instance, { source }: PacketReceived, reaction: string): void {
  if (reportOnce(instance, `owner ${source}`) === undefined) return;
  emit(turn, instance, { kind: "OwnerConflict", source, reaction });
}
