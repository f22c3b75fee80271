/**
 * A reload touches what it changes and nothing else. The same configuration again: no packet, no write to the kernel, no
 * script, no other deadline. A changed one: instances that it leaves alone are left alone, addresses that stay are not asked
 * for again, and no instance moves unless a tracker, or its end, is the reason.
 */
import { equalPlain } from "../../src/base/plain.ts";
import type { VrrpModel } from "../../src/model/model.ts";
import type { VrrpAction } from "../../src/vrrp/action.ts";
import { clone } from "../machine.ts";
import type { Checker, Handling, RouterNode } from "../node.ts";
import { companyOf } from "../spec.ts";
import type { InstanceView } from "../view.ts";
import { Violation } from "../violation.ts";
import { addressesOf } from "./addresses.ts";

export class Reloads implements Checker {
  readonly name = "reload";
  /** What each process was last configured with; a restored one is taken as it is after its first reload. */
  readonly #models = new Map<RouterNode, VrrpModel>();

  started(node: RouterNode): void {
    this.#models.delete(node);
  }

  handled(handling: Handling): void {
    const { node, now, input, before, deadlineBefore } = handling;
    if (input.kind !== "ConfigChanged") return;
    const was = this.#models.get(node);
    const next = clone(input.model);
    this.#models.set(node, next);
    // The first one starts the engine. What was due anyway comes along.
    if (was === undefined || (deadlineBefore !== undefined && deadlineBefore <= now)) return;
    const isOrdered = ([key, { ordered }]: readonly [string, InstanceView]): boolean =>
      ordered || before.get(key)?.ordered === true;
    if (equalPlain(was, next)) {
      if ([...node.views].some(isOrdered)) return;
      this.#checkSame(handling);
      return;
    }
    for (const [key, view] of node.views) {
      const old = before.get(key);
      if (old === undefined || isOrdered([key, view]) || old.state === "INIT" || old.state === "STOP")
        continue;
      const isLeftAlone = equalPlain(partOf(was, old.model.name), partOf(next, view.model.name));
      if (isLeftAlone) this.#checkLeftAlone(handling, view, old);
      else if (companyOf(next, view.model.name).length > 0) this.#checkChanged(handling, was, view, old);
    }
  }

  #checkSame({ node, actions, deadlineBefore }: Handling): void {
    const done = actions.filter(({ kind }) => kind !== "Emit");
    if (done.length > 0) {
      throw new Violation(this.name, `${node.name} answers by ${done.map(({ kind }) => kind).join(" ")}`);
    }
    if (node.engine?.nextDeadline() !== deadlineBefore) {
      throw new Violation(this.name, `${node.name} wakes at another time`);
    }
  }

  /** Its announcements may come out of a queue that it shares. */
  #checkLeftAlone({ node, actions }: Handling, view: InstanceView, old: Readonly<InstanceView>): void {
    const { name } = view.model;
    if (view.state !== old.state)
      throw new Violation(this.name, `${node.name} ${name} goes to ${view.state}`);
    const done = actions.find(
      (action) => "instance" in action && action.instance === name && action.kind !== "SendFrames",
    );
    if (done !== undefined)
      throw new Violation(this.name, `${node.name} answers by ${done.kind} for ${name}, which is the same`);
  }

  #checkChanged(handling: Handling, was: VrrpModel, view: InstanceView, old: Readonly<InstanceView>): void {
    const { node, actions } = handling;
    const { name } = view.model;
    if (view.state !== old.state) {
      if (view.state === "FAULT" || old.state === "FAULT") return;
      // Others of its sync group kept it from that.
      if (old.state === "BACKUP" && view.state === "MASTER" && companyOf(was, old.model.name).length > 1)
        return;
      throw new Violation(this.name, `${node.name} ${name} goes from ${old.state} to ${view.state}`);
    }
    const staying = new Set(addressesOf(old).map(({ address }) => address));
    for (const { address } of addressesOf(view)) {
      const touched = actions.some((action) => staying.has(address) && concerns(action, name, address));
      if (touched) throw new Violation(this.name, `${node.name} ${name} touches ${address}, which stays`);
    }
    const has = new Set(addressesOf(view).map(({ address }) => address));
    for (const { address, interface: link } of addressesOf(old)) {
      if (has.has(address) || !node.kernel.hasAddress(link, address) || node.kernel.isPending(address))
        continue;
      if (!actions.some((action) => action.kind === "RemoveAddresses" && concerns(action, name, address)))
        throw new Violation(this.name, `${node.name} ${name} leaves ${address} where it is`);
    }
  }
}

function concerns(action: VrrpAction, instance: string, address: string): boolean {
  if (action.kind !== "AddAddresses" && action.kind !== "RemoveAddresses") return false;
  return action.instance === instance && action.addresses.some((one) => one.address === address);
}

/** All of a model that one instance has to do with. */
function partOf(model: VrrpModel, name: string): unknown {
  const { trackScripts, trackFiles, trackProcesses, syncGroups } = model;
  return [companyOf(model, name), trackScripts, trackFiles, trackProcesses, syncGroups];
}
