/** Keywords of `vrrp_instance` and the blocks inside it. */
import {
  accepted,
  address,
  block,
  choice,
  entries,
  flag,
  iface,
  integer,
  LARGE_BUFFERS,
  lenient,
  nested,
  optional,
  rest,
  row,
  script,
  span,
  UNSIGNED_MAX,
  word,
  works,
} from "./row.ts";

/** Longest span of the announcement settings, in seconds. */
const LONGEST = 4294;

const garpRows = [
  row(
    "garp_master_delay",
    [span(0, LONGEST)],
    works("instance.garp.masterDelay"),
    "Delay of the second burst.",
    {
      default: "vrrp_garp_master_delay",
    },
  ),
  row(
    "garp_master_refresh",
    [span(0, LONGEST)],
    works("instance.garp.masterRefresh"),
    "Period of refreshes.",
    {
      default: "vrrp_garp_master_refresh",
    },
  ),
  row(
    "garp_master_repeat",
    [integer(0, UNSIGNED_MAX)],
    works("instance.garp.masterRepeat"),
    "Announcements a burst.",
    {
      default: "vrrp_garp_master_repeat",
    },
  ),
  row(
    "garp_master_refresh_repeat",
    [integer(0, UNSIGNED_MAX)],
    works("instance.garp.masterRefreshRepeat"),
    "Announcements a refresh.",
    { default: "vrrp_garp_master_refresh_repeat" },
  ),
  row(
    "garp_lower_prio_delay",
    [span(0, LONGEST)],
    works("instance.garp.lowerPrioDelay"),
    "Delay of the second burst after a lower-priority master was heard.",
    { default: "vrrp_garp_lower_prio_delay" },
  ),
  row(
    "garp_lower_prio_repeat",
    [integer(0, UNSIGNED_MAX)],
    works("instance.garp.lowerPrioRepeat"),
    "Announcements a burst after a lower-priority master was heard.",
    { default: "vrrp_garp_lower_prio_repeat" },
  ),
  row(
    "garp_extra_if",
    lenient([rest("[all] <0..86400>")]),
    works("instance.garp.extra"),
    "Keep announcing addresses that sit on other interfaces.",
    {
      default: "vrrp_garp_extra_if",
    },
  ),
  row(
    "vmac_garp_intvl",
    lenient([rest("[all] <0..86400>")]),
    works("instance.garp.extra"),
    "Old name of garp_extra_if.",
    {
      default: "vrrp_garp_extra_if",
    },
  ),
];

/** Words of buoy's own: keepalived says that it does not know them, and goes on. */
const verifyRows = [
  row(
    "verify_takeover",
    [flag],
    works("instance.announceOnly"),
    "Ask neighbours whether they map the addresses to us, and watch for other owners.",
    { default: "vrrp_verify_takeover", since: "buoy" },
  ),
  row(
    "verify_neighbours",
    [rest("ADDRESS ...")],
    works("instance.verifyNeighbours"),
    "Neighbours to ask beside the gateways and those lately seen.",
    { default: "vrrp_verify_neighbours", since: "buoy", repeat: "all" },
  ),
  row(
    "verify_timeout",
    [span(0.01, 3600)],
    works("instance.verifyTimeout"),
    "How long a neighbour may be silent until it counts as unproved.",
    { default: "vrrp_verify_timeout", since: "buoy" },
  ),
];

const notifyRows = [
  row("notify_backup", [script], works("instance.notify.backup"), "Run on entering BACKUP.", {
    area: "script",
  }),
  row("notify_master", [script], works("instance.notify.master"), "Run on entering MASTER.", {
    area: "script",
  }),
  row("notify_fault", [script], works("instance.notify.fault"), "Run on entering FAULT.", { area: "script" }),
  row("notify_stop", [script], works("instance.notify.stop"), "Run when the daemon stops.", {
    area: "script",
  }),
  row(
    "notify_deleted",
    [optional(script)],
    works("instance.notify.deleted"),
    "Run when a reload removes the instance; without a command it only names the state DELETED.",
    { area: "script", default: "the removal counts as FAULT" },
  ),
  row(
    "notify",
    [script],
    works("instance.notify.any"),
    "Run on every transition, with INSTANCE, the name, the state and the priority appended.",
    { area: "script" },
  ),
  row(
    "notify_master_rx_lower_pri",
    [script],
    works("instance.notify.masterRxLowerPri"),
    "Run when a master hears an advertisement of lower priority.",
    { area: "script" },
  ),
  row(
    "notify_timeout",
    [span(0.001, 86400, 3)],
    works("instance.notify.timeout"),
    "How long a running notify script may hold up a newer state before it is ended.",
    { area: "script", default: "notify_timeout of global_defs", since: "buoy" },
  ),
  row("smtp_alert", [flag], works("instance.smtpAlert"), "Mail on every transition.", {
    default: "smtp_alert_vrrp, else smtp_alert of global_defs, else off",
  }),
  row(
    "notify_priority_changes",
    [flag],
    works("instance.notifyPriorityChanges"),
    "Write priority changes to the FIFO.",
    {
      default: "vrrp_notify_priority_changes",
    },
  ),
];

const addressRows = [
  row("mcast_src_ip", [address], works("instance.sourceAddress"), "Source address of our advertisements.", {
    default: "the interface's primary address",
  }),
  row(
    "unicast_src_ip",
    [address],
    works("instance.sourceAddress"),
    "The same, as files with peers write it.",
    {
      default: "the interface's primary address",
    },
  ),
  row(
    "mcast_dst_ip",
    [{ kind: "address", family: "any", multicast: true }],
    works("instance.multicastGroup"),
    "Multicast group of this instance.",
    { default: "vrrp_mcast_group4 or vrrp_mcast_group6" },
  ),
  row("track_src_ip", [], works("instance.trackSourceAddress"), "FAULT while the source address is absent.", {
    default: "off",
  }),
  row(
    "virtual_ipaddress",
    [entries("virtual-address")],
    works("instance.virtualAddresses"),
    "Addresses held as master and listed in advertisements; the first decides the family.",
    { repeat: "all" },
  ),
  row(
    "virtual_ipaddress_excluded",
    [entries("virtual-address")],
    works("instance.excludedAddresses"),
    "Addresses held as master but not listed in advertisements.",
    { repeat: "all" },
  ),
  row("no_virtual_ipaddress", [], works("draft"), "An instance without any address is meant.", {
    since: "2.2.8",
    default: "off",
  }),
  row(
    "promote_secondaries",
    [],
    works("instance.promoteSecondaries"),
    "Keep secondaries when a primary goes.",
    {
      default: "off",
    },
  ),
  row("virtual_routes", [entries("route")], works("instance.routing"), "Routes present while master.", {
    repeat: "all",
  }),
  row("virtual_rules", [entries("rule")], works("instance.routing"), "Routing rules present while master.", {
    repeat: "all",
  }),
];

const trackRows = [
  row("track_interface", [entries("tracked")], works("instance.trackInterfaces"), "Interfaces to follow.", {
    area: "track",
    repeat: "all",
  }),
  row("track_script", [entries("tracked")], works("instance.trackScripts"), "Scripts to follow.", {
    area: "track",
    repeat: "all",
  }),
  row("track_file", [entries("tracked")], works("instance.trackFiles"), "Files to follow.", {
    area: "track",
    repeat: "all",
  }),
  row("track_process", [entries("tracked")], works("instance.trackProcesses"), "Processes to follow.", {
    area: "track",
    repeat: "all",
  }),
  row("track_bfd", [entries("tracked")], works("instance.trackBfds"), "BFD sessions to follow.", {
    area: "bfd",
    repeat: "all",
  }),
];

const electionRows = [
  row(
    "state",
    [choice("MASTER", "BACKUP")],
    works("instance.wantedState"),
    "The state wished for at start.",
    {
      default: "BACKUP",
    },
  ),
  row(
    "interface",
    [iface],
    works("instance.interface"),
    "Where advertisements go, and addresses by default.",
  ),
  row("vrf", [word("name")], works("instance.vrf"), "VRF of a unicast instance without interface."),
  row(
    "dont_track_primary",
    [],
    works("instance.dontTrackPrimary"),
    "The link of the own interface causes no FAULT.",
    { default: "off" },
  ),
  row(
    "virtual_router_id",
    [integer(1, 255)],
    works("instance.virtualRouterId"),
    "The VRID, the same on all routers.",
  ),
  row("version", [integer(2, 3)], works("instance.version"), "VRRP version.", {
    default: "vrrp_version; 3 for IPv6",
  }),
  row("priority", [integer(1, 255)], works("instance.priority"), "Base priority; 255 is the address owner.", {
    default: "100, or 255 with state MASTER",
  }),
  row(
    "advert_int",
    [span(0.01, 255, 6)],
    works("instance.advertisementInterval"),
    "Seconds between advertisements.",
    {
      default: "1",
    },
  ),
  row(
    "down_timer_adverts",
    [integer(1, 100)],
    works("instance.downTimerAdverts"),
    "Intervals missed until takeover.",
    {
      default: "vrrp_down_timer_adverts",
    },
  ),
  row("preempt", [], works("instance.preempt"), "Take over from a lower priority.", { default: "on" }),
  row("nopreempt", [], works("instance.preempt"), "Leave a lower-priority master in place.", {
    default: "off",
  }),
  row(
    "preempt_delay",
    [span(0, 1000)],
    works("instance.preemptDelay"),
    "Seconds to wait before preempting.",
    {
      default: "0",
    },
  ),
  row(
    "v3_checksum_as_v2",
    [flag],
    works("instance.v3Checksum"),
    "Leave the pseudo-header out of v3 checksums.",
    {
      since: "2.2.8",
      default: "v3_checksum_as_v2 of global_defs",
    },
  ),
  row("accept", [], works("instance.noAccept"), "Take packets to the virtual addresses while master.", {
    default: "on",
  }),
  row("no_accept", [], works("instance.noAccept"), "Drop packets to the virtual addresses unless owner.", {
    default: "off",
  }),
  row("strict_mode", [flag], works("the whole instance"), "Obey the RFC to the letter.", {
    default: "vrrp_strict",
  }),
  row(
    "skip_check_adv_addr",
    [flag],
    works("instance.skipCheckAdvAddr"),
    "Compare the address list only on a change of master.",
    { default: "vrrp_skip_check_adv_addr" },
  ),
  row(
    "lower_prio_no_advert",
    [flag],
    works("instance.lowerPrioNoAdvert"),
    "Do not answer a lower-priority advertisement at once.",
    { default: "vrrp_lower_prio_no_advert" },
  ),
  row(
    "higher_prio_send_advert",
    [flag],
    works("instance.higherPrioSendAdvert"),
    "Send a last advertisement before yielding.",
    { default: "vrrp_higher_prio_send_advert" },
  ),
  row(
    "owner_ignore_adverts",
    [flag],
    works("instance.ownerIgnoreAdverts"),
    "An owner ignores advertisements.",
    {
      since: "2.3.3",
      default: "vrrp_owner_ignore_adverts",
    },
  ),
  row(
    "timer_expired_backup",
    [optional(integer(1, 254))],
    works("instance.timerExpiredPriority"),
    "With nopreempt: fall back to BACKUP after a stall, assuming this priority of the peer.",
    { since: "2.2.8", default: "off; 254 when bare" },
  ),
  row(
    "thread_timer_expired",
    [optional(integer(1, 254))],
    works("instance.timerExpiredPriority"),
    "Other name of timer_expired_backup.",
    {
      since: "2.3.2",
      default: "off",
    },
  ),
];

const linkRows = [
  row(
    "use_vmac",
    [optional(rest("[[name] IFNAME] [MAC] [netlink_notify_msg] [group ID]"))],
    works("instance.virtualInterface"),
    "An interface of its own with the virtual MAC address.",
    { default: "off" },
  ),
  row(
    "use_vmac_addr",
    [],
    works("instance.addressInterfaces"),
    "The same for addresses on other interfaces.",
    { default: "off" },
  ),
  row("vmac_xmit_base", [], works("instance.transmitBase"), "Advertise from the base interface.", {
    default: "off",
  }),
  row(
    "use_ipvlan",
    [optional(rest("[[name] IFNAME] [ADDR[/LEN]] [bridge|private|vepa] [group ID]"))],
    works("instance.virtualInterface"),
    "An interface of its own with the base's MAC address (ipvlan, mode L2).",
    {
      default: "off",
    },
  ),
  row(
    "unicast_peer",
    [entries("peer")],
    works("instance.unicast.peers"),
    "Routers to advertise to, one by one: addresses or host names.",
    { repeat: "all" },
  ),
  row("unicast_fault_no_peer", [], works("instance.unicast.peers"), "FAULT while there is no peer.", {
    default: "off",
  }),
  row(
    "check_unicast_src",
    [],
    works("instance.unicast.checkSource"),
    "Drop advertisements of others than the peers.",
    {
      default: "vrrp_check_unicast_src",
    },
  ),
  row(
    "old_unicast_checksum",
    [optional(choice("never"))],
    works("instance.unicast.oldChecksum"),
    "Checksum of unicast peers before 1.3.6.",
  ),
  row(
    "unicast_ttl",
    [integer(0, 255)],
    works("instance.unicast.hopLimit"),
    "TTL of unicast advertisements.",
    {
      default: "255",
    },
  ),
  row("native_ipv6", [], works("instance.family"), "IPv6 where no address tells.", { default: "off" }),
  row(
    "linkbeat_use_polling",
    [],
    accepted("the kernel reports link changes by itself; nothing is polled"),
    "Poll the link state of the interface.",
  ),
  row("debug", [integer(0, 4)], accepted("events and their causes are always recorded"), "Verbosity.", {
    default: "0",
  }),
  row("lvs_sync_daemon_interface", [iface], works("director.syncDaemon"), "Old form of lvs_sync_daemon.", {
    area: "lvs",
  }),
  row("kernel_rx_buf_size", lenient([integer(0, UNSIGNED_MAX)]), LARGE_BUFFERS, "Receive buffer in bytes.", {
    default: "vrrp_rx_bufs_policy",
  }),
];

export const VRRP_INSTANCE_ROWS = [
  ...block("vrrp_instance", "vrrp", [
    ...electionRows,
    ...addressRows,
    ...trackRows,
    ...notifyRows,
    ...garpRows,
    ...verifyRows,
    ...linkRows,
    row(
      "authentication",
      [nested("vrrp_instance.authentication")],
      works("instance.authentication"),
      "VRRPv2 only.",
    ),
    row(
      "auth_hmac",
      [nested("vrrp_instance.auth_hmac")],
      works("instance.authHmac"),
      "Signed advertisements.",
      {
        since: "2.4.0",
      },
    ),
  ]),
  ...block("vrrp_instance.authentication", "vrrp", [
    row(
      "auth_type",
      [choice("PASS", "AH")],
      works("instance.authentication.kind"),
      "PASS is clear text, AH an IPsec header.",
      { default: "none" },
    ),
    row(
      "auth_pass",
      [word("password")],
      works("instance.authentication.password"),
      "Password, at most 8 bytes.",
    ),
  ]),
  ...block("vrrp_instance.auth_hmac", "vrrp", [
    row(
      "key",
      [integer(1, 255), rest("TEXT | hex:DIGITS | file:PATH")],
      works("instance.authHmac.keys"),
      "A key of 32 to 64 bytes.",
      {
        since: "2.4.0",
        repeat: "all",
      },
    ),
    row("active_key", [integer(1, 255)], works("instance.authHmac.activeKey"), "The key that signs.", {
      since: "2.4.0",
    }),
    row("time_window", [span(1, 300)], works("instance.authHmac.timeWindow"), "Clock difference allowed.", {
      since: "2.4.0",
      default: "three intervals, at least 5",
    }),
    row(
      "anti_replay",
      [choice("time", "monotonic")],
      works("instance.authHmac.antiReplay"),
      "How freshness is judged.",
      {
        since: "2.4.0",
        default: "time",
      },
    ),
    row(
      "mode",
      [choice("enforce", "permissive", "receive-only")],
      works("instance.authHmac.mode"),
      "What is demanded of others.",
      {
        since: "2.4.0",
        default: "enforce",
      },
    ),
  ]),
];
