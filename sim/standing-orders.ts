/** The orders of operators that stand for one machine: its runtime directory, which outlives the process and no reboot. */
import type { Instant, Micros } from "../src/base/time.ts";
import type { VrrpModel } from "../src/model/model.ts";
import type { VrrpInput } from "../src/vrrp/input.ts";
import type { Order } from "../src/vrrp/order.ts";

/** What an operator says. */
export interface Wish {
  readonly kind: Order["kind"];
  /** An instance or a sync group; undefined for all. */
  readonly subject: string | undefined;
  /** After how long it ends by itself. */
  readonly ttl: Micros | undefined;
  readonly force: boolean;
}

export class StandingOrders {
  #standing: readonly Order[] = [];
  #lastId = 0;
  /** What the process acts by; undefined where a snapshot may have brought any. */
  #known: readonly Order[] | undefined = [];

  /** Whether the process may act by any order for this instance. */
  areFelt(model: VrrpModel, instance: string): boolean {
    if (this.#known === undefined) return true;
    return [...this.#known, ...this.#standing].some((order) => concerns(order, model, instance));
  }

  /** Whether there is anything to take back. */
  get areGiven(): boolean {
    return this.#known === undefined || this.#known.length > 0 || this.#standing.length > 0;
  }

  /** Whether others are to be master of this instance, if there are any. */
  standsAside(model: VrrpModel, instance: string, now: Instant): boolean {
    return this.#valid(now).some((order) => order.kind !== "freeze" && concerns(order, model, instance));
  }

  isFrozen(now: Instant): boolean {
    return this.#valid(now).some(({ kind }) => kind === "freeze");
  }

  give({ kind, subject, ttl, force }: Wish, now: Instant): VrrpInput {
    const id = ++this.#lastId;
    const until = ttl === undefined ? undefined : now + ttl;
    const order = { id, kind, subject, since: now, until, force, by: "sim", why: undefined };
    this.#standing = [...this.#standing, order];
    return this.news(now);
  }

  takeBack(now: Instant): VrrpInput {
    this.#standing = [];
    return this.news(now);
  }

  news(now: Instant): VrrpInput {
    this.#standing = this.#valid(now);
    return { kind: "OrdersChanged", orders: this.#standing };
  }

  noteStart(how: "cold" | "warm"): void {
    this.#known = how === "warm" ? undefined : [];
  }

  /** The process has been told something: orders, or the time, by which some run out. */
  noteHandled(input: VrrpInput, now: Instant): void {
    if (input.kind === "OrdersChanged") this.#known = input.orders;
    if (input.kind !== "ClockReached") return;
    this.#known = this.#known?.filter((order) => isValid(order, now));
    this.#standing = this.#valid(now);
  }

  #valid(now: Instant): readonly Order[] {
    return this.#standing.filter((order) => isValid(order, now));
  }
}

function isValid({ until }: Order, now: Instant): boolean {
  return until === undefined || until > now;
}

/** What is said of one member of a sync group is said of all. */
function concerns({ subject }: Order, { syncGroups }: VrrpModel, instance: string): boolean {
  if (subject === undefined || subject === instance) return true;
  return syncGroups.some(
    ({ name, members }) => members.includes(instance) && (name === subject || members.includes(subject)),
  );
}
