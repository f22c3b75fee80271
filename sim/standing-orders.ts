/** The orders of operators that stand for one machine: its runtime directory, which outlives the process and no reboot. */
import type { Instant } from "../src/base/time.ts";
import type { VrrpInput } from "../src/vrrp/input.ts";
import type { Order } from "../src/vrrp/order.ts";

export class StandingOrders {
  #standing: readonly Order[] = [];
  #lastId = 0;
  /** The process may act by orders that stand no more, until it is told. */
  #lingering = false;

  /** Whether the process may act by any order. */
  get areFelt(): boolean {
    return this.#lingering || this.#standing.length > 0;
  }

  /** Whether others are to be master, if there are any. */
  get standsAside(): boolean {
    return this.#standing.some(({ kind }) => kind !== "freeze");
  }

  get isFrozen(): boolean {
    return this.#standing.some(({ kind }) => kind === "freeze");
  }

  give(kind: Order["kind"], force: boolean, now: Instant): VrrpInput {
    const id = ++this.#lastId;
    const order = {
      id,
      kind,
      subject: undefined,
      since: now,
      until: undefined,
      force,
      by: "sim",
      why: undefined,
    };
    this.#standing = [...this.#standing, order];
    return this.news();
  }

  takeBack(): VrrpInput {
    this.#standing = [];
    return this.news();
  }

  news(): VrrpInput {
    return { kind: "OrdersChanged", orders: this.#standing };
  }

  noteStart(how: "cold" | "warm"): void {
    this.#lingering = how === "warm";
  }

  noteHandled(orders: readonly Order[]): void {
    this.#lingering = orders.length > 0;
  }
}
