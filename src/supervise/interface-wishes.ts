/** What interfaces and settings a configuration asks for. */
import { baseInterfaceOf, virtualInterfacesOf } from "../model/keys.ts";
import type { VirtualInterfaceModel, VrrpInstanceModel } from "../model/model.ts";
import type { FoundLink, InterfaceHoldings } from "./interface-facts.ts";

export interface InterfaceWishes {
  readonly links: readonly WishedLink[];
  /** Interfaces whose secondary addresses must outlive their primary one. */
  readonly promoting: readonly string[];
  readonly disableLocalIgmp: boolean;
}

export interface WishedLink {
  readonly model: VirtualInterfaceModel;
  readonly carriesIpv6: boolean;
}

export const NO_WISHES: InterfaceWishes = { links: [], promoting: [], disableLocalIgmp: false };

export const ALL_RP_FILTER = "net/ipv4/conf/all/rp_filter";
export const DEFAULT_RP_FILTER = "net/ipv4/conf/default/rp_filter";
export const LOCAL_IGMP = "net/ipv4/igmp_link_local_mcast_reports";
export function wishesOf(
  instances: readonly VrrpInstanceModel[],
  disableLocalIgmp: boolean,
): InterfaceWishes {
  const links: WishedLink[] = [];
  const promoting = new Set<string>();
  for (const instance of instances) {
    const addresses = [...instance.virtualAddresses, ...instance.excludedAddresses];
    for (const model of virtualInterfacesOf(instance)) {
      const carriesIpv6 = addresses.some((one) => one.family === "ipv6" && one.interface === model.name);
      links.push({ model, carriesIpv6: carriesIpv6 || model.family === "ipv6" });
    }
    if (!instance.promoteSecondaries) continue;
    promoting.add(baseInterfaceOf(instance));
    for (const { family, interface: name } of addresses) if (family === "ipv4") promoting.add(name);
  }
  return { links, promoting: [...promoting], disableLocalIgmp };
}

/** Both together, while one takes over from the other: what stands in both is the first one's. */
export function mergeWishes(first: InterfaceWishes, second: InterfaceWishes): InterfaceWishes {
  const names = new Set(first.links.map(({ model }) => model.name));
  return {
    links: [...first.links, ...second.links.filter(({ model }) => !names.has(model.name))],
    promoting: [...new Set([...first.promoting, ...second.promoting])],
    disableLocalIgmp: first.disableLocalIgmp || second.disableLocalIgmp,
  };
}

export function isNothing(wishes: InterfaceWishes, holdings: InterfaceHoldings): boolean {
  const { links, promoting, disableLocalIgmp } = wishes;
  const { created, settings, sysctls } = holdings;
  return (
    [links, promoting, created, settings, sysctls].every((list) => list.length === 0) && !disableLocalIgmp
  );
}

/** Paths under /proc/sys whose values the next {@link planInterfaces} needs. */
export function sysctlsOfInterest(
  wishes: InterfaceWishes,
  holdings: InterfaceHoldings,
  links: readonly FoundLink[],
): readonly string[] {
  const paths = new Set(holdings.sysctls.map(({ path }) => path));
  if (wishes.links.some(isIpv4Vmac)) paths.add(ALL_RP_FILTER).add(DEFAULT_RP_FILTER);
  if (wishes.disableLocalIgmp) paths.add(LOCAL_IGMP);
  for (const wish of wishes.links) {
    if (!links.some(({ name }) => name === wish.model.name)) continue;
    for (const path of quietIpv6(wish).keys()) paths.add(path);
  }
  return [...paths];
}

export function isIpv4Vmac({ model }: WishedLink): boolean {
  return model.kind === "macvlan" && model.family === "ipv4";
}

/**
 * A VMAC of a backup must not say a word: no IPv6 where it carries none, no address and route by router advertisements. An
 * IPv6 ipvlan lives by its own link-local address.
 */
export function quietIpv6({ model, carriesIpv6 }: WishedLink): ReadonlyMap<string, number> {
  if (model.kind === "ipvlan" && carriesIpv6) return new Map();
  const directory = `net/ipv6/conf/${model.name}`;
  return carriesIpv6
    ? new Map([
        [`${directory}/accept_ra`, 0],
        [`${directory}/autoconf`, 0],
      ])
    : new Map([[`${directory}/disable_ipv6`, 1]]);
}
