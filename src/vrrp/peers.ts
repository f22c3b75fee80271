/** Unicast peers: where their advertisements go to, and which of them a packet is from. */
import type { IpAddress, IpFamily } from "../base/ip.ts";
import type { UnicastPeerModel } from "../model/advertising.ts";
import type { VrrpInstanceModel } from "../model/model.ts";
import type { CauseDetail } from "./cause.ts";

/** Last known addresses of host names, by {@link hostKey}. */
export type HostAddresses = ReadonlyMap<string, IpAddress>;

/** A name may have addresses of both families. */
export function hostKey(family: IpFamily, name: string): string {
  return `${family} ${name}`;
}

function peerAddress(peer: UnicastPeerModel, family: IpFamily, hosts: HostAddresses): IpAddress | undefined {
  return peer.address ?? hosts.get(hostKey(family, peer.host));
}

/** The peer that has this address. */
export function findPeer(
  { unicast, family }: VrrpInstanceModel,
  hosts: HostAddresses,
  source: IpAddress,
): UnicastPeerModel | undefined {
  return unicast?.peers.find((peer) => peerAddress(peer, family, hosts) === source);
}

/** Where an advertisement goes: the group, or every peer but ourselves. */
export function destinationsOf(
  model: VrrpInstanceModel,
  hosts: HostAddresses,
  ownAddress: IpAddress,
): readonly IpAddress[] {
  if (model.unicast === undefined) return [model.multicastGroup];
  const addresses = model.unicast.peers.map((peer) => peerAddress(peer, model.family, hosts));
  return [...new Set(addresses)].filter(
    (address): address is IpAddress => address !== undefined && address !== ownAddress,
  );
}

/** What keeps an instance from knowing its peers: it has none, or a host name was never resolved. */
export function peerProblem(
  { unicast, family }: VrrpInstanceModel,
  hosts: HostAddresses,
): (CauseDetail & { readonly kind: "no-peers" | "peer-unresolved" }) | undefined {
  if (unicast === undefined) return undefined;
  if (unicast.peers.length === 0) return { kind: "no-peers" };
  const unknown = unicast.peers.find((peer) => peerAddress(peer, family, hosts) === undefined);
  return unknown === undefined ? undefined : { kind: "peer-unresolved", host: unknown.host };
}
