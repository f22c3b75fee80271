/** Operators' orders as the steward keeps them: which may be given, and which stand. Pure; what they do is the engine's. */
import type { Result } from "../base/result.ts";
import { fail, ok } from "../base/result.ts";
import type { Instant, Micros } from "../base/time.ts";
import type { Order } from "../vrrp/order.ts";

/** What a command asks for. */
export interface OrderRequest {
  readonly order: Order["kind"];
  readonly on: boolean;
  /** An instance or a sync group; undefined for all instances. */
  readonly subject: string | undefined;
  readonly ttl: Micros | undefined;
  readonly force: boolean;
  readonly by: string;
  readonly why: string | undefined;
}

/** What is known of the instances when a command comes. */
export interface Standing {
  readonly instances: readonly { readonly name: string; readonly state: string }[];
  readonly groups: readonly { readonly name: string; readonly members: readonly string[] }[];
}

/** The orders that stand after a request, and the instances that will answer for it. */
export interface Decision {
  readonly orders: readonly Order[];
  readonly concerned: readonly string[];
}

/** The orders after this request, or a sentence saying why it is not taken. `id` is larger than any before it. */
export function decideOrder(
  orders: readonly Order[],
  request: OrderRequest,
  standing: Standing,
  id: number,
  now: Instant,
): Result<Decision, string> {
  const { order: kind, subject } = request;
  const concerned = concernedBy(subject, standing);
  if (concerned.length === 0) return fail(`there is no instance or sync group ${subject ?? ""}`.trimEnd());
  const rest = orders.filter((one) => one.kind !== kind || one.subject !== subject);
  if (!request.on) {
    if (rest.length === orders.length)
      return fail(`no ${kind} is in force${subject === undefined ? "" : ` for ${subject}`}`);
    return ok({ orders: rest, concerned: concerned.map(({ name }) => name) });
  }
  const frozen = orders.find((one) => one.kind === "freeze");
  if (frozen !== undefined && kind !== "freeze")
    return fail(`${frozen.by} has frozen this daemon: end it first with \`buoy freeze off\``);
  const masters = concerned.filter(({ state }) => state === "MASTER");
  if (kind === "failover" && masters.length === 0) {
    const states = concerned.map(({ name, state }) => `${name} is ${state}`).join(", ");
    return fail(`nothing to hand over: ${states} here`);
  }
  const { by, why, ttl, force } = request;
  const until = ttl === undefined ? undefined : now + ttl;
  const order: Order = { id, kind, subject, since: now, until, force, by, why };
  const answering = kind === "failover" ? masters : concerned;
  return ok({
    orders: [...rest, order],
    concerned: kind === "freeze" ? [] : answering.map(({ name }) => name),
  });
}

/** The order that forbids a reload, if there is one. */
export function freezeAmong(orders: readonly Order[]): Order | undefined {
  return orders.find((order) => order.kind === "freeze");
}

function concernedBy(subject: string | undefined, { instances, groups }: Standing): Standing["instances"] {
  if (subject === undefined) return instances;
  const names = new Set([
    subject,
    ...groups
      .filter((group) => group.name === subject || group.members.includes(subject))
      .flatMap(({ members }) => members),
  ]);
  return instances.filter(({ name }) => names.has(name));
}
