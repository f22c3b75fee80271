/**
 * The members of a sync group never differ: not in state after any step, and none is anything but FAULT while one has a
 * fault. What is told of the group comes once, after its members, and whoever followed names the member that led.
 */
import type { VrrpAction } from "../../src/vrrp/action.ts";
import type { VrrpState } from "../../src/vrrp/event.ts";
import type { Checker, Handling, RouterNode } from "../node.ts";
import { viewNamed } from "../view.ts";
import { Violation } from "../violation.ts";

export class SyncGroups implements Checker {
  readonly name = "sync-groups";
  /** The state last told of each router's group. */
  readonly #told = new Map<RouterNode, VrrpState>();

  started(node: RouterNode, how: "cold" | "warm"): void {
    const [first] = node.views.values();
    this.#told.set(node, how === "warm" ? (first?.state ?? "INIT") : "INIT");
  }

  handled(handling: Handling): void {
    const { node, actions } = handling;
    for (const group of node.model.syncGroups) {
      const states = new Set(group.members.map((name) => viewNamed(node.views, name)?.state));
      if (states.size !== 1) this.#fail(handling, `members are ${[...states].join(" and ")}`);
      const [state] = states;
      this.#checkTold(handling, group.members);
      if (state !== undefined && this.#told.get(node) !== state) {
        this.#fail(handling, `group is ${state}, and was last called ${this.#told.get(node)}`);
      }
      if (actions.some(isChange)) this.#checkFaults(handling, group.members, state);
    }
  }

  #checkTold(handling: Handling, members: readonly string[]): void {
    const { node, actions } = handling;
    for (const [index, action] of actions.entries()) {
      if (action.kind === "EmitGroup") {
        const { from, to } = action.event;
        if (from !== this.#told.get(node)) this.#fail(handling, `group was not ${from}`);
        this.#told.set(node, to);
        const later = actions.slice(index + 1).find(isChange);
        if (later !== undefined) this.#fail(handling, "a member changes after its group was told of");
        continue;
      }
      if (!isChange(action) || !members.includes(action.event.instance)) continue;
      const { instance, cause, to } = action.event;
      if (cause.length === 0) this.#fail(handling, `${instance} is ${to} without a cause`);
      const [first] = cause;
      if (first?.kind === "group" && first.member === instance)
        this.#fail(handling, `${instance} follows itself`);
    }
  }

  #checkFaults(handling: Handling, members: readonly string[], state: VrrpState | undefined): void {
    const { node, now } = handling;
    if (state === "STOP" || state === "INIT") return;
    const faulty = node.engine
      ?.snapshot(now)
      .instances.filter(({ name, faults }) => members.includes(name) && faults.length > 0);
    if ((faulty?.length ?? 0) > 0 && state !== "FAULT") {
      this.#fail(
        handling,
        `group is ${state} while ${faulty?.map(({ name }) => name).join(" and ")} has a fault`,
      );
    }
    if (state === "FAULT" && faulty?.length === 0) this.#fail(handling, "group is in FAULT without a fault");
  }

  #fail({ node, input }: Handling, what: string): never {
    throw new Violation(this.name, `${node.name}: ${what} (on ${input.kind})`);
  }
}

type Change = Extract<VrrpAction, { kind: "Emit" }> & {
  readonly event: { readonly kind: "StateChanged" };
};

function isChange(action: VrrpAction): action is Change {
  return action.kind === "Emit" && action.event.kind === "StateChanged";
}
