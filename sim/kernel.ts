/**
 * A kernel's view of one machine: links, addresses, routes and rules, and a queue of changes that are carried out one after the
 * other, at once or late, and may be refused. It reports what happened as the inputs the engine knows.
 */
import type { IpAddress } from "../src/base/ip.ts";
import { prefixContains } from "../src/base/ip.ts";
import type { Prng } from "../src/base/prng.ts";
import { addressKey } from "../src/base/routing.ts";
import type { Instant, Micros } from "../src/base/time.ts";
import type { VirtualAddressModel } from "../src/model/model.ts";
import type { AddressChange, KernelChange, RoutingChange } from "../src/vrrp/action.ts";
import type { InterfaceAddress, LinkState, VrrpInput } from "../src/vrrp/input.ts";
import type { Planned, VirtualClock } from "./clock.ts";

/** What makes the kernel slow or unwilling; an errno refuses. */
export interface KernelMood {
  readonly latencyMin: Micros;
  readonly latencyMax: Micros;
  readonly addErrno: string | undefined;
  readonly removeErrno: string | undefined;
  /** Refusals concern this address only. */
  readonly onlyAddress: IpAddress | undefined;
}

/** 17 us is what an address costs on an idle machine. */
export const WILLING: KernelMood = {
  latencyMin: 15,
  latencyMax: 60,
  addErrno: undefined,
  removeErrno: undefined,
  onlyAddress: undefined,
};

/** One item of a change. */
type Operation = { planned: Planned | undefined; readonly item: string } & (
  | { readonly change: AddressChange; readonly address: VirtualAddressModel }
  | { readonly change: RoutingChange; readonly address?: undefined }
);

export class FakeKernel {
  mood: KernelMood = WILLING;
  readonly #clock: VirtualClock;
  readonly #random: Prng;
  /** Told of everything; the node decides whether anybody listens. */
  readonly #notify: (input: VrrpInput) => void;
  readonly #links = new Map<string, LinkState>();
  #addresses: InterfaceAddress[] = [];
  /** Keys of routes and rules. */
  #routing = new Set<string>();
  #operations: Operation[] = [];
  #busyUntil: Instant = 0;
  /** Removing the first address of a subnet keeps the others (`promote_secondaries`). */
  readonly #promotesSecondaries: boolean;

  constructor(
    clock: VirtualClock,
    random: Prng,
    promotesSecondaries: boolean,
    notify: (input: VrrpInput) => void,
  ) {
    this.#clock = clock;
    this.#random = random;
    this.#promotesSecondaries = promotesSecondaries;
    this.#notify = notify;
  }

  get links(): readonly LinkState[] {
    return [...this.#links.values()];
  }

  get addresses(): readonly InterfaceAddress[] {
    return this.#addresses;
  }

  hasRouting(key: string): boolean {
    return this.#routing.has(key);
  }

  /** When the last queued change will have been carried out. */
  get busyUntil(): Instant {
    return this.#busyUntil;
  }

  hasAddress(interfaceName: string, address: IpAddress): boolean {
    return this.#addresses.some((entry) => entry.interface === interfaceName && entry.address === address);
  }

  /** Whether a change of this address, or of the route or rule with this key, is queued. */
  isPending(what: string): boolean {
    return this.#operations.some(({ address, item }) => (address?.address ?? item) === what);
  }

  link(name: string): LinkState | undefined {
    return this.#links.get(name);
  }

  isRunning(name: string): boolean {
    const link = this.#links.get(name);
    return link?.up === true && link.running;
  }

  setLink(link: LinkState): void {
    this.#links.set(link.name, link);
    this.#notify({ kind: "LinkChanged", link });
  }

  /** The machine's own address, there from boot. */
  configure(address: InterfaceAddress): void {
    this.#addresses.push(address);
  }

  /** Someone else deletes an address. */
  deleteByOther(interfaceName: string, address: IpAddress): void {
    this.#remove(interfaceName, address, "other");
  }

  deleteRoutingByOther(key: string): void {
    if (this.#routing.delete(key)) this.#notify({ kind: "RoutingRemoved", item: key });
  }

  submit(change: KernelChange): void {
    const operations: Operation[] =
      "items" in change
        ? change.items.map(({ key }) => ({ change, item: key, planned: undefined }))
        : change.addresses.map((address) => ({
            change,
            address,
            item: addressKey(address),
            planned: undefined,
          }));
    for (const operation of operations) {
      const latency = this.#random.integer(this.mood.latencyMin, this.mood.latencyMax);
      this.#busyUntil = Math.max(this.#busyUntil, this.#clock.now) + latency;
      this.#operations.push(operation);
      operation.planned = this.#clock.at(this.#busyUntil, () => this.#carryOut(operation));
    }
  }

  /**
   * The process that asked has died: what is queued is gone, except perhaps the first change. If the kernel has that one
   * in hand, it ends it before the process is gone.
   */
  abandon(): void {
    const [first] = this.#operations;
    for (const operation of this.#operations) operation.planned?.cancel();
    if (first !== undefined && this.#random.chance(0.5)) this.#carryOut(first);
    this.#operations = [];
    this.#busyUntil = this.#clock.now;
  }

  /** The machine lost power: nothing but what boot configures is left. */
  reset(own: readonly InterfaceAddress[]): void {
    for (const operation of this.#operations) operation.planned?.cancel();
    this.#operations = [];
    this.#busyUntil = this.#clock.now;
    this.#addresses = [...own];
    this.#routing = new Set();
  }

  #carryOut(operation: Operation): void {
    this.#operations = this.#operations.filter((other) => other !== operation);
    const { change, address, item } = operation;
    const answer = { id: change.id, epoch: change.epoch, item };
    if (address === undefined) {
      this.#changeRouting(change.kind, item, answer);
      return;
    }
    const errno = this.#refusal(change.kind, address);
    if (errno !== undefined) {
      const call = change.kind === "AddAddresses" ? "RTM_NEWADDR" : "RTM_DELADDR";
      const error = { call, errno, subject: `${address.address} on ${address.interface}` };
      this.#notify({ kind: "ActionFailed", ...answer, error });
      return;
    }
    // Acknowledgement and notification come from two sockets: either may be first.
    const echoFirst = this.#random.chance(0.5);
    if (!echoFirst) this.#notify({ kind: "ActionDone", ...answer });
    if (change.kind === "AddAddresses") this.#add(address);
    else this.#remove(address.interface, address.address, "self");
    if (echoFirst) this.#notify({ kind: "ActionDone", ...answer });
  }

  /** Of its own changes the host tells nothing but the answer. */
  #changeRouting(
    kind: RoutingChange["kind"],
    item: string,
    answer: { readonly id: number; readonly epoch: number; readonly item: string },
  ): void {
    const adding = kind === "AddRouting";
    const errno = adding ? this.mood.addErrno : this.mood.removeErrno;
    if (errno !== undefined && this.mood.onlyAddress === undefined) {
      const error = { call: adding ? "RTM_NEWROUTE" : "RTM_DELROUTE", errno, subject: item };
      this.#notify({ kind: "ActionFailed", ...answer, error });
      return;
    }
    if (adding) this.#routing.add(item);
    else this.#routing.delete(item);
    this.#notify({ kind: "ActionDone", ...answer });
  }

  #refusal(kind: AddressChange["kind"], address: VirtualAddressModel): string | undefined {
    const concerned = this.mood.onlyAddress === undefined || this.mood.onlyAddress === address.address;
    if (kind === "AddAddresses") {
      if (!this.#links.has(address.interface)) return "ENODEV";
      return concerned ? this.mood.addErrno : undefined;
    }
    if (concerned && this.mood.removeErrno !== undefined) return this.mood.removeErrno;
    return this.hasAddress(address.interface, address.address) ? undefined : "EADDRNOTAVAIL";
  }

  #add(address: VirtualAddressModel): void {
    if (this.hasAddress(address.interface, address.address)) return;
    const added: InterfaceAddress = {
      interface: address.interface,
      address: address.address,
      prefixLength: address.prefixLength,
      family: address.family,
      scope: address.scope,
      secondary: address.family === "ipv4" && this.#addresses.some((other) => sharesSubnet(other, address)),
      tentative: false,
      dadFailed: false,
    };
    this.#addresses.push(added);
    this.#notify({ kind: "AddressAdded", address: added, origin: "self" });
  }

  #remove(interfaceName: string, address: IpAddress, origin: "self" | "other"): void {
    const gone = this.#addresses.find(
      (entry) => entry.interface === interfaceName && entry.address === address,
    );
    if (gone === undefined) return;
    this.#addresses = this.#addresses.filter((entry) => entry !== gone);
    this.#notify({ kind: "AddressRemoved", address: gone, origin });
    if (gone.secondary || gone.family === "ipv6") return;
    const secondaries = this.#addresses.filter((entry) => entry.secondary && sharesSubnet(entry, gone));
    if (this.#promotesSecondaries) {
      const heir = secondaries[0];
      if (heir === undefined) return;
      this.#addresses = this.#addresses.map((entry) =>
        entry === heir ? { ...entry, secondary: false } : entry,
      );
      return;
    }
    this.#addresses = this.#addresses.filter((entry) => !secondaries.includes(entry));
    // Nobody asked for these, but the kernel names the request that made it remove them.
    for (const entry of secondaries)
      this.#notify({
        kind: "AddressRemoved",
        address: entry,
        origin: origin === "self" ? "along" : origin,
      });
  }
}

function sharesSubnet(
  entry: InterfaceAddress,
  other: { readonly address: IpAddress; readonly prefixLength: number; readonly interface: string },
): boolean {
  return (
    entry.interface === other.interface &&
    entry.prefixLength === other.prefixLength &&
    prefixContains(entry, other.address)
  );
}
