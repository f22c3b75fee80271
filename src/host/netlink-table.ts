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
      readonly origin: ChangeOrigin;
    };

/**
 * `self`: the echo of a request of ours for this very address. A secondary that the kernel removes along with a
 * primary of ours is `other`.
 */
export type ChangeOrigin = "self" | "other";

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

  putLink(link: LinkFact): void {
    const before = this.#links.get(link.index)?.fact;
    this.#links.set(link.index, { fact: link, generation: this.#generation });
    if (!equalPlain(before, link)) this.#emit({ kind: "LinkChanged", link });
  }

  /** Addresses that it still had go first. */
  removeLink(index: number): void {
    const entry = this.#links.get(index);
    if (entry === undefined) return;
    for (const { fact } of [...this.#addresses.values()]) {
      if (fact.index === index) this.removeAddress(fact, "other");
    }
    this.#links.delete(index);
    this.#emit({ kind: "LinkRemoved", link: entry.fact });
  }

  putAddress(address: AddressFact, origin: ChangeOrigin): void {
    const key = keyOf(address);
    const before = this.#addresses.get(key)?.fact;
    this.#addresses.set(key, { fact: address, generation: this.#generation });
    if (equalPlain(before, address)) return;
    this.#emit({ kind: "AddressAdded", interface: this.#nameOf(address.index), address, origin });
  }

  removeAddress(address: AddressFact, origin: ChangeOrigin): void {
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
