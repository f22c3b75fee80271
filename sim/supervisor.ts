/** The supervisor's part of a simulated machine: the ledger of addresses, and their release when the child is gone. */
import type { Instant } from "../src/base/time.ts";
import { Ledger, releaseDeadline } from "../src/supervise/ledger.ts";
import type { AddressChange } from "../src/vrrp/action.ts";
import type { VrrpSnapshot } from "../src/vrrp/snapshot.ts";
import type { FakeKernel } from "./kernel.ts";
import type { InstanceView } from "./view.ts";

export class SimSupervisor {
  readonly #ledger = new Ledger();

  noteRequest({ kind, instance, addresses }: AddressChange): void {
    if (kind !== "AddAddresses") return;
    for (const address of addresses) this.#ledger.added({ instance, ...address });
  }

  /** The machine boots anew. */
  forget(): void {
    this.#ledger.clear();
  }

  /** When the addresses of a child that died in this state must be gone. */
  deadline(dead: VrrpSnapshot): Instant {
    const spans = dead.instances
      .filter(({ state }) => state === "MASTER")
      .map(({ masterDownInterval }) => masterDownInterval);
    return releaseDeadline(dead.at, spans.length === 0 ? undefined : Math.min(...spans));
  }

  /** Takes out what no instance of the present child is master of. */
  release(kernel: FakeKernel, views: ReadonlyMap<string, InstanceView>): void {
    for (const entry of this.#ledger.entries()) {
      if (views.get(entry.instance)?.state === "MASTER") continue;
      kernel.deleteByOther(entry.interface, entry.address);
    }
  }
}
