import type { IpAddress, IpFamily } from "../base/ip.ts";
import { baseInterfaceOf } from "../model/keys.ts";
import type { VrrpInstanceModel } from "../model/model.ts";
import type { PacketReceived } from "./input.ts";
import type { Instance } from "./instance.ts";

/** All instances of an engine, and ways to find one without allocating. Numbers them for the deadline heap. */
export class Roster {
  /** In the model's order; behind them those that only wait for their addresses to go. */
  readonly all: readonly Instance[];
  readonly virtualAddresses: ReadonlySet<IpAddress>;
  readonly #byKey = new Map<string, Instance>();
  /**
   * By interface (that a VMAC stands on), then by virtual router id, IPv6 from 256 on: several where they differ in mode,
   * group or source.
   */
  readonly #byPlace = new Map<string, (Instance[] | undefined)[]>();

  constructor(instances: readonly Instance[]) {
    this.all = instances;
    this.virtualAddresses = virtualAddressesOf(instances.map(({ model }) => model));
    for (const [slot, instance] of instances.entries()) {
      instance.slot = slot;
      if (!instance.retired) this.#enter(instance);
    }
  }

  /** The running instance of this key. */
  find(key: string): Instance | undefined {
    return this.#byKey.get(key);
  }

  /** The instance that a packet with this virtual router id belongs to. */
  at(packet: PacketReceived, virtualRouterId: number): Instance | undefined {
    const found = this.#byPlace.get(packet.interface)?.[place(packet.family, virtualRouterId)];
    if (found === undefined || found.length < 2) return found?.[0];
    const fitting = found.filter(({ model, memory }) =>
      model.unicast === undefined
        ? packet.destination === model.multicastGroup
        : packet.destination === (model.sourceAddress ?? memory.sourceAddress),
    );
    const isPeer = ({ model }: Instance): boolean =>
      model.unicast?.peers.some(({ address }) => address === packet.source) === true;
    return fitting.find(isPeer) ?? fitting[0] ?? found[0];
  }

  #enter(instance: Instance): void {
    const { key, family, virtualRouterId } = instance.model;
    const name = baseInterfaceOf(instance.model);
    this.#byKey.set(key, instance);
    const places = this.#byPlace.get(name) ?? [];
    const at = place(family, virtualRouterId);
    places[at] = [...(places[at] ?? []), instance];
    this.#byPlace.set(name, places);
  }
}

export function virtualAddressesOf(models: readonly VrrpInstanceModel[]): ReadonlySet<IpAddress> {
  const addresses = new Set<IpAddress>();
  for (const model of models) {
    for (const { address } of model.virtualAddresses) addresses.add(address);
    for (const { address } of model.excludedAddresses) addresses.add(address);
  }
  return addresses;
}

function place(family: IpFamily, virtualRouterId: number): number {
  return family === "ipv4" ? virtualRouterId : 256 + virtualRouterId;
}
