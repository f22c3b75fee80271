/**
 * On every machine, whenever its loop has done all there was to do: the master's addresses are in the kernel, and no
 * others, or a change is on its way, or the kernel has refused and the engine says when it asks again.
 */
import type { VirtualAddressModel } from "../../src/model/model.ts";
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
    }
  }

  /** Whoever says that all is released has released all. */
  ended(node: RouterNode, how: "killed" | "stopped" | "power"): void {
    if (how !== "stopped" || node.leftBehind) return;
    for (const { virtualAddresses, excludedAddresses } of node.spec.model.instances) {
      for (const { address, interface: name } of [...virtualAddresses, ...excludedAddresses]) {
        if (!node.kernel.hasAddress(name, address)) continue;
        throw new Violation(this.name, `${node.name} has stopped and keeps ${address}`);
      }
    }
  }

  /** A refusal, or an answer that a process took into its grave: known, and with a deadline. */
  #isExcused(node: RouterNode, view: InstanceView, address: VirtualAddressModel, wanted: boolean): boolean {
    const snapshot = node.engine?.snapshot(node.now);
    const instance = snapshot?.instances.find(({ name }) => name === view.model.name);
    const record = instance?.addresses.find((known) => known.address === address.address);
    if (record === undefined || node.engine?.nextDeadline() === undefined) return false;
    return wanted ? record.state === "failed" || record.state === "adding" : record.state === "removing";
  }
}

/** What a master of this instance has in its kernel. */
export function addressesOf(view: InstanceView): readonly VirtualAddressModel[] {
  return [...view.model.virtualAddresses, ...view.model.excludedAddresses];
}
