/** The orders that stand, and which of them counts for an instance. What one does is in `orders.ts`. */
import type { Instant } from "../base/time.ts";
import { reconsider } from "./automaton.ts";
import type { Instance } from "./instance.ts";
import type { EngineMemory } from "./memory.ts";
import type { Order, OrderProgress } from "./order.ts";
import { endHandover, handOver, orderFact } from "./orders.ts";
import type { Turn } from "./turn.ts";
import { emit, factAt } from "./turn.ts";

/** Takes over a new list of orders: what is new begins, what is missing ends. */
export function changeOrders(turn: Turn, orders: readonly Order[]): void {
  turn.memory.orders = [...orders];
  takeOrders(turn);
}

/** Ends what has run out, and tells whether anything has. */
export function expireOrders(turn: Turn): boolean {
  const standing = turn.memory.orders.filter(({ until }) => until === undefined || until > turn.now);
  if (standing.length === turn.memory.orders.length) return false;
  changeOrders(turn, standing);
  return true;
}

/** When the next order runs out. */
export function ordersExpireAt({ orders }: EngineMemory): Instant | undefined {
  const ends = orders.flatMap(({ until }) => (until === undefined ? [] : [until]));
  return ends.length === 0 ? undefined : Math.min(...ends);
}

/** Brings every instance in line with the orders; repeating it changes nothing. */
export function takeOrders(turn: Turn): void {
  for (const instance of turn.instances) {
    if (instance.retired || instance.memory.phase.kind === "STOP") continue;
    const order = governing(turn.memory.orders, instance);
    const frozen = turn.memory.orders.some((one) => one.kind === "freeze" && concerns(one, instance));
    const { memory } = instance;
    const thawed = memory.frozen && !frozen;
    memory.frozen = frozen;
    if (order?.id !== memory.order?.id) exchange(turn, instance, order);
    else if (thawed) reconsider(turn, instance, factAt(turn.now, { kind: "order-ended", order: "freeze" }));
  }
}

/** The order that counts for an instance: maintenance before failover, the newest of its kind. */
function governing(orders: readonly Order[], instance: Instance): Order | undefined {
  const mine = orders.filter((order) => concerns(order, instance));
  const newest = (kind: Order["kind"]): Order | undefined => mine.filter((one) => one.kind === kind).at(-1);
  return newest("maintenance") ?? newest("failover");
}

/** An order for one member concerns its whole group. */
function concerns({ subject }: Order, { model, group }: Instance): boolean {
  if (subject === undefined || subject === model.name) return true;
  return group !== undefined && (group.model.name === subject || group.model.members.includes(subject));
}

/** Goes over from one order, or none, to another, or none. */
function exchange(turn: Turn, instance: Instance, order: Order | undefined): void {
  const { memory } = instance;
  const before = memory.order;
  memory.order = undefined;
  if (before !== undefined && order === undefined) {
    endHandover(turn, instance);
    emit(turn, instance, { kind: "OrderProgress", order: before.kind, stage: "ended", to: undefined });
    reconsider(turn, instance, factAt(turn.now, { kind: "order-ended", order: before.kind }));
    return;
  }
  if (order !== undefined && order.kind !== "freeze") begin(turn, instance, order.kind, order);
}

function begin(turn: Turn, instance: Instance, kind: OrderProgress["kind"], order: Order): void {
  const { memory } = instance;
  const { phase } = memory;
  const hands = phase.kind === "MASTER" && !order.force;
  memory.order = { id: order.id, kind, state: hands ? "handing-over" : "in-force" };
  if (hands) {
    emit(turn, instance, { kind: "OrderProgress", order: kind, stage: "handing-over", to: undefined });
    handOver(turn, instance, phase, 1);
    return;
  }
  emit(turn, instance, { kind: "OrderProgress", order: kind, stage: "in-force", to: undefined });
  if (kind === "maintenance") reconsider(turn, instance, orderFact(turn, instance));
}
