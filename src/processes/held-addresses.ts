/** Which addresses this host holds, for services that rest while it does not hold theirs (`ha_suspend`). */
import type { IpAddress } from "../base/ip.ts";
import type { DirectorInput } from "../director/input.ts";
import type { Loop } from "../host/loop.ts";
import type { Netlink } from "../host/netlink.ts";
import { openNetlink } from "../host/netlink.ts";
import type { DirectorModel } from "../model/director-models.ts";

export class HeldAddresses {
  readonly #loop: Loop;
  readonly #tell: (input: DirectorInput) => void;
  readonly #told = new Set<IpAddress>();
  #wanted: ReadonlySet<IpAddress> = new Set();
  #netlink: Netlink | undefined;

  constructor(loop: Loop, tell: (input: DirectorInput) => void) {
    this.#loop = loop;
    this.#tell = tell;
  }

  /** What the life before was told. */
  resume(held: readonly IpAddress[]): void {
    for (const address of held) this.#told.add(address);
  }

  /** Looks at the kernel's addresses only where a service wants to know. */
  configure({ virtualServers }: DirectorModel): void {
    const endpoints = virtualServers.filter(({ haSuspend }) => haSuspend).flatMap((one) => one.endpoints);
    this.#wanted = new Set(endpoints.flatMap((one) => (one.kind === "address" ? [one.address] : [])));
    if (this.#wanted.size === 0) this.close();
    else if (this.#netlink === undefined) this.#netlink = openNetlink(this.#loop, () => this.#compare());
    else this.#compare();
  }

  close(): void {
    this.#netlink?.close();
    this.#netlink = undefined;
    this.#told.clear();
  }

  #compare(): void {
    if (this.#netlink?.synchronised !== true) return;
    const present = new Set(this.#netlink.addresses().map(({ address }) => address));
    for (const address of new Set([...this.#wanted, ...this.#told])) {
      const held = present.has(address);
      if (held === this.#told.has(address)) continue;
      if (held) this.#told.add(address);
      else this.#told.delete(address);
      this.#tell({ kind: "AddressHeld", address, held });
    }
  }
}
