/**
 * The members of a sync group never differ: not in state after any step, and none is anything but FAULT while one has a
 * fault. What is told of the group comes once, after its members, and whoever followed names the member that led.
 *
 * Only a reload may bring members of two states together. Until they are of one again its masters stay or yield as one, and
 * the others listen.
 */
import type { SyncGroupModel } from "../../src/model/model.ts";
import type { VrrpAction } from "../../src/vrrp/action.ts";
import type { VrrpState } from "../../src/vrrp/event.ts";
import type { Checker, Handling, RouterNode } from "../node.ts";
import { viewNamed } from "../view.ts";
import { Violation } from "../violation.ts";

export class SyncGroups implements Checker {
  readonly name = "sync-groups";
  readonly #known = new Map<RouterNode, Map<string, Known>>();

  started(node: RouterNode, how: "cold" | "warm"): void {
    const known = new Map<string, Known>();
    if (how === "warm") {
      for (const { name, state } of node.engine?.snapshot(node.now).groups ?? []) {
        const members = node.model.syncGroups.find((group) => group.name === name)?.members ?? [];
        known.set(name, { told: state, isJoining: statesOf(node, members).size > 1 });
      }
    }
    this.#known.set(node, known);
  }

  handled(handling: Handling): void {
    const { node, input } = handling;
    if (input.kind === "ConfigChanged") this.#regroup(node);
    for (const group of node.model.syncGroups) {
      const known = this.#known.get(node)?.get(group.name);
      if (known === undefined) continue;
      const { members } = group;
      const states = statesOf(node, members);
      const [state] = states;
      this.#checkTold(handling, group, known);
      if (input.kind === "ConfigChanged") known.isJoining ||= states.size > 1;
      if (known.isJoining && states.size > 1) {
        this.#checkJoining(handling, members);
        continue;
      }
      known.isJoining = false;
      if (states.size !== 1) this.#fail(handling, `members are ${[...states].join(" and ")}`);
      if (state !== undefined && state !== "INIT" && known.told !== state)
        this.#fail(handling, `group ${group.name} is ${state}, and was last called ${known.told}`);
      if (handling.actions.some(isChange)) this.#checkFaults(handling, members, state);
    }
  }

  /** What is told of a group hangs on its name. */
  #regroup(node: RouterNode): void {
    const before = this.#known.get(node);
    const fresh = (): Known => ({ told: "INIT", isJoining: false });
    const known = node.model.syncGroups.map(({ name }) => [name, before?.get(name) ?? fresh()] as const);
    this.#known.set(node, new Map(known));
  }

  #checkJoining(handling: Handling, members: readonly string[]): void {
    const { node, before } = handling;
    const views = [...node.views.values()].filter(({ model }) => members.includes(model.name));
    const states = views.map((view) => ({ is: view.state, was: before.get(view.model.key)?.state }));
    const odd = states.find(({ is }) => !["MASTER", "BACKUP", "INIT"].includes(is));
    if (odd !== undefined) this.#fail(handling, `a member is ${odd.is} while the others are not`);
    const yielding = states.filter(({ is, was }) => was === "MASTER" && is !== "MASTER");
    if (yielding.length > 0 && states.some(({ is }) => is === "MASTER"))
      this.#fail(handling, "some of the masters yield and others stay");
  }

  #checkTold(handling: Handling, { name, members }: SyncGroupModel, known: Known): void {
    const { actions } = handling;
    for (const [index, action] of actions.entries()) {
      if (action.kind === "EmitGroup") {
        if (action.event.group !== name) continue;
        const { from, to } = action.event;
        if (from !== known.told) this.#fail(handling, `group was not ${from}`);
        known.told = to;
        const later = actions
          .slice(index + 1)
          .find((one) => isChange(one) && members.includes(one.event.instance));
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

/** What is known of one group of one router. */
interface Known {
  /** The state last told of. */
  told: VrrpState;
  isJoining: boolean;
}

function statesOf(node: RouterNode, members: readonly string[]): ReadonlySet<VrrpState | undefined> {
  return new Set(members.map((name) => viewNamed(node.views, name)?.state));
}

type Change = Extract<VrrpAction, { kind: "Emit" }> & {
  readonly event: { readonly kind: "StateChanged" };
};

function isChange(action: VrrpAction): action is Change {
  return action.kind === "Emit" && action.event.kind === "StateChanged";
}
