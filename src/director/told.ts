/** Facts that servers are told of: numbers in files, BFD sessions, orders of operators. */
import { equalPlain } from "../base/plain.ts";
import type { CheckModel } from "../model/director-models.ts";
import type { DirectorCause, DirectorFact, DirectorFactDetail } from "./cause.ts";
import type { VerdictMemory } from "./memory.ts";
import { probeName } from "./names.ts";
import type { Pool } from "./pool.ts";
import type { PoolOrder } from "./pool-order.ts";
import type { ServerOrders } from "./real-server.ts";
import type { Server, Service, Subscriber } from "./service.ts";
import { relearn, settleServer, takeVerdict } from "./settle.ts";
import type { Turn } from "./turn.ts";
import { factNow } from "./turn.ts";

/** Services whose servers changed in a turn, each with what changed it last. */
export type Changes = Map<Service, DirectorCause>;

/** Notes that a server changed: its service is to be looked at, because of the server, because of what changed that. */
export function noteChange(turn: Turn, changes: Changes, service: Service, server: Server): void {
  const { up, cause, changedAt, weightCause } = server.memory;
  const isWeight = changedAt !== turn.now && weightCause[0]?.at === turn.now;
  const fact = factNow(turn, { kind: "server", realServer: server.name, up });
  changes.set(service, isWeight ? weightCause : [fact, ...cause]);
}

/** Tells a server what its file or session says. */
export function tellFollower(turn: Turn, pool: Pool, follower: Subscriber, changes: Changes): void {
  const { service, server, index } = follower;
  const model = server.model.checks[index];
  const verdict = model && pool.surroundings.toldVerdict(model);
  if (model === undefined || verdict === undefined || service.memory.suspended) return;
  const fact = toldFact(turn, pool, model, verdict);
  if (takeVerdict(turn, service, server, index, verdict, fact)) noteChange(turn, changes, service, server);
}

/** What a file or a session says. */
export function toldFact(
  turn: Turn,
  pool: Pool,
  { probe }: CheckModel,
  { ok }: Pick<VerdictMemory, "ok">,
): DirectorFact {
  const detail =
    probe.kind === "file"
      ? `the file holds ${pool.surroundings.files.get(probe.file) ?? 0}`
      : `the session is ${ok ? "up" : "down"}`;
  return factNow(turn, {
    kind: "check",
    check: probeName(probe),
    ok,
    detail,
    excerpt: undefined,
    times: 1,
  });
}

/** Tells the servers of a service that goes on what is known by now: checks may have run for others, and files changed. */
export function catchUp(turn: Turn, pool: Pool, service: Service, changes: Changes): void {
  for (const server of service.servers) {
    server.model.checks.forEach((_, index) => {
      const part = server.parts[index];
      if (part === undefined) tellFollower(turn, pool, { service, server, index }, changes);
      else if (relearn(turn, part)) noteChange(turn, changes, service, server);
    });
  }
}

/** Takes a new list of orders; servers that one is about, or was, follow. */
export function takeOrders(turn: Turn, pool: Pool, orders: readonly PoolOrder[], changes: Changes): void {
  const concerned = [...pool.surroundings.orders, ...orders];
  pool.surroundings.orders = orders;
  for (const { virtualServer, realServer } of concerned) {
    const service = pool.find(virtualServer);
    const server = service?.servers.find(({ model }) => model.key === realServer);
    if (service === undefined || server === undefined) continue;
    const before = server.orders;
    server.orders = pool.surroundings.ordersOf(virtualServer, realServer);
    if (equalPlain(before, server.orders)) continue;
    settleServer(turn, service, server, factNow(turn, orderFact(before, server.orders)));
    // One that was down already may stand in the table with weight 0.
    noteChange(turn, changes, service, server);
  }
}

/** The order that is new, or else the one that has gone. */
function orderFact(before: ServerOrders, after: ServerOrders): DirectorFactDetail {
  for (const kind of ["disable", "drain", "weight"] as const) {
    const order = after[kind];
    if (order === undefined || order.id === before[kind]?.id) continue;
    return { kind: "order", order: orderText(order), by: order.by, why: order.why };
  }
  const ended = before.disable ?? before.drain ?? before.weight;
  return { kind: "order-ended", order: ended === undefined ? "order" : orderText(ended) };
}

function orderText({ kind, weight }: PoolOrder): string {
  return kind === "weight" ? `weight ${weight ?? 0}` : kind;
}
