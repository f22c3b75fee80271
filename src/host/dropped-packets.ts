/** Carries out requests to drop packets, and keeps them true while interfaces are made again. */
import type { OsError } from "../base/result.ts";
import type { FirewallModel } from "../model/host-settings.ts";
import type { VirtualAddressModel } from "../model/model.ts";
import type { FirewallDone } from "./firewall.ts";
import { Firewall } from "./firewall.ts";
import type { Loop } from "./loop.ts";

export class DroppedPackets {
  readonly #loop: Loop;
  readonly #indexOf: (name: string) => number | undefined;
  #firewall: Firewall;
  /** What was asked for, by instance, with the indices it was asked for with. */
  readonly #wanted = new Map<
    string,
    { readonly addresses: readonly VirtualAddressModel[]; readonly indices: string }
  >();

  readonly #lost: (error: OsError) => void;

  /** `lost` is told when somebody removes our table. */
  constructor(loop: Loop, indexOf: (name: string) => number | undefined, lost: (error: OsError) => void) {
    this.#loop = loop;
    this.#indexOf = indexOf;
    this.#lost = lost;
    this.#firewall = new Firewall(loop, "absent", lost);
  }

  configure(model: FirewallModel | undefined, failed: (error: OsError) => void): void {
    this.#firewall.configure(model, (error) => {
      if (error !== undefined) failed(error);
    });
  }

  /** Goes on with the table that a life before may have left. Before {@link configure}. */
  takeOver(): void {
    this.#firewall.close();
    this.#firewall = new Firewall(this.#loop, "unknown", this.#lost);
  }

  /**
   * Removes tables that a life before left: those of ours, and whatever has the name of the one to be used. Where that
   * fails because there is no nf_tables or no permission, the first request says so.
   */
  clearLeftovers(model: FirewallModel | undefined, done: () => void): void {
    this.#firewall.listOwn((tables) => {
      const names = new Set(tables.map(({ name }) => name));
      if (model !== undefined) names.add(model.table);
      let waiting = 1;
      const answered = (): void => {
        waiting--;
        if (waiting === 0) done();
      };
      for (const name of names) {
        waiting++;
        this.#firewall.removeNamed(name, answered);
      }
      answered();
    });
  }

  drop(key: string, addresses: readonly VirtualAddressModel[], done: FirewallDone): void {
    if (addresses.length === 0) this.#wanted.delete(key);
    else this.#wanted.set(key, { addresses, indices: this.#indicesOf(addresses) });
    const dropped = addresses.map((one) => ({
      address: one.address,
      index: this.#indexOf(one.interface) ?? 0,
    }));
    this.#firewall.drop(key, dropped, done);
  }

  /** Link-local addresses are matched with the index of their interface, which may be another by now. */
  refresh(failed: (error: OsError) => void): void {
    for (const [key, { addresses, indices }] of this.#wanted) {
      if (this.#indicesOf(addresses) === indices) continue;
      this.drop(key, addresses, (error) => {
        if (error !== undefined) failed(error);
      });
    }
  }

  remove(done: () => void): void {
    this.#firewall.remove(done);
  }

  #indicesOf(addresses: readonly VirtualAddressModel[]): string {
    return addresses.map((one) => this.#indexOf(one.interface) ?? 0).join(" ");
  }
}
