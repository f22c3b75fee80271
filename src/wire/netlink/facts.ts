/** What rtnetlink says about interfaces, addresses, routes and rules, as plain values. */
import type { IpAddress, IpFamily } from "../../base/ip.ts";
import type { MacAddress } from "../../base/mac.ts";
import type { Prefix } from "../../base/routing.ts";

/** One network interface (RTM_NEWLINK). */
export interface LinkFact {
  readonly index: number;
  readonly name: string;
  /** IFF_UP: somebody switched it on. */
  readonly up: boolean;
  /** IFF_RUNNING: it has carrier. */
  readonly running: boolean;
  readonly mtu: number;
  /** Undefined where the link layer has no six-byte address. */
  readonly mac: MacAddress | undefined;
  /** ARPHRD number: 1 Ethernet, 772 loopback. */
  readonly type: number;
  /** IFF_LOOPBACK. */
  readonly loopback: boolean;
  /** Index of the bridge, bond or VRF it is enslaved to. */
  readonly master?: number;
  /** Index of the interface it stands on (VLAN, macvlan) or of its veth peer. */
  readonly parent?: number;
  /** `veth`, `macvlan`, `bridge`, ... (IFLA_INFO_KIND). */
  readonly linkInfoKind?: string;
  /** How a macvlan or ipvlan deals with its siblings; of other kinds, and of other modes, undefined. */
  readonly mode?: VirtualLinkMode;
  /** Interface group (`ip link set group`). */
  readonly group?: number;
  /** IN6_ADDR_GEN_MODE_*; undefined where IPv6 is off. */
  readonly addressGeneration?: number;
  /** The IPv4 settings of interest as the kernel has them, not as files say. */
  readonly ipv4?: Readonly<Ipv4Settings>;
}

/** `private`: hears none of its siblings; `bridge`: all; `vepa`: by way of the switch. */
export type VirtualLinkMode = "private" | "bridge" | "vepa";

/** Settings of an interface by their names under /proc/sys/net/ipv4/conf. */
export type Ipv4Setting = "rp_filter" | "arp_filter" | "arp_ignore" | "promote_secondaries" | "accept_local";
export type Ipv4Settings = Record<Ipv4Setting, number>;

/** An interface to make. */
export interface LinkRequest {
  readonly kind: "macvlan" | "ipvlan";
  readonly name: string;
  /** Index of the interface it stands on. */
  readonly parent: number;
  readonly mode: VirtualLinkMode;
  /** An ipvlan has its parent's. */
  readonly mac?: MacAddress | undefined;
  readonly group?: number | undefined;
  /** Index of the VRF it belongs to. */
  readonly master?: number | undefined;
}

/** What to change about an interface; what is left out stays. */
export interface LinkChange {
  readonly index: number;
  readonly up?: true;
  readonly addressGeneration?: number | undefined;
  readonly ipv4?: Readonly<Partial<Ipv4Settings>> | undefined;
}

/** One address of an interface (RTM_NEWADDR). Index, address and prefix length together identify it. */
export interface AddressFact {
  readonly index: number;
  readonly address: IpAddress;
  readonly prefixLength: number;
  readonly family: IpFamily;
  /** rtnetlink scope: 0 global, 200 site, 253 link, 254 host. */
  readonly scope: number;
  /** IFA_F_* bits, see `constants.ts`. */
  readonly flags: number;
  /** IFA_F_SECONDARY: the kernel removes it along with the primary of its subnet. */
  readonly secondary: boolean;
  /** IPv6 duplicate address detection has not finished. */
  readonly tentative: boolean;
  readonly dadFailed: boolean;
  /** It has no lifetime that ends. */
  readonly permanent: boolean;
  readonly peer?: IpAddress;
  readonly broadcast?: IpAddress;
  readonly label?: string;
  /** Who put it there (IFA_PROTO, kernel 5.18): 18 is keepalived's number, and ours. */
  readonly protocol?: number;
}

/** What to put on an interface, or take off it. Taken as it stands, a `VirtualAddressModel` and an index are one. */
export interface AddressRequest {
  readonly index: number;
  readonly address: IpAddress;
  readonly prefixLength: number;
  /** rtnetlink scope number, 0 where not given. */
  readonly scope?: number | undefined;
  readonly broadcast?: IpAddress | undefined;
  readonly label?: string | undefined;
  readonly peer?: IpAddress | undefined;
  /** Prefix length of the peer; `prefixLength` where not given. */
  readonly peerPrefixLength?: number | undefined;
  readonly flags?: readonly AddressRequestFlag[] | undefined;
  /** Seconds; 0 makes the address deprecated from the start: no source for new connections. Default forever. */
  readonly preferredLifetime?: number | undefined;
  /** IFA_PROTO; default 18, keepalived's number. */
  readonly protocol?: number | undefined;
}

/** The words of a `virtual_ipaddress` entry and of `ip address add`. */
export type AddressRequestFlag = "home" | "nodad" | "mngtmpaddr" | "noprefixroute" | "autojoin";

/** What tells one route from another (RTM_NEWROUTE). */
export interface RouteFact {
  readonly family: IpFamily;
  readonly destination: Prefix;
  readonly tos: number;
  readonly table: number;
  readonly protocol: number;
  readonly type: number;
  readonly metric: number;
  /** Of a route with one hop. */
  readonly index: number | undefined;
  readonly gateway: IpAddress | undefined;
}

/** What tells one rule from another, as far as anybody would write two that differ in nothing else (RTM_NEWRULE). */
export interface RuleFact {
  readonly family: IpFamily;
  readonly priority: number;
  readonly table: number;
  readonly action: number;
  readonly source: Prefix | undefined;
  readonly destination: Prefix | undefined;
  readonly mark: number | undefined;
  readonly inputInterface: string | undefined;
  readonly outputInterface: string | undefined;
  readonly protocol: number | undefined;
}
