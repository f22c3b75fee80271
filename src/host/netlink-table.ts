/** What is known of the kernel's interfaces and addresses, and the events that follow from what it says. */
import { equalPlain } from "../base/plain.ts";
import type { AddressFact, LinkFact } from "../wire/netlink/facts.ts";

export type TableEvent =
  /** New, or changed in any of its fields. */
  | { readonly kind: "LinkChanged"; readonly link: LinkFact }
  | { readonly kind: "LinkRemoved"; readonly link: LinkFact }
  /** New or changed. `interface` is the name of its link at that time. */
  | {
      readonly kind: "AddressAdded";
      readonly interface: string;
      readonly address: AddressFact;
      readonly origin: ChangeOrigin;
    }
  | {
      readonly kind: "AddressRemoved";
      readonly interface: string;
      readonly address: AddressFact;
      readonly origin: RemovalOrigin;
    };

/** `self`: the echo of a request of ours for this very address. */
export type ChangeOrigin = "self" | "other";
/** `along`: a secondary that the kernel removed along with a primary, at a request of ours. */
export type RemovalOrigin = ChangeOrigin | "along";

interface Entry<Fact> {
  readonly fact: Fact;
  /** The refresh in which the kernel last told it. */
  generation: number;
}

/** Holds the last word on everything; tells only what is new. */
export class NetlinkTable {
  readonly #links = new Map<number, Entry<LinkFact>>();
  readonly #addresses = new Map<string, Entry<AddressFact>>();
  readonly #emit: (event: TableEvent) => void;
  readonly #formerNames = new Map<string, number>();
  #generation = 0;

  constructor(emit: (event: TableEvent) => void) {
    this.#emit = emit;
  }

  links(): readonly LinkFact[] {
    return Array.from(this.#links.values(), (entry) => entry.fact);
  }

  addresses(): readonly AddressFact[] {
    return Array.from(this.#addresses.values(), (entry) => entry.fact);
  }

  linkByIndex(index: number): LinkFact | undefined {
    return this.#links.get(index)?.fact;
  }

  linkByName(name: string): LinkFact | undefined {
    for (const { fact } of this.#links.values()) {
      if (fact.name === name) return fact;
    }
    return undefined;
  }

  /** A dump begins: what it does not mention is gone, as {@link endRefresh} tells. */
  beginRefresh(): void {
    this.#generation++;
  }

  endRefresh(): void {
    for (const { fact, generation } of [...this.#addresses.values()]) {
      if (generation !== this.#generation) this.removeAddress(fact, "other");
    }
    for (const { fact, generation } of [...this.#links.values()]) {
      if (generation !== this.#generation) this.removeLink(fact.index);
    }
  }

  /** Index of an interface that had this name and was given another one, unless the name is in use again. */
  formerIndex(name: string): number | undefined {
    return this.linkByName(name) === undefined ? this.#formerNames.get(name) : undefined;
  }

  /** One that was renamed is told of as gone under its old name, and as there, with its addresses, under the new one. */
  putLink(link: LinkFact): void {
    const before = this.#links.get(link.index)?.fact;
    const isRenamed = before !== undefined && before.name !== link.name;
    const moved = isRenamed ? this.addresses().filter((address) => address.index === link.index) : [];
    for (const address of moved) this.removeAddress(address, "other");
    this.#links.set(link.index, { fact: link, generation: this.#generation });
    if (isRenamed) {
      this.#formerNames.set(before.name, link.index);
      this.#tellRemoval(before);
    }
    if (!equalPlain(before, link)) this.#emit({ kind: "LinkChanged", link });
    for (const address of moved) this.putAddress(address, "other");
  }

  /** Addresses that it still had go first. */
  removeLink(index: number): void {
    const entry = this.#links.get(index);
    if (entry === undefined) return;
    for (const { fact } of [...this.#addresses.values()]) {
      if (fact.index === index) this.removeAddress(fact, "other");
    }
    this.#links.delete(index);
    for (const [name, former] of this.#formerNames) if (former === index) this.#formerNames.delete(name);
    this.#tellRemoval(entry.fact);
  }

  /** Where the name has passed to another interface already, nothing of that name is gone. */
  #tellRemoval(link: LinkFact): void {
    if (this.linkByName(link.name) === undefined) this.#emit({ kind: "LinkRemoved", link });
  }

  putAddress(address: AddressFact, origin: ChangeOrigin): void {
    const key = keyOf(address);
    const before = this.#addresses.get(key)?.fact;
    this.#addresses.set(key, { fact: address, generation: this.#generation });
    if (equalPlain(before, address)) return;
    this.#emit({ kind: "AddressAdded", interface: this.#nameOf(address.index), address, origin });
  }

  removeAddress(address: AddressFact, origin: RemovalOrigin): void {
    const key = keyOf(address);
    if (!this.#addresses.delete(key)) return;
    this.#emit({ kind: "AddressRemoved", interface: this.#nameOf(address.index), address, origin });
  }

  #nameOf(index: number): string {
    return this.#links.get(index)?.fact.name ?? `#${index}`;
  }
}

function keyOf(address: AddressFact): string {
  return `${address.index} ${address.address}/${address.prefixLength} ${address.peer ?? ""}`;
}
