/** What makes an instance the same one after a reload: never its name. */
import type { IpAddress, IpFamily } from "../base/ip.ts";
import type { VirtualInterfaceModel, VrrpInstanceModel } from "./model.ts";

export interface InstanceIdentity {
  readonly virtualRouterId: number;
  readonly family: IpFamily;
  /** As configured. */
  readonly interface: string;
  readonly multicastGroup: IpAddress;
  readonly virtualInterface?: VirtualInterfaceModel | undefined;
  readonly transmitBase?: boolean;
  /** Advertises to peers rather than to the group... */
  readonly isUnicast?: boolean;
  /** ...from this address, where it is configured. */
  readonly sourceAddress?: IpAddress | undefined;
}

export const MULTICAST_GROUP: Readonly<Record<IpFamily, IpAddress>> = {
  ipv4: "224.0.0.18",
  ipv6: "ff02::12",
};

/**
 * `eth0/51/ipv4/multicast`; another group than the protocol's own is part of it, and so is an interface of its own. For
 * unicast the source address is, but not the peers: one more router must not restart the instance on all the others.
 */
export function instanceKey(identity: InstanceIdentity): string {
  const { virtualRouterId, family, virtualInterface: own } = identity;
  const key = `${identity.interface}/${virtualRouterId}/${family}/${modeOf(identity)}`;
  if (own === undefined) return key;
  const from = identity.transmitBase === true ? "/base" : "";
  return `${key}/${own.kind}-${own.name}-${own.mac ?? own.mode}${from}`;
}

function modeOf({ family, multicastGroup, isUnicast, sourceAddress }: InstanceIdentity): string {
  if (isUnicast === true) return sourceAddress === undefined ? "unicast" : `unicast-${sourceAddress}`;
  return multicastGroup === MULTICAST_GROUP[family] ? "multicast" : `multicast-${multicastGroup}`;
}

/** The configured interface of an instance: its own, or the one its VMAC or ipvlan stands on. */
export function baseInterfaceOf(model: VrrpInstanceModel): string {
  return model.virtualInterface?.base ?? model.interface;
}

/** The interface that one of the instance's stands on, or itself. */
export function baseOf(model: VrrpInstanceModel, name: string): string {
  const own = virtualInterfacesOf(model).find((one) => one.name === name);
  return own?.base ?? name;
}

/** All that were made for the instance. */
export function virtualInterfacesOf(model: VrrpInstanceModel): readonly VirtualInterfaceModel[] {
  const { virtualInterface, addressInterfaces } = model;
  return virtualInterface === undefined ? addressInterfaces : [virtualInterface, ...addressInterfaces];
}

/** Where the advertisements leave. */
export function advertisingInterfaceOf(model: VrrpInstanceModel): string {
  return model.transmitBase ? baseInterfaceOf(model) : model.interface;
}
