/** What on this host stands between clients and servers that are reached through it: sysctls, filters, a full tracker. */
import type { IpFamily } from "../base/ip.ts";
import { forwardingSetting } from "../model/director-passage.ts";

/** Undefined is what could not be read. */
export interface PassageFacts {
  /** Whether the host sends on what is not for itself. */
  readonly forwarding: Readonly<Record<IpFamily, boolean | undefined>>;
  /** Connections that the kernel tracks, and how many it would. */
  readonly tracked: { readonly count: number; readonly limit: number } | undefined;
  readonly strictChains: readonly StrictChain[];
}

/** A chain that drops what is forwarded, unless a rule lets it through. */
export interface StrictChain {
  readonly family: "ip" | "ip6" | "inet";
  readonly table: string;
  readonly chain: string;
}

export interface Obstacle {
  /** The same for as long as it is the same obstacle. */
  readonly what: string;
  readonly consequence: string;
  readonly remedy: string;
}

/**
 * For servers of these families, which are reached by NAT. `inNft`: connections are translated by the tracker, which IPVS does
 * without.
 */
export function obstaclesOf(
  families: readonly IpFamily[],
  inNft: boolean,
  facts: PassageFacts,
): readonly Obstacle[] {
  if (families.length === 0) return [];
  return [
    ...families.filter((family) => facts.forwarding[family] === false).map(notForwarding),
    ...facts.strictChains
      .filter(({ family }) => families.some((one) => sees(family, one)))
      .map((chain) => strict(chain, inNft)),
    ...(inNft ? fullTracker(facts.tracked) : []),
  ];
}

function notForwarding(family: IpFamily): Obstacle {
  const setting = forwardingSetting(family);
  return {
    what: `this host does not forward ${family === "ipv4" ? "IPv4" : "IPv6"}: ${setting} is 0`,
    consequence: "connections to servers with NAT get no answer",
    remedy: `sysctl -w ${setting}=1, and a line in /etc/sysctl.d for the next start`,
  };
}

function strict({ family, table, chain }: StrictChain, inNft: boolean): Obstacle {
  const place = `${family} ${table} ${chain}`;
  const rule = inNft
    ? `nft insert rule ${place} ct status dnat accept`
    : "rules there that accept packets to and from the servers";
  return {
    what: `the nftables chain ${place} drops what is forwarded, unless a rule of it says otherwise`,
    consequence: "connections to servers with NAT get no answer where no rule lets them through",
    remedy: `${rule}, if there is none`,
  };
}

/** From so full on, in percent, it is said: packets of connections that find no room are dropped. */
const NEARLY_FULL = 90;

function fullTracker(tracked: PassageFacts["tracked"]): readonly Obstacle[] {
  if (tracked === undefined || tracked.count * 100 < tracked.limit * NEARLY_FULL) return [];
  return [
    {
      what: `the kernel tracks nearly as many connections as it may, ${tracked.limit} (net.netfilter.nf_conntrack_max)`,
      consequence: "new connections are dropped when there is no room left",
      remedy: "raise net.netfilter.nf_conntrack_max, or shorten the tracker's timeouts",
    },
  ];
}

function sees(chain: StrictChain["family"], family: IpFamily): boolean {
  return chain === "inet" || (chain === "ip") === (family === "ipv4");
}
