/**
 * Words inside the lines of value lists: addresses, routes, rules, tracked things. These lines are not keyword
 * statements; their own parsers look the words up here.
 */
import {
  accepted,
  address,
  block,
  iface,
  integer,
  optional,
  rest,
  row,
  UNSIGNED_MAX,
  weight,
  word,
  works,
} from "./row.ts";

const addressOr = rest("ADDRESS | + | -");

const ADDRESS_ENTRY_ROWS = block("virtual_ipaddress(entry)", "vrrp", [
  row("ADDR[/LEN]", [address], works("address.address"), "The address; begins the line.", {
    default: "/32 or /128",
  }),
  row("dev", [iface], works("address.interface"), "Interface that gets it.", {
    default: "interface of the instance",
  }),
  row("scope", [rest("NAME | 0..255")], works("address.scope"), "Scope, IPv4 only.", { default: "global" }),
  row("broadcast", [addressOr], works("address.broadcast"), "Broadcast address, IPv4 only.", {
    default: "none",
  }),
  row("brd", [addressOr], works("address.broadcast"), "The same, shorter.", { default: "none" }),
  row("label", [word("name", 15)], works("address.label"), "Label, IPv4 only.", { default: "none" }),
  row("peer", [address], works("address.peer"), "Address of the other end.", { default: "none" }),
  row("home", [], works("address.flags"), "Home address of mobile IPv6.", { default: "off" }),
  row("-nodad", [], works("address.flags"), "Let the kernel look for duplicates, IPv6 only.", {
    default: "off",
  }),
  row("mngtmpaddr", [], works("address.flags"), "Template of temporary addresses, IPv6 only.", {
    default: "off",
  }),
  row("noprefixroute", [], works("address.flags"), "No route to its network.", { default: "off" }),
  row("autojoin", [], works("address.flags"), "Let the kernel join multicast groups.", { default: "off" }),
  row("no_track", [], works("address.noTrack"), "Ignore its device, and its removal by others.", {
    default: "off",
  }),
  row(
    "preferred_lft",
    [rest("SECONDS | forever")],
    works("address.preferredLifetime"),
    "How long it is preferred.",
    {
      default: "0 for /128, else forever",
    },
  ),
  row("use_vmac", [optional(word("name", 15))], works("instance.addressInterfaces"), "A VMAC of its own.", {
    default: "off",
  }),
]);

const STATIC_ENTRY_ROWS = block("static_ipaddress(entry)", "static", [
  row("track_group", [word("name")], works("instance.trackStatics"), "Group of instances that fail along."),
]);

const number = integer(0, UNSIGNED_MAX);
const named = rest("NAME | NUMBER");
const lockable = rest("[lock] NUMBER");
const lockableTime = rest("[lock] TIME");

const ROUTE_ROWS = block("routes(entry)", "static", [
  row(
    "TYPE",
    [],
    works("route.type"),
    "unicast, local, broadcast, multicast, throw, unreachable, prohibit, blackhole, nat or anycast; may begin the line.",
    {
      default: "unicast",
    },
  ),
  row("inet", [], works("route.family"), "IPv4."),
  row("inet6", [], works("route.family"), "IPv6."),
  row("src", [rest("[inet|inet6] ADDRESS")], works("route.preferredSource"), "Preferred source address."),
  row(
    "as",
    [rest("[to] ADDRESS")],
    accepted("it means something in routes of MPLS only; keepalived ignores it, too"),
    "New destination.",
  ),
  row("to", [rest("PREFIX | default | default6")], works("route.destination"), "Destination."),
  row("via", [rest("[inet|inet6] ADDRESS")], works("route.gateway"), "Gateway."),
  row("gw", [address], works("route.gateway"), "Old name of via."),
  row("or", [address], works("route.hops"), "A second gateway, as old files write it."),
  row("from", [rest("PREFIX")], works("route.source"), "Source prefix, IPv6."),
  row("tos", [named], works("route.tos"), "Type of service.", { default: "0" }),
  row("dsfield", [named], works("route.tos"), "The same.", { default: "0" }),
  row("table", [named], works("route.table"), "Table.", { default: "main" }),
  row("protocol", [named], works("route.protocol"), "Who made it.", { default: "keepalived (18)" }),
  row("scope", [named], works("route.scope"), "Scope.", { default: "by type" }),
  row("metric", [number], works("route.metric"), "Metric.", { default: "0" }),
  row("priority", [number], works("route.metric"), "The same.", { default: "0" }),
  row("preference", [number], works("route.metric"), "The same.", { default: "0" }),
  row("dev", [iface], works("route.interface"), "Interface."),
  row("oif", [iface], works("route.interface"), "The same."),
  row("onlink", [], works("route.onlink"), "Take the gateway for a neighbour.", { default: "off" }),
  row("encap", [rest("ip|ip6|mpls|ila ...")], works("route.encap"), "Light-weight tunnel."),
  row("expires", [integer(0, UNSIGNED_MAX)], works("route.expires"), "Seconds it lives, IPv6."),
  row("mtu", [lockable], works("route.metrics"), "Largest packet."),
  row("hoplimit", [integer(0, 255)], works("route.metrics"), "Hop limit."),
  row("advmss", [lockable], works("route.metrics"), "Segment size advertised."),
  row("rtt", [lockableTime], works("route.metrics"), "First guess of the round-trip time."),
  row("rttvar", [lockableTime], works("route.metrics"), "First guess of its variance."),
  row("reordering", [lockable], works("route.metrics"), "Reordering expected."),
  row("window", [number], works("route.metrics"), "Largest window advertised."),
  row("cwnd", [lockable], works("route.metrics"), "Clamp of the congestion window."),
  row("ssthresh", [lockable], works("route.metrics"), "Slow-start threshold."),
  row("realms", [rest("[SRC/]DST")], works("route.realms"), "Realm, IPv4."),
  row("rto_min", [lockableTime], works("route.metrics"), "Shortest retransmission time."),
  row("initcwnd", [number], works("route.metrics"), "First congestion window."),
  row("initrwnd", [number], works("route.metrics"), "First receive window."),
  row("features", [rest("ecn")], works("route.metrics"), "Features."),
  row("quickack", [integer(0, 1)], works("route.metrics"), "Acknowledge at once."),
  row("congctl", [rest("[lock] NAME")], works("route.metrics"), "Congestion control."),
  row("pref", [rest("low|medium|high")], works("route.preference"), "Router preference, IPv6.", {
    default: "medium",
  }),
  row("ttl-propagate", [rest("enabled|disabled")], works("route.ttlPropagate"), "TTL of MPLS."),
  row("fastopen_no_cookie", [integer(0, 1)], works("route.metrics"), "TCP fast open without cookie."),
  row("add", [], works("route.mode"), "Only if there is none yet."),
  row("append", [], works("route.mode"), "After others."),
  row("prepend", [], works("route.mode"), "Before others."),
  row(
    "nexthop",
    [rest("via ADDRESS [dev IF] [weight 1..256] [onlink] [encap ...] [realms ...] [as to ADDRESS]")],
    works("route.hops"),
    "One of several hops; last on the line.",
  ),
  row("vrf", [word("name")], works("route.table"), "Table of this VRF."),
  row("no_track", [], works("routing.noTrack"), "Its loss causes no FAULT.", { default: "off" }),
  row("track_group", [word("name")], works("instance.trackStatics"), "Group of instances that fail along."),
]);

const RULE_ROWS = block("rules(entry)", "static", [
  row("from", [rest("PREFIX")], works("rule.source"), "Source.", { default: "all" }),
  row("to", [rest("PREFIX")], works("rule.destination"), "Destination.", { default: "all" }),
  row("inet", [], works("rule.family"), "IPv4."),
  row("inet6", [], works("rule.family"), "IPv6."),
  row("table", [named], works("rule.table"), "Table looked up."),
  row("lookup", [named], works("rule.table"), "The same."),
  row("not", [], works("rule.inverted"), "All but these packets.", { default: "off" }),
  row("priority", [number], works("rule.priority"), "Place among the rules.", {
    default: "the kernel's choice",
  }),
  row("preference", [number], works("rule.priority"), "The same."),
  row("order", [number], works("rule.priority"), "The same."),
  row("tos", [named], works("rule.tos"), "Type of service.", { default: "0" }),
  row("dsfield", [named], works("rule.tos"), "The same.", { default: "0" }),
  row("fwmark", [rest("VALUE[/MASK]")], works("rule.mark"), "Mark."),
  row("realms", [rest("[SRC/]DST")], works("rule.realms"), "Realm, IPv4."),
  row("suppress_prefixlength", [number], works("rule.suppressPrefixLength"), "Ignore routes this short."),
  row("sup_pl", [number], works("rule.suppressPrefixLength"), "The same."),
  row("suppress_ifgroup", [named], works("rule.suppressGroup"), "Ignore routes of this interface group."),
  row("sup_group", [named], works("rule.suppressGroup"), "The same."),
  row("dev", [iface], works("rule.inputInterface"), "Incoming interface."),
  row("iif", [iface], works("rule.inputInterface"), "The same."),
  row("oif", [iface], works("rule.outputInterface"), "Outgoing interface."),
  row("tunnel-id", [rest("NUMBER")], works("rule.tunnelId"), "Tunnel."),
  row("uidrange", [rest("A-B")], works("rule.users"), "Users."),
  row("l3mdev", [], works("rule.l3mdev"), "Layer-3 master device.", { default: "off" }),
  row("protocol", [named], works("rule.protocol"), "Who made it.", { default: "keepalived (18)" }),
  row("ipproto", [named], works("rule.ipProtocol"), "IP protocol."),
  row("sport", [rest("A-B")], works("rule.sourcePorts"), "Source ports."),
  row("dport", [rest("A-B")], works("rule.destinationPorts"), "Destination ports."),
  row("type", [rest("blackhole|unreachable|prohibit")], works("rule.action"), "What becomes of the packet.", {
    default: "unicast",
  }),
  row("goto", [number], works("rule.goto"), "Rule to go on with."),
  row("nop", [], works("rule.action"), "Nothing."),
  row("no_track", [], works("routing.noTrack"), "Its loss causes no FAULT.", { default: "off" }),
  row("track_group", [word("name")], works("instance.trackStatics"), "Group of instances that fail along."),
]);

const OTHER_ROWS = [
  ...block("unicast_peer(entry)", "vrrp", [
    row("min_ttl", [integer(0, 255)], works("peer.minTtl"), "Lowest TTL accepted of this peer.", {
      default: "0",
    }),
    row("max_ttl", [integer(0, 255)], works("peer.maxTtl"), "Highest TTL accepted of this peer.", {
      default: "255",
    }),
  ]),
  ...block("virtual_server_group(entry)", "lvs", [
    row(
      "ADDR[-END or /MASK] [PORT]",
      [rest("ADDRESS [PORT]")],
      works("virtualServer.endpoints"),
      "Addresses and port.",
    ),
    row(
      "fwmark",
      [integer(1, UNSIGNED_MAX), optional(rest("inet|inet6"))],
      works("virtualServer.endpoints"),
      "A mark.",
    ),
  ]),
  ...block("track_*(entry)", "track", [
    row(
      "weight",
      [weight(-254, 254)],
      works("instance.track*.weight"),
      "Weight instead of the tracker's own.",
    ),
  ]),
  ...block("linkbeat_interfaces(entry)", "vrrp", [
    row(
      "MII",
      [],
      accepted("the kernel reports link changes by itself; nothing is polled"),
      "How it is polled; ETHTOOL and IOCTL likewise.",
    ),
  ]),
];

export const ENTRY_ROWS = [
  ...ADDRESS_ENTRY_ROWS,
  ...STATIC_ENTRY_ROWS,
  ...ROUTE_ROWS,
  ...RULE_ROWS,
  ...OTHER_ROWS,
];
