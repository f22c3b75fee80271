/** Unicast peers: where their advertisements go to, and which of them a packet is from. */
import type { IpAddress } from "../base/ip.ts";
import type { UnicastModel, UnicastPeerModel } from "../model/advertising.ts";
import type { VrrpInstanceModel } from "../model/model.ts";
import type { CauseDetail } from "./cause.ts";

/** Last known addresses of host names. */
export type HostAddresses = ReadonlyMap<string, IpAddress>;

export function peerAddress(peer: UnicastPeerModel, hosts: HostAddresses): IpAddress | undefined {
  return peer.address ?? hosts.get(peer.host);
}

/** The peer that has this address. */
export function findPeer(
  unicast: UnicastModel,
  hosts: HostAddresses,
  source: IpAddress,
): UnicastPeerModel | undefined {
  return unicast.peers.find((peer) => peerAddress(peer, hosts) === source);
}

/** Where an advertisement goes: the group, or every peer but ourselves. */
export function destinationsOf(
  model: VrrpInstanceModel,
  hosts: HostAddresses,
  ownAddress: IpAddress,
): readonly IpAddress[] {
  if (model.unicast === undefined) return [model.multicastGroup];
  const addresses = model.unicast.peers.map((peer) => peerAddress(peer, hosts));
  return [...new Set(addresses)].filter(
    (address): address is IpAddress => address !== undefined && address !== ownAddress,
  );
}

/** What keeps an instance from knowing its peers: it has none, or a host name was never resolved. */
export function peerProblem(
  { unicast }: VrrpInstanceModel,
  hosts: HostAddresses,
): (CauseDetail & { readonly kind: "no-peers" | "peer-unresolved" }) | undefined {
  if (unicast === undefined) return undefined;
  if (unicast.peers.length === 0) return { kind: "no-peers" };
  const unknown = unicast.peers.find((peer) => peerAddress(peer, hosts) === undefined);
  return unknown === undefined ? undefined : { kind: "peer-unresolved", host: unknown.host };
}
