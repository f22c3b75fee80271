/** Which address a received ARP packet or neighbour advertisement claims, and for which MAC address. */
import type { IpAddress } from "../base/ip.ts";
import type { MacAddress } from "../base/mac.ts";
import { decodeArp } from "../wire/arp.ts";
import { decodeEthernet, ETHERTYPE_ARP, ETHERTYPE_IPV6 } from "../wire/ethernet.ts";
import { decodeIpv6 } from "../wire/ipv6.ts";
import { decodeNeighbour } from "../wire/ndisc.ts";

export interface NeighbourClaim {
  readonly address: IpAddress;
  readonly mac: MacAddress;
}

/** Undefined for frames that claim nothing: probes (RFC 5227), solicitations, and what cannot be decoded. */
export function neighbourClaim(bytes: Uint8Array): NeighbourClaim | undefined {
  const frame = decodeEthernet(bytes);
  if (!frame.ok) return undefined;
  const { etherType, payload, source } = frame.value;
  if (etherType === ETHERTYPE_ARP) {
    const arp = decodeArp(payload);
    if (!arp.ok || arp.value.senderAddress === "0.0.0.0") return undefined;
    return { address: arp.value.senderAddress, mac: arp.value.senderMac };
  }
  if (etherType !== ETHERTYPE_IPV6) return undefined;
  const packet = decodeIpv6(payload);
  const message = packet.ok ? decodeNeighbour(packet.value) : undefined;
  if (message === undefined || !message.ok || message.value.kind !== "advertisement") return undefined;
  return { address: message.value.target, mac: message.value.linkLayer ?? source };
}
