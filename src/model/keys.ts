/** What makes an instance the same one after a reload: never its name. */
import type { IpAddress, IpFamily } from "../base/ip.ts";

export interface InstanceIdentity {
  readonly virtualRouterId: number;
  readonly family: IpFamily;
  readonly interface: string;
  /** Where advertisements go: the multicast group, or the peers. */
  readonly multicastGroup: IpAddress;
}

export const MULTICAST_GROUP: Readonly<Record<IpFamily, IpAddress>> = {
  ipv4: "224.0.0.18",
  ipv6: "ff02::12",
};

/** `eth0/51/ipv4/multicast`; another group than the protocol's own is part of it. */
export function instanceKey(identity: InstanceIdentity): string {
  const { virtualRouterId, family, multicastGroup } = identity;
  const group = multicastGroup === MULTICAST_GROUP[family] ? "multicast" : `multicast-${multicastGroup}`;
  return `${identity.interface}/${virtualRouterId}/${family}/${group}`;
}
