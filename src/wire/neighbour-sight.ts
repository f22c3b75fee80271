/** What a received packet of ARP or neighbour discovery says about who is where. */
import type { IpAddress } from "../base/ip.ts";
import type { MacAddress } from "../base/mac.ts";
import { BROADCAST_MAC } from "../base/mac.ts";
import { ARP_REPLY, ARP_REQUEST, decodeArp } from "./arp.ts";
import type { EthernetFrame } from "./ethernet.ts";
import { decodeEthernet, ETHERTYPE_ARP, ETHERTYPE_IPV6 } from "./ethernet.ts";
import { decodeIpv6 } from "./ipv6.ts";
import { decodeNeighbour } from "./ndisc.ts";

export interface NeighbourSight {
  /** `ask`: ARP request or solicitation. `answer`: ARP reply or advertisement. */
  readonly operation: "ask" | "answer";
  /** The address that the packet says to be at `mac`; undefined in a probe. */
  readonly sender: IpAddress | undefined;
  readonly mac: MacAddress;
  /** Asked for, or answered to; the sender itself in what is meant for everybody. */
  readonly target: IpAddress;
  /** The station it was sent to. */
  readonly to: MacAddress;
}

/** Undefined for frames that say nothing of the kind, and what cannot be decoded. */
export function neighbourSight(bytes: Uint8Array): NeighbourSight | undefined {
  const frame = decodeEthernet(bytes);
  if (!frame.ok) return undefined;
  if (frame.value.etherType === ETHERTYPE_ARP) return arpSight(frame.value);
  return frame.value.etherType === ETHERTYPE_IPV6 ? neighbourDiscoverySight(frame.value) : undefined;
}

function arpSight({ payload, destination }: EthernetFrame): NeighbourSight | undefined {
  const arp = decodeArp(payload);
  if (!arp.ok) return undefined;
  const { operation, senderAddress, senderMac, targetAddress } = arp.value;
  if (operation !== ARP_REQUEST && operation !== ARP_REPLY) return undefined;
  return {
    operation: operation === ARP_REQUEST ? "ask" : "answer",
    sender: senderAddress === "0.0.0.0" ? undefined : senderAddress,
    mac: senderMac,
    target: destination === BROADCAST_MAC && operation === ARP_REPLY ? senderAddress : targetAddress,
    to: destination,
  };
}

function neighbourDiscoverySight({
  payload,
  source,
  destination,
}: EthernetFrame): NeighbourSight | undefined {
  const packet = decodeIpv6(payload);
  const message = packet.ok ? decodeNeighbour(packet.value) : undefined;
  if (!packet.ok || message === undefined || !message.ok) return undefined;
  const { kind, target, linkLayer } = message.value;
  const mac = linkLayer ?? source;
  if (kind === "solicitation") {
    const sender = packet.value.source === "::" ? undefined : packet.value.source;
    return { operation: "ask", sender, mac, target, to: destination };
  }
  const isForAll = !message.value.solicited;
  return {
    operation: "answer",
    sender: target,
    mac,
    target: isForAll ? target : packet.value.destination,
    to: destination,
  };
}
