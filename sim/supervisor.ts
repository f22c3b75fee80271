/** The supervisor's part of a simulated machine: the ledger, and their release when the child is gone. */
import type { Instant } from "../src/base/time.ts";
import { Ledger, releaseDeadline } from "../src/supervise/ledger.ts";
import type { KernelChange } from "../src/vrrp/action.ts";
import type { VrrpSnapshot } from "../src/vrrp/snapshot.ts";
import type { FakeKernel } from "./kernel.ts";
import type { InstanceView } from "./view.ts";

export class SimSupervisor {
  readonly #ledger = new Ledger();

  /** `instance` is the key of who asks: its name may be another by then. */
  noteRequest(instance: string, change: KernelChange): void {
    if (change.kind === "AddRouting") {
      for (const held of change.items) this.#ledger.added({ instance, held });
    } else if (change.kind === "AddAddresses") {
      for (const address of change.addresses)
        this.#ledger.added({ instance, held: { kind: "address", ...address } });
    }
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
      const { held } = entry;
      if (held.kind === "address") kernel.deleteByOther(held.interface, held.address);
      else kernel.deleteRoutingByOther(held.key);
    }
  }
}
