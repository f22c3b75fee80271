/**
 * Where the steward keeps the orders of operators: takes them, hands them on, ends them in time, and answers who asked once
 * every instance has said how it went. They are kept in the runtime directory, so that a restart of the daemon does not
 * end a maintenance.
 */
import type { Result } from "../base/result.ts";
import { fail, ok } from "../base/result.ts";
import type { Micros } from "../base/time.ts";
import { seconds } from "../base/time.ts";
import type { Loop, Timer } from "../host/loop.ts";
import type { OrderOutcome } from "../observe/control-protocol.ts";
import type { StewardEvent } from "../observe/journal-entry.ts";
import type { OrderRequest, Standing } from "../supervise/orders.ts";
import { decideOrder, freezeAmong } from "../supervise/orders.ts";
import type { VrrpEvent } from "../vrrp/event.ts";
import type { Order } from "../vrrp/order.ts";
import { isoMicros } from "./journal.ts";
import { readOrders, writeOrders } from "./order-file.ts";

/** A handover takes three times the skew of the slowest backup; longer than this nobody waits before a terminal. */
const PATIENCE: Micros = seconds(20);

export interface OrderDeskMemory {
  readonly orders: readonly Order[];
  readonly nextId: number;
}

export interface OrderDeskListener {
  /** The orders are others than before: they are to reach the vrrp process. */
  changed(): void;
  record(event: StewardEvent): void;
}

interface Waiting {
  readonly names: ReadonlySet<string>;
  readonly outcomes: Map<string, OrderOutcome>;
  answer(outcomes: readonly OrderOutcome[]): void;
  readonly limit: Timer;
}

export class OrderDesk {
  readonly #loop: Loop;
  readonly #path: string;
  readonly #listener: OrderDeskListener;
  readonly #expiry: Timer;
  #orders: readonly Order[] = [];
  #nextId = 1;
  #waiting: Waiting[] = [];

  constructor(loop: Loop, path: string, listener: OrderDeskListener) {
    this.#loop = loop;
    this.#path = path;
    this.#listener = listener;
    this.#expiry = loop.timer(() => this.#expire());
  }

  get orders(): readonly Order[] {
    return this.#orders;
  }

  get memory(): OrderDeskMemory {
    return { orders: this.#orders, nextId: this.#nextId };
  }

  /** What a reload is refused with while the daemon is frozen. */
  get freeze(): string | undefined {
    const order = freezeAmong(this.#orders);
    if (order === undefined) return undefined;
    return `${order.by} has frozen this daemon${order.why === undefined ? "" : ` (${order.why})`}: \`buoy freeze off\` ends it`;
  }

  /** Goes on where a steward died. */
  resume({ orders, nextId }: OrderDeskMemory): void {
    this.#orders = orders;
    this.#nextId = nextId;
    this.#arm();
  }

  /** Goes on where a daemon ended. A file that makes no sense is put aside, and said so. */
  recall(): void {
    const text = readOrders(this.#path);
    if (text === undefined) return;
    const stored = parseStored(text, this.#loop.wallClock(), this.#loop.now());
    if (stored.ok) this.#orders = stored.value;
    else this.#listener.record({ kind: "OrdersLost", file: this.#path, error: stored.error });
    this.#nextId = Math.max(0, ...this.#orders.map(({ id }) => id)) + 1;
    for (const order of this.#orders) this.#record("recalled", order, order.by);
    this.#arm();
  }

  /** Takes an order; `answer` is called once, when it is known how it went, or refused at once. */
  take(
    request: OrderRequest,
    standing: Standing,
    answer: (result: Result<readonly OrderOutcome[], string>) => void,
  ): void {
    const id = this.#nextId;
    const decision = decideOrder(this.#orders, request, standing, id, this.#loop.now());
    if (!decision.ok) {
      answer(fail(decision.error));
      return;
    }
    const { orders, concerned } = decision.value;
    const before = this.#orders;
    this.#nextId++;
    this.#orders = orders;
    for (const order of orders) if (order.id === id) this.#record("given", order, request.by);
    if (!request.on) {
      for (const order of before) if (!orders.includes(order)) this.#record("taken-back", order, request.by);
    }
    if (request.on && concerned.length > 0) this.#await(concerned, (outcomes) => answer(ok(outcomes)));
    this.#changed();
    if (!request.on || concerned.length === 0) answer(ok([]));
  }

  /** Hears how instances carry an order out. */
  heard(event: VrrpEvent): void {
    if (event.kind !== "OrderProgress") return;
    const { instance, stage, to } = event;
    if (stage !== "handed-over" && stage !== "kept" && stage !== "in-force") return;
    for (const waiting of this.#waiting) {
      if (!waiting.names.has(instance) || waiting.outcomes.has(instance)) continue;
      waiting.outcomes.set(instance, { instance, stage, to });
      if (waiting.outcomes.size === waiting.names.size) this.#finish(waiting);
    }
  }

  #await(names: readonly string[], answer: Waiting["answer"]): void {
    const limit = this.#loop.timer(() => this.#finish(waiting));
    const waiting: Waiting = { names: new Set(names), outcomes: new Map(), answer, limit };
    limit.set(this.#loop.now() + PATIENCE);
    this.#waiting.push(waiting);
  }

  #finish(waiting: Waiting): void {
    waiting.limit.close();
    this.#waiting = this.#waiting.filter((one) => one !== waiting);
    const silent = [...waiting.names].filter((name) => !waiting.outcomes.has(name));
    waiting.answer([
      ...waiting.outcomes.values(),
      ...silent.map((instance) => ({ instance, stage: "under-way" as const, to: undefined })),
    ]);
  }

  /** The engine ends them by its own clock; here they are forgotten, and a restart does not bring them back. */
  #expire(): void {
    const now = this.#loop.now();
    const isOver = ({ until }: Order): boolean => until !== undefined && until <= now;
    const over = this.#orders.filter(isOver);
    this.#orders = this.#orders.filter((order) => !isOver(order));
    for (const order of over) this.#record("expired", order, order.by);
    if (over.length > 0) this.#changed();
    else this.#arm();
  }

  #changed(): void {
    this.#arm();
    this.#store();
    this.#listener.changed();
  }

  #arm(): void {
    const ends = this.#orders.flatMap(({ until }) => (until === undefined ? [] : [until]));
    this.#expiry.set(ends.length === 0 ? undefined : Math.min(...ends));
  }

  /** Instants mean nothing to the next boot: ends are written by the wall clock. */
  #store(): void {
    const offset = this.#loop.wallClock() - this.#loop.now();
    const stored = this.#orders.map(({ since, until, ...order }) => ({
      ...order,
      since: since + offset,
      until: until === undefined ? null : until + offset,
    }));
    writeOrders(this.#path, stored);
  }

  #record(what: "given" | "taken-back" | "expired" | "recalled", order: Order, by: string): void {
    const { kind, subject, why, until } = order;
    const offset = this.#loop.wallClock() - this.#loop.now();
    this.#listener.record({
      kind: "Order",
      what,
      order: kind,
      subject,
      by,
      why,
      until: until === undefined ? undefined : isoMicros(until + offset),
    });
  }
}

/** Orders that have not run out, on this boot's monotonic clock. */
function parseStored(text: string, wall: number, now: number): Result<readonly Order[], string> {
  try {
    const stored = JSON.parse(text) as (Omit<Order, "until"> & { readonly until: number | null })[];
    const offset = wall - now;
    return ok(
      stored
        .filter(({ until }) => until === null || until > wall)
        .map((order) => ({
          ...order,
          since: order.since - offset,
          until: order.until === null ? undefined : order.until - offset,
        })),
    );
  } catch (error) {
    return fail((error as Error).message);
  }
}
