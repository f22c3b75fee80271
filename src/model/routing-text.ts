/** Routes and rules in iproute2's words: how they are shown, and how a reload recognises them. */
import type { Encapsulation, NextHop, Prefix, Route, Rule } from "../base/routing.ts";

const TYPES = [
  "",
  "",
  "local",
  "broadcast",
  "anycast",
  "multicast",
  "blackhole",
  "unreachable",
  "prohibit",
  "throw",
  "nat",
];
const METRICS = [
  "",
  "",
  "mtu",
  "window",
  "rtt",
  "rttvar",
  "ssthresh",
  "cwnd",
  "advmss",
  "reordering",
  "hoplimit",
  "initcwnd",
  "features",
  "rto_min",
  "initrwnd",
  "quickack",
  "congctl",
  "fastopen_no_cookie",
];
const ACTIONS: Readonly<Record<number, string>> = {
  3: "nop",
  6: "blackhole",
  7: "unreachable",
  8: "prohibit",
};
const TABLE_MAIN = 254;
const PROTOCOL_KEEPALIVED = 18;

/** Everything that is not as it would be without a word. */
export function routeText(route: Route): string {
  const isDefault = route.destination.length === 0;
  const locks = route.metrics.map(
    ({ id, value, locked }) => `${METRICS[id]} ${locked ? "lock " : ""}${value}`,
  );
  return joined([
    TYPES[route.type],
    route.family === "ipv6" && isDefault ? "inet6" : undefined,
    isDefault ? "default" : prefixText(route.destination),
    word("from", route.source && prefixText(route.source)),
    word("tos", route.tos || undefined),
    ...hopWords(route),
    word("table", route.table === TABLE_MAIN ? undefined : route.table),
    word("src", route.preferredSource),
    word("metric", route.metric),
    word("protocol", route.protocol === PROTOCOL_KEEPALIVED ? undefined : route.protocol),
    word("scope", route.scope || undefined),
    ...locks,
    word("expires", route.expires),
    word("pref", route.preference),
    word("ttl-propagate", route.ttlPropagate === undefined ? undefined : Number(route.ttlPropagate)),
    route.mode === "prepend" ? undefined : route.mode,
    ...route.hops.flatMap((hop) => ["nexthop", ...hopWords(hop), word("weight", hop.weight)]),
  ]);
}

function hopWords(hop: NextHop): readonly (string | undefined)[] {
  return [
    word("encap", hop.encap && encapText(hop.encap)),
    word("via", hop.gateway),
    word("dev", hop.interface),
    hop.onlink ? "onlink" : undefined,
    word("realms", hop.realms && `${hop.realms >>> 16}/${hop.realms & 0xffff}`),
  ];
}

function encapText(encap: Encapsulation): string {
  if (encap.kind === "ila") return `ila ${encap.locator}`;
  return joined([
    encap.kind,
    word("id", encap.id),
    word("src", encap.source),
    word("dst", encap.destination),
    word("ttl", encap.hops),
    word("tos", encap.tos),
    word("flags", encap.flags),
  ]);
}

export function ruleText(rule: Rule): string {
  const { mark, mask, goto, users, sourcePorts, destinationPorts } = rule;
  return joined([
    `${rule.priority}:`,
    rule.family === "ipv6" && rule.source === undefined && rule.destination === undefined
      ? "inet6"
      : undefined,
    rule.inverted ? "not" : undefined,
    word("from", rule.source === undefined ? "all" : prefixText(rule.source)),
    word("to", rule.destination && prefixText(rule.destination)),
    word("tos", rule.tos || undefined),
    word("fwmark", mark === undefined ? undefined : mask === undefined ? mark : `${mark}/${mask}`),
    word("iif", rule.inputInterface),
    word("oif", rule.outputInterface),
    word("uidrange", users && `${users.first}-${users.last}`),
    word("ipproto", rule.ipProtocol),
    word("sport", sourcePorts && `${sourcePorts.first}-${sourcePorts.last}`),
    word("dport", destinationPorts && `${destinationPorts.first}-${destinationPorts.last}`),
    word("tunnel-id", rule.tunnelId),
    word("lookup", rule.table || undefined),
    rule.l3mdev ? "l3mdev" : undefined,
    word("suppress_prefixlength", rule.suppressPrefixLength),
    word("suppress_ifgroup", rule.suppressGroup),
    word("realms", rule.realms && `${rule.realms >>> 16}/${rule.realms & 0xffff}`),
    word("protocol", rule.protocol === PROTOCOL_KEEPALIVED ? undefined : rule.protocol),
    goto === undefined ? ACTIONS[rule.action] : `goto ${goto}`,
  ]);
}

function prefixText({ address, length }: Prefix): string {
  const isHost = length === (address.includes(":") ? 128 : 32);
  return isHost ? address : `${address}/${length}`;
}

function word(name: string, value: string | number | undefined): string | undefined {
  return value === undefined ? undefined : `${name} ${value}`;
}

function joined(words: readonly (string | undefined)[]): string {
  return words.filter((text) => text !== undefined && text !== "").join(" ");
}
