/**
 * Where the steward keeps what operators ordered about real servers. The orders stand in the runtime directory, so that a
 * restart of the daemon does not put a server that is being repaired back into its pool.
 */
import type { Result } from "../base/result.ts";
import { fail, ok } from "../base/result.ts";
import type { PoolOrder } from "../director/pool-order.ts";
import type { Loop } from "../host/loop.ts";
import { diffDirector } from "../model/director-diff.ts";
import { type DirectorModel, NO_DIRECTOR, settingsOf } from "../model/director-models.ts";
import type { Model } from "../model/model.ts";
import type { StewardEvent } from "../observe/journal-entry.ts";
import type { PoolDecision, PoolRequest } from "../supervise/pool-orders.ts";
import { decidePoolOrder, standingPoolOrders } from "../supervise/pool-orders.ts";
import { encodeServices } from "../supervise/service-texts.ts";
import { namesOf } from "./control-answers.ts";
import type { CheckerSlice } from "./messages.ts";
import { readOrders, writeOrders } from "./order-file.ts";

export interface PoolDeskMemory {
  readonly orders: readonly PoolOrder[];
  readonly nextId: number;
}

export interface PoolDeskListener {
  /** The orders are others than before: they are to reach the checker process. */
  changed(): void;
  record(event: StewardEvent): void;
}

export class PoolDesk {
  readonly #loop: Loop;
  readonly #path: string;
  readonly #listener: PoolDeskListener;
  #orders: readonly PoolOrder[] = [];
  #nextId = 1;
  /** What the other processes have. */
  #sent: DirectorModel = NO_DIRECTOR;

  constructor(loop: Loop, path: string, listener: PoolDeskListener) {
    this.#loop = loop;
    this.#path = path;
    this.#listener = listener;
  }

  get orders(): readonly PoolOrder[] {
    return this.#orders;
  }

  get memory(): PoolDeskMemory {
    return { orders: this.#orders, nextId: this.#nextId };
  }

  /** What the checker process gets of this configuration, null where there is nothing for it; and what is new of its services. */
  slice({ director, mail }: Pick<Model, "director" | "mail">): {
    readonly checkerSlice: string | null;
    readonly services: string;
  } {
    const services = this.#change(director);
    if (director.virtualServers.length === 0) return { checkerSlice: null, services };
    const orders = standingPoolOrders(this.#orders, director);
    const slice: CheckerSlice = { director: settingsOf(director), mail: mail !== undefined, orders };
    return { checkerSlice: JSON.stringify(slice), services };
  }

  #change(director: DirectorModel): string {
    const { added, changed } = diffDirector(this.#sent, director);
    this.#sent = director;
    const fresh = [...added, ...changed.map(({ after }) => after)];
    return encodeServices(
      director.virtualServers.map(({ key }) => key),
      new Map(fresh.map((service) => [service.key, JSON.stringify(service)])),
    );
  }

  /** Goes on where a steward died; `sent` is what the others have. */
  resume({ orders, nextId }: PoolDeskMemory, sent: DirectorModel): void {
    this.#orders = orders;
    this.#nextId = nextId;
    this.#sent = sent;
  }

  /** Goes on where a daemon ended. A file that makes no sense is left out, and said so. */
  recall(): void {
    const text = readOrders(this.#path);
    if (text === undefined) return;
    const stored = parseStored(text, this.#loop.wallClock() - this.#loop.now());
    if (stored.ok) this.#orders = stored.value;
    else this.#listener.record({ kind: "OrdersLost", file: this.#path, error: stored.error });
    this.#nextId = Math.max(0, ...this.#orders.map(({ id }) => id)) + 1;
    for (const order of this.#orders) this.#record("recalled", order, order.by);
  }

  take(request: PoolRequest, director: DirectorModel): Result<PoolDecision, string> {
    const id = this.#nextId;
    const decision = decidePoolOrder(this.#orders, request, director, id, this.#loop.now());
    if (!decision.ok) return decision;
    const before = this.#orders;
    this.#nextId++;
    this.#orders = decision.value.orders;
    const names = namesOf(decision.value);
    for (const order of before)
      if (!this.#orders.includes(order)) this.#record("taken-back", { ...order, ...names }, request.by);
    for (const order of this.#orders)
      if (order.id === id) this.#record("given", { ...order, ...names }, request.by);
    this.#store();
    this.#listener.changed();
    return decision;
  }

  /** Instants mean nothing to the next boot: they are written by the wall clock. */
  #store(): void {
    const offset = this.#loop.wallClock() - this.#loop.now();
    const stored = this.#orders.map((order) => ({ ...order, since: order.since + offset }));
    writeOrders(this.#path, stored);
  }

  #record(what: "given" | "taken-back" | "recalled", order: PoolOrder, by: string): void {
    const { kind, virtualServer, realServer, weight, why } = order;
    this.#listener.record({
      kind: "PoolOrder",
      what,
      order: kind,
      virtualServer,
      realServer,
      weight,
      by,
      why,
    });
  }
}

function parseStored(text: string, offset: number): Result<readonly PoolOrder[], string> {
  try {
    const value: unknown = JSON.parse(text);
    if (!Array.isArray(value) || !value.every(isStored)) return fail("it holds something else");
    return ok(value.map((order) => ({ ...order, since: order.since - offset })));
  } catch (error) {
    return fail((error as Error).message);
  }
}

function isStored(value: unknown): value is PoolOrder {
  if (typeof value !== "object" || value === null) return false;
  const { id, kind, virtualServer, realServer, since, by } = value as Partial<
    Record<keyof PoolOrder, unknown>
  >;
  const texts = [virtualServer, realServer, by];
  const isKind = kind === "weight" || kind === "drain" || kind === "disable";
  return isKind && [id, since].every(Number.isInteger) && texts.every((field) => typeof field === "string");
}
