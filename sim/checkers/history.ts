/** Notes what the checks of a settled world need to know of the past. */
import type { Instant } from "../../src/base/time.ts";
import { retryWait } from "../bounds.ts";
import type { Checker, Handling, RouterNode } from "../node.ts";
import { priorityOf } from "../packets.ts";
import { viewNamed } from "../view.ts";
import { Violation } from "../violation.ts";

export interface StateChange {
  readonly at: Instant;
  readonly node: string;
  /** Key of the instance. */
  readonly instance: string;
  readonly from: string;
  readonly to: string;
  readonly causes: readonly string[];
}

export class History implements Checker {
  readonly name = "history";
  readonly changes: StateChange[] = [];
  /** When an instance last had a reason to announce: it became master, or heard a lesser one. */
  readonly #obliged = new Map<string, Instant>();
  readonly #lastSpoken = new Map<string, Instant>();
  readonly #failures = new Map<string, number>();
  readonly #refusals = new Map<string, number>();
  readonly tally = new Map<string, number>();
  /** The latest instant at which an address will be asked for again. */
  retryUntil: Instant = 0;

  handled({ node, now, actions }: Handling): void {
    for (const action of actions) {
      if (action.kind === "SendAdvertisement" && priorityOf(action) !== 0) {
        this.#lastSpoken.set(keyOf(node.name, instanceKey(node, action.instance)), now);
      }
      if (action.kind !== "Emit") continue;
      const { event } = action;
      const instance = instanceKey(node, event.instance);
      const key = keyOf(node.name, instance);
      if (event.kind === "StateChanged") {
        const causes = event.cause.map(({ kind }) => kind);
        this.changes.push({
          at: now,
          node: node.name,
          instance,
          from: event.from,
          to: event.to,
          causes,
        });
        this.count(`${event.from} to ${event.to} by ${causes[0]}`);
        if (event.to === "MASTER") this.#obliged.set(key, now);
        if (event.to === "FAULT") this.#failures.set(key, (this.#failures.get(key) ?? 0) + 1);
      }
      if (event.kind === "OrderProgress") this.count(`${event.order} ${event.stage}`);
      this.count(event.kind === "PacketDropped" ? `dropped ${event.reason}` : event.kind);
      if (event.kind === "AddressAdded") this.#refusals.delete(`${key} ${event.address}`);
      if (event.kind === "AddressFailed")
        this.#noteRefusal(node, now, `${key} ${event.address}`, event.retryAt);
      if (event.kind === "LowerPriorityAdvert" && node.views.get(instance)?.state === "MASTER") {
        this.#obliged.set(key, now);
      }
    }
  }

  started(node: RouterNode, how: "cold" | "warm"): void {
    this.count(`${how} start`);
    if (how === "warm") return;
    for (const key of node.views.keys()) this.#failures.delete(keyOf(node.name, key));
  }

  obligedAt(node: string, instance: string): Instant | undefined {
    return this.#obliged.get(keyOf(node, instance));
  }

  lastSpoken(node: string, instance: string): Instant | undefined {
    return this.#lastSpoken.get(keyOf(node, instance));
  }

  count(what: string): void {
    this.tally.set(what, (this.tally.get(what) ?? 0) + 1);
  }

  /** Refusals are answered by patience that grows, and ends. */
  #noteRefusal(node: RouterNode, now: Instant, key: string, retryAt: Instant | undefined): void {
    const count = (this.#refusals.get(key) ?? 0) + 1;
    this.#refusals.set(key, count);
    if (retryAt === undefined || retryAt <= now || retryAt > now + retryWait(count)) {
      throw new Violation("retry", `${node.name} asks again at ${retryAt} after refusal ${count} for ${key}`);
    }
    this.retryUntil = Math.max(this.retryUntil, retryAt);
  }

  /** How often the instance went to FAULT in this life of the process. */
  failures(node: string, instance: string): number {
    return this.#failures.get(keyOf(node, instance)) ?? 0;
  }

  changesSince(at: Instant): readonly StateChange[] {
    return this.changes.filter((change) => change.at > at);
  }
}

/** Of the instance that is called so, or was. */
function instanceKey(node: RouterNode, name: string): string {
  return viewNamed(node.views, name)?.model.key ?? name;
}

function keyOf(node: string, instance: string): string {
  return `${node} ${instance}`;
}
