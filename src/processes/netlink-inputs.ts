/** The kernel's interfaces and addresses as the VRRP engine's inputs. */
import type { Netlink, NetlinkEvent } from "../host/netlink.ts";
import type { InterfaceAddress, LinkState, VrrpInput } from "../vrrp/input.ts";
import type { VrrpSnapshot } from "../vrrp/snapshot.ts";
import type { AddressFact, LinkFact } from "../wire/netlink/facts.ts";

export type NetlinkFactEvent = Exclude<NetlinkEvent, { readonly kind: "Synchronised" }>;

export function netlinkInput(event: NetlinkFactEvent): VrrpInput {
  switch (event.kind) {
    case "LinkChanged":
      return { kind: "LinkChanged", link: linkState(event.link) };
    case "LinkRemoved":
      return { kind: "LinkRemoved", name: event.link.name };
    case "RoutingRemoved":
      return event;
    case "AddressAdded":
    case "AddressRemoved": {
      const address = interfaceAddress(event.interface, event.address);
      return event.kind === "AddressAdded"
        ? { kind: event.kind, address, origin: event.origin }
        : { kind: event.kind, address, origin: event.origin };
    }
  }
}

/** What a snapshot knew and the kernel no longer has: removed while nobody looked. */
export function staleFacts(snapshot: VrrpSnapshot, netlink: Netlink): readonly VrrpInput[] {
  const inputs: VrrpInput[] = [];
  const present = new Set<string>();
  for (const { index, address, prefixLength } of netlink.addresses()) {
    present.add(`${netlink.linkByIndex(index)?.name} ${address}/${prefixLength}`);
  }
  for (const address of snapshot.addresses) {
    if (present.has(`${address.interface} ${address.address}/${address.prefixLength}`)) continue;
    inputs.push({ kind: "AddressRemoved", address, origin: "other" });
  }
  for (const { name } of snapshot.links) {
    if (netlink.linkByName(name) === undefined) inputs.push({ kind: "LinkRemoved", name });
  }
  return inputs;
}

function linkState({ index, name, up, running, mtu, mac }: LinkFact): LinkState {
  return { index, name, up, running, mtu, mac };
}

function interfaceAddress(name: string, fact: AddressFact): InterfaceAddress {
  const { address, prefixLength, family, scope, secondary, tentative, dadFailed } = fact;
  return { interface: name, address, prefixLength, family, scope, secondary, tentative, dadFailed };
}
