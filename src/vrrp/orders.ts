/**
 * What operators order beside the configuration: a failover (stand aside for the others), maintenance (stay out of the
 * election) and a freeze (nothing moves unless it must). A master that is to go hands over first: it says priority 0,
 * goes on holding its addresses, and lets them go when another router's advertisement is heard. Where none comes, it
 * stays master and says so.
 */
import type { IpAddress } from "../base/ip.ts";
import type { Micros } from "../base/time.ts";
import { millis } from "../base/time.ts";
import { advertise, resign } from "./advert.ts";
import type { CauseFact } from "./cause.ts";
import type { Instance } from "./instance.ts";
import type { Fault, MasterPhase } from "./memory.ts";
import { skewTime } from "./timers.ts";
import type { Transition, Turn } from "./turn.ts";
import { emit, factAt } from "./turn.ts";

/** Resignations sent before a master believes that there is nobody else. */
const ATTEMPTS = 3;
/** Lets the slowest backup's advertisement arrive. */
const LEAST_MARGIN: Micros = millis(100);

/** Says priority 0 and goes on holding the addresses. */
export function handOver(turn: Turn, instance: Instance, phase: MasterPhase, attempt: number): void {
  const { model } = instance;
  const interval = model.advertisementInterval;
  const margin = Math.max(LEAST_MARGIN, interval / 2);
  resign(turn, instance);
  phase.handover = {
    giveUpAt: turn.now + skewTime(model.version, 1, interval) + margin,
    attempt,
    heard: undefined,
  };
}

/** Nobody has answered the resignation: said again, and at last taken back, by all of the sync group. */
export function reachHandover(turn: Turn, instance: Instance, phase: MasterPhase): void {
  const { handover } = phase;
  if (handover === undefined || handover.giveUpAt > turn.now) return;
  if (handover.heard !== undefined) {
    handover.giveUpAt = turn.now + LEAST_MARGIN;
    letGoTogether(turn, instance);
    return;
  }
  if (handover.attempt < ATTEMPTS) {
    advertise(turn, instance);
    handOver(turn, instance, phase, handover.attempt + 1);
    return;
  }
  for (const member of handingOver(instance)) {
    const { order } = member.memory;
    endHandover(turn, member);
    turn.touched.add(member);
    if (order === undefined) continue;
    order.state = "kept";
    emit(turn, member, { kind: "OrderProgress", order: order.kind, stage: "kept", to: undefined });
  }
}

/** Another router speaks while we hand over: whatever its priority, it is master now. */
export function yieldByOrder(
  turn: Turn,
  instance: Instance,
  phase: MasterPhase,
  fact: CauseFact,
  from: IpAddress,
): void {
  if (phase.handover === undefined) return;
  phase.handover.heard = { from, fact };
  letGoTogether(turn, instance);
}

/** A sync group lets go when all of its members were answered: where nobody takes over, an address would be nowhere. */
function letGoTogether(turn: Turn, instance: Instance): void {
  const members = handingOver(instance);
  const heard = members.flatMap((member) => {
    const { phase } = member.memory;
    const answer = phase.kind === "MASTER" ? phase.handover?.heard : undefined;
    return answer === undefined ? [] : [{ member, ...answer }];
  });
  if (heard.length < members.length) return;
  for (const { member, from, fact } of heard) {
    const { order } = member.memory;
    if (order === undefined) continue;
    emit(turn, member, { kind: "OrderProgress", order: order.kind, stage: "handed-over", to: from });
    const cause = [orderFact(turn, member), fact];
    turn.wishes.push({ instance: member, to: "BACKUP", cause, resigns: false, due: turn.now });
  }
}

/** The instance and those of its sync group that hand over with it. */
function handingOver(instance: Instance): readonly Instance[] {
  return (instance.group?.members ?? [instance]).filter(
    ({ memory: { phase } }) => phase.kind === "MASTER" && phase.handover !== undefined,
  );
}

/**
 * Where a state change leads under the instance's order: maintenance makes FAULT of BACKUP. A master that ends for
 * whatever reason has handed over; a failover is over when its new master falls silent.
 */
export function ordered(turn: Turn, instance: Instance, to: Transition["to"]): Transition["to"] {
  const { memory } = instance;
  const { order } = memory;
  if (order === undefined || order.state === "over") return to;
  if (to === "MASTER") {
    if (order.state === "in-force") {
      order.state = "over";
      emit(turn, instance, { kind: "OrderProgress", order: order.kind, stage: "overtaken", to: undefined });
    }
    return to;
  }
  order.state = "in-force";
  const fault = orderFault(turn, instance);
  if (fault === undefined || to !== "BACKUP") return to;
  memory.faults = [...memory.faults, fault];
  return "FAULT";
}

/** Whether a backup leaves even a lower master alone. */
export function sparesMaster({ memory }: Instance): boolean {
  return memory.frozen || memory.order?.state === "in-force";
}

/** Maintenance in force is a reason for FAULT. */
export function orderFault(turn: Turn, instance: Instance): Fault | undefined {
  const { order } = instance.memory;
  if (order?.kind !== "maintenance" || order.state !== "in-force") return undefined;
  return { key: "maintenance", fact: orderFact(turn, instance) };
}

/** Back to an ordinary master. */
export function endHandover(turn: Turn, instance: Instance): void {
  const { phase } = instance.memory;
  if (phase.kind !== "MASTER" || phase.handover === undefined) return;
  phase.handover = undefined;
  advertise(turn, instance);
  phase.advertAt = turn.now + instance.model.advertisementInterval;
}

/** The order in words for a cause. */
export function orderFact(turn: Turn, { memory }: Instance): CauseFact {
  const order = turn.memory.orders.find(({ id }) => id === memory.order?.id);
  const { kind, by, why } = order ?? { kind: "maintenance" as const, by: "an operator", why: undefined };
  return factAt(order?.since ?? turn.now, { kind: "order", order: kind, by, why });
}
