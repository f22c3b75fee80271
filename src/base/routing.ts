/**
 * Routes and routing rules as plain values, the way iproute2's words describe them: configuration, engine and netlink codec
 * share them. Numbers are rtnetlink's.
 */
import type { IpAddress, IpFamily } from "./ip.ts";

export interface Prefix {
  readonly address: IpAddress;
  readonly length: number;
}

/** Where a packet goes next. */
export interface NextHop {
  /** May be of the other family: an IPv4 route by way of an IPv6 neighbour. */
  readonly gateway: IpAddress | undefined;
  readonly interface: string | undefined;
  readonly onlink: boolean;
  /** `SRC << 16 | DST`. */
  readonly realms: number | undefined;
  readonly encap: Encapsulation | undefined;
}

/** One of several hops. */
export interface WeightedHop extends NextHop {
  /** 1 to 256. */
  readonly weight: number;
}

/** A light-weight tunnel. */
export type Encapsulation =
  | {
      readonly kind: "ip" | "ip6";
      readonly id: number | undefined;
      readonly source: IpAddress | undefined;
      readonly destination: IpAddress | undefined;
      /** TTL or hop limit. */
      readonly hops: number | undefined;
      /** TOS or traffic class. */
      readonly tos: number | undefined;
      readonly flags: number | undefined;
    }
  /** Eight bytes, as text: `1:2:3:4`. */
  | { readonly kind: "ila"; readonly locator: string };

/** One of RTAX_*, by the kernel's number. */
export interface RouteMetric {
  readonly id: number;
  /** A number, or the name of a congestion control. */
  readonly value: number | string;
  /** The kernel must not change it. */
  readonly locked: boolean;
}

export interface Route extends NextHop {
  readonly family: IpFamily;
  /** RTN_*. */
  readonly type: number;
  readonly destination: Prefix;
  readonly source: Prefix | undefined;
  readonly preferredSource: IpAddress | undefined;
  readonly tos: number;
  readonly table: number;
  readonly protocol: number;
  /** RT_SCOPE_*. */
  readonly scope: number;
  /** The route's priority among those to the same destination; undefined leaves it to the kernel. */
  readonly metric: number | undefined;
  readonly metrics: readonly RouteMetric[];
  /** Seconds. */
  readonly expires: number | undefined;
  /** ICMPV6_ROUTER_PREF_*. */
  readonly preference: number | undefined;
  readonly ttlPropagate: boolean | undefined;
  /** Several hops; gateway and interface are undefined then. */
  readonly hops: readonly WeightedHop[];
  /** What happens beside routes to the same destination. */
  readonly mode: "prepend" | "append" | "exclusive";
}

export interface Rule {
  readonly family: IpFamily;
  readonly priority: number;
  /** FR_ACT_*. */
  readonly action: number;
  /** The table looked up, 0 for none. */
  readonly table: number;
  /** Priority of the rule to go on with. */
  readonly goto: number | undefined;
  readonly inverted: boolean;
  readonly source: Prefix | undefined;
  readonly destination: Prefix | undefined;
  readonly tos: number;
  readonly mark: number | undefined;
  readonly mask: number | undefined;
  readonly realms: number | undefined;
  readonly inputInterface: string | undefined;
  readonly outputInterface: string | undefined;
  readonly suppressPrefixLength: number | undefined;
  readonly suppressGroup: number | undefined;
  /** Decimal text: 64 bits. */
  readonly tunnelId: string | undefined;
  readonly users: NumberRange | undefined;
  readonly l3mdev: boolean;
  readonly protocol: number;
  readonly ipProtocol: number | undefined;
  readonly sourcePorts: NumberRange | undefined;
  readonly destinationPorts: NumberRange | undefined;
}

export interface NumberRange {
  readonly first: number;
  readonly last: number;
}

/** The interfaces a route cannot be without. */
export function interfacesOf(route: Route): readonly string[] {
  const names = [route, ...route.hops].map((hop) => hop.interface).filter((name) => name !== undefined);
  return [...new Set(names)];
}

/** Identity of an address in the kernel's tables. */
export function addressKey(address: {
  readonly address: IpAddress;
  readonly prefixLength: number;
  readonly interface: string;
}): string {
  return `${address.address}/${address.prefixLength}@${address.interface}`;
}

/** A next hop of which nothing is said. */
export const NO_HOP: NextHop = {
  gateway: undefined,
  interface: undefined,
  onlink: false,
  realms: undefined,
  encap: undefined,
};

/** All of a rule that is there only where something is said of it. */
export const BARE_RULE = {
  goto: undefined,
  inverted: false,
  source: undefined,
  destination: undefined,
  tos: 0,
  mark: undefined,
  mask: undefined,
  realms: undefined,
  inputInterface: undefined,
  outputInterface: undefined,
  suppressPrefixLength: undefined,
  suppressGroup: undefined,
  tunnelId: undefined,
  users: undefined,
  l3mdev: false,
  ipProtocol: undefined,
  sourcePorts: undefined,
  destinationPorts: undefined,
} as const satisfies Partial<Rule>;
