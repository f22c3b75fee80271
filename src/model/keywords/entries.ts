/**
 * Words inside the lines of value lists: addresses, routes, rules, tracked things. These lines are not keyword
 * statements; their own parsers look the words up here.
 */
import {
  accepted,
  address,
  block,
  COVERED,
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
  row("track_group", [word("name")], COVERED, "Group of instances that fail along."),
]);

const number = integer(0, UNSIGNED_MAX);
const named = rest("NAME | NUMBER");
const lockable = rest("[lock] NUMBER");
const lockableTime = rest("[lock] TIME");

const ROUTE_ROWS = block("routes(entry)", "static", [
  row(
    "TYPE",
    [],
    COVERED,
    "unicast, local, broadcast, multicast, throw, unreachable, prohibit, blackhole, nat or anycast; may begin the line.",
    {
      default: "unicast",
    },
  ),
  row("inet", [], COVERED, "IPv4."),
  row("inet6", [], COVERED, "IPv6."),
  row("src", [rest("[inet|inet6] ADDRESS")], COVERED, "Preferred source address."),
  row("as", [rest("[to] ADDRESS")], COVERED, "New destination (MPLS)."),
  row("to", [rest("PREFIX | default | default6")], COVERED, "Destination."),
  row("via", [rest("[inet|inet6] ADDRESS")], COVERED, "Gateway."),
  row("gw", [address], COVERED, "Old name of via."),
  row("or", [address], COVERED, "A second gateway, as old files write it."),
  row("from", [rest("PREFIX")], COVERED, "Source prefix, IPv6."),
  row("tos", [named], COVERED, "Type of service.", { default: "0" }),
  row("dsfield", [named], COVERED, "The same.", { default: "0" }),
  row("table", [named], COVERED, "Table.", { default: "main" }),
  row("protocol", [named], COVERED, "Who made it.", { default: "keepalived (18)" }),
  row("scope", [named], COVERED, "Scope.", { default: "by type" }),
  row("metric", [number], COVERED, "Metric.", { default: "0" }),
  row("priority", [number], COVERED, "The same.", { default: "0" }),
  row("preference", [number], COVERED, "The same.", { default: "0" }),
  row("dev", [iface], COVERED, "Interface."),
  row("oif", [iface], COVERED, "The same."),
  row("onlink", [], COVERED, "Take the gateway for a neighbour.", { default: "off" }),
  row("encap", [rest("ip|ip6|mpls|ila ...")], COVERED, "Light-weight tunnel."),
  row("expires", [integer(0, UNSIGNED_MAX)], COVERED, "Seconds it lives, IPv6."),
  row("mtu", [lockable], COVERED, "Largest packet."),
  row("hoplimit", [integer(0, 255)], COVERED, "Hop limit."),
  row("advmss", [lockable], COVERED, "Segment size advertised."),
  row("rtt", [lockableTime], COVERED, "First guess of the round-trip time."),
  row("rttvar", [lockableTime], COVERED, "First guess of its variance."),
  row("reordering", [lockable], COVERED, "Reordering expected."),
  row("window", [number], COVERED, "Largest window advertised."),
  row("cwnd", [lockable], COVERED, "Clamp of the congestion window."),
  row("ssthresh", [lockable], COVERED, "Slow-start threshold."),
  row("realms", [rest("[SRC/]DST")], COVERED, "Realm, IPv4."),
  row("rto_min", [lockableTime], COVERED, "Shortest retransmission time."),
  row("initcwnd", [number], COVERED, "First congestion window."),
  row("initrwnd", [number], COVERED, "First receive window."),
  row("features", [rest("ecn")], COVERED, "Features."),
  row("quickack", [integer(0, 1)], COVERED, "Acknowledge at once."),
  row("congctl", [rest("[lock] NAME")], COVERED, "Congestion control."),
  row("pref", [rest("low|medium|high")], COVERED, "Router preference, IPv6.", { default: "medium" }),
  row("ttl-propagate", [rest("enabled|disabled")], COVERED, "TTL of MPLS."),
  row("fastopen_no_cookie", [integer(0, 1)], COVERED, "TCP fast open without cookie."),
  row("add", [], COVERED, "Only if there is none yet."),
  row("append", [], COVERED, "After others."),
  row("prepend", [], COVERED, "Before others."),
  row(
    "nexthop",
    [rest("via ADDRESS [dev IF] [weight 1..256] [onlink] [encap ...] [realms ...] [as to ADDRESS]")],
    COVERED,
    "One of several hops; last on the line.",
  ),
  row("vrf", [word("name")], COVERED, "Table of this VRF."),
  row("no_track", [], COVERED, "Its loss causes no FAULT.", { default: "off" }),
  row("track_group", [word("name")], COVERED, "Group of instances that fail along."),
]);

const RULE_ROWS = block("rules(entry)", "static", [
  row("from", [rest("PREFIX")], COVERED, "Source.", { default: "all" }),
  row("to", [rest("PREFIX")], COVERED, "Destination.", { default: "all" }),
  row("inet", [], COVERED, "IPv4."),
  row("inet6", [], COVERED, "IPv6."),
  row("table", [named], COVERED, "Table looked up."),
  row("lookup", [named], COVERED, "The same."),
  row("not", [], COVERED, "All but these packets.", { default: "off" }),
  row("priority", [number], COVERED, "Place among the rules.", { default: "the kernel's choice" }),
  row("preference", [number], COVERED, "The same."),
  row("order", [number], COVERED, "The same."),
  row("tos", [named], COVERED, "Type of service.", { default: "0" }),
  row("dsfield", [named], COVERED, "The same.", { default: "0" }),
  row("fwmark", [rest("VALUE[/MASK]")], COVERED, "Mark."),
  row("realms", [rest("[SRC/]DST")], COVERED, "Realm, IPv4."),
  row("suppress_prefixlength", [number], COVERED, "Ignore routes this short."),
  row("sup_pl", [number], COVERED, "The same."),
  row("suppress_ifgroup", [named], COVERED, "Ignore routes of this interface group."),
  row("sup_group", [named], COVERED, "The same."),
  row("dev", [iface], COVERED, "Incoming interface."),
  row("iif", [iface], COVERED, "The same."),
  row("oif", [iface], COVERED, "Outgoing interface."),
  row("tunnel-id", [rest("NUMBER")], COVERED, "Tunnel."),
  row("uidrange", [rest("A-B")], COVERED, "Users."),
  row("l3mdev", [], COVERED, "Layer-3 master device.", { default: "off" }),
  row("protocol", [named], COVERED, "Who made it.", { default: "keepalived (18)" }),
  row("ipproto", [named], COVERED, "IP protocol."),
  row("sport", [rest("A-B")], COVERED, "Source ports."),
  row("dport", [rest("A-B")], COVERED, "Destination ports."),
  row("type", [rest("blackhole|unreachable|prohibit")], COVERED, "What becomes of the packet.", {
    default: "unicast",
  }),
  row("goto", [number], COVERED, "Rule to go on with."),
  row("nop", [], COVERED, "Nothing."),
  row("no_track", [], COVERED, "Its loss causes no FAULT.", { default: "off" }),
  row("track_group", [word("name")], COVERED, "Group of instances that fail along."),
]);

const OTHER_ROWS = [
  ...block("unicast_peer(entry)", "vrrp", [
    row("min_ttl", [integer(0, 255)], COVERED, "Lowest TTL accepted of this peer.", { default: "0" }),
    row("max_ttl", [integer(0, 255)], COVERED, "Highest TTL accepted of this peer.", { default: "255" }),
  ]),
  ...block("virtual_server_group(entry)", "lvs", [
    row("ADDR[-END or /MASK] [PORT]", [rest("ADDRESS [PORT]")], COVERED, "Addresses and port."),
    row("fwmark", [integer(1, UNSIGNED_MAX), optional(rest("inet|inet6"))], COVERED, "A mark."),
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
