/**
 * On every machine, whenever its loop has done all there was to do: the master's addresses, routes and rules are in the
 * kernel, and no others, or a change is on its way, or the kernel has refused and the engine says when it asks again.
 */
import type { VirtualAddressModel } from "../../src/model/model.ts";
import type { InstanceSnapshot } from "../../src/vrrp/snapshot.ts";
import type { Checker, RouterNode } from "../node.ts";
import type { InstanceView } from "../view.ts";
import { Violation } from "../violation.ts";

export class AddressesFollowMaster implements Checker {
  readonly name = "addresses-follow-master";

  turnEnded(node: RouterNode): void {
    for (const view of node.views.values()) {
      // Before its first state an instance knows nothing and does nothing.
      if (view.state === "INIT") continue;
      for (const address of addressesOf(view)) {
        const wanted = view.state === "MASTER";
        if (node.kernel.hasAddress(address.interface, address.address) === wanted) continue;
        // What others delete stays deleted where nobody is to look after it.
        if (wanted && address.noTrack) continue;
        if (node.kernel.isPending(address.address)) continue;
        if (this.#isExcused(node, view, address, wanted)) continue;
        const what = wanted ? "lacks" : "keeps";
        throw new Violation(
          this.name,
          `${node.name} ${view.model.name} is ${view.state} and ${what} ${address.address}`,
        );
      }
      for (const { key } of view.model.routing) this.#checkRouting(node, view, key);
    }
    this.#checkFormer(node);
  }

  /** What a reload took out of the configuration is gone, or on its way. */
  #checkFormer(node: RouterNode): void {
    for (const { address, interface: name } of formerAddresses(node)) {
      if (!node.kernel.hasAddress(name, address) || node.kernel.isPending(address)) continue;
      const records = node.engine?.snapshot(node.now).instances.flatMap(({ addresses }) => addresses);
      const isKnown = records?.some((one) => one.address === address && isWaiting(one.state, false));
      if (isKnown === true && node.engine?.nextDeadline() !== undefined) continue;
      throw new Violation(this.name, `${node.name} keeps ${address}, which is no longer configured`);
    }
  }

  #checkRouting(node: RouterNode, view: InstanceView, key: string): void {
    const wanted = view.state === "MASTER";
    if (node.kernel.hasRouting(key) === wanted || node.kernel.isPending(key)) return;
    const instance = instanceOf(node, view);
    const state = instance?.routing.find(({ item }) => item === key)?.state;
    if (isWaiting(state, wanted) && node.engine?.nextDeadline() !== undefined) return;
    const what = wanted ? "lacks" : "keeps";
    throw new Violation(this.name, `${node.name} ${view.model.name} is ${view.state} and ${what} ${key}`);
  }

  /** Whoever says that all is released has released all. */
  ended(node: RouterNode, how: "killed" | "stopped" | "power"): void {
    if (how !== "stopped" || node.leftBehind) return;
    for (const { virtualAddresses, excludedAddresses, routing } of node.model.instances) {
      for (const { address, interface: name } of [...virtualAddresses, ...excludedAddresses]) {
        if (!node.kernel.hasAddress(name, address)) continue;
        throw new Violation(this.name, `${node.name} has stopped and keeps ${address}`);
      }
      const kept = routing.find(({ key }) => node.kernel.hasRouting(key));
      if (kept !== undefined)
        throw new Violation(this.name, `${node.name} has stopped and keeps ${kept.key}`);
    }
  }

  /** A refusal, or an answer that a process took into its grave: known, and with a deadline. */
  #isExcused(node: RouterNode, view: InstanceView, address: VirtualAddressModel, wanted: boolean): boolean {
    const record = instanceOf(node, view)?.addresses.find((known) => known.address === address.address);
    return isWaiting(record?.state, wanted) && node.engine?.nextDeadline() !== undefined;
  }
}

function instanceOf(node: RouterNode, view: InstanceView): InstanceSnapshot | undefined {
  return node.engine?.snapshot(node.now).instances.find(({ key }) => key === view.model.key);
}

function isWaiting(state: string | undefined, wanted: boolean): boolean {
  return wanted ? state === "failed" || state === "adding" : state === "removing";
}

/** Addresses of earlier configurations. */
export function formerAddresses({
  model,
  configured: { everHeld },
}: RouterNode): readonly VirtualAddressModel[] {
  const now = model.instances.flatMap((one) => [...one.virtualAddresses, ...one.excludedAddresses]);
  return [...everHeld.values()].filter((one) => !now.some(({ address }) => address === one.address));
}

/** What a master of this instance has in its kernel. */
export function addressesOf(view: InstanceView): readonly VirtualAddressModel[] {
  return [...view.model.virtualAddresses, ...view.model.excludedAddresses];
}
