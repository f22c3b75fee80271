/** Keywords of `global_defs`. */
import {
  accepted,
  block,
  COSMETIC,
  choice,
  entries,
  flag,
  identity,
  iface,
  integer,
  type KeywordState,
  LARGE_BUFFERS,
  lenient,
  MISSED,
  optional,
  type RowTemplate,
  rest,
  row,
  SIGNED_MAX,
  script,
  span,
  UNSIGNED_MAX,
  word,
  works,
} from "./row.ts";

const LONGEST = 4294;
const OWN_NAMES = accepted("buoy's processes carry names of their own, the same everywhere");
const IN_VRRP = accepted("BFD runs in the VRRP process, whose words (vrrp_priority and its kin) hold for it");
const OWN_RULES = accepted("buoy writes its packet rules with nftables");

/** The scheduling wishes of one child; `state` where they are obeyed or not. */
function processRows(child: string, state: (field: string) => KeywordState): readonly RowTemplate[] {
  const area = { area: "process" } as const;
  return [
    row(`${child}_priority`, lenient([integer(-20, 19)]), state("niceValue"), "Nice value.", {
      ...area,
      default: "0",
    }),
    row(`${child}_no_swap`, [], state("noSwap"), "Lock the memory.", { ...area, default: "off" }),
    row(
      `${child}_rt_priority`,
      lenient([integer(1, 99)]),
      state("realtimePriority"),
      "Real-time priority (SCHED_RR).",
      area,
    ),
    row(
      `${child}_cpu_affinity`,
      lenient([rest("CPU ...")]),
      state("cpuAffinity"),
      "Processors it may run on.",
      {
        ...area,
        default: "all",
      },
    ),
    row(
      `${child}_rlimit_rttime`,
      [span(1, UNSIGNED_MAX, 0, "us")],
      state("realtimeLimit"),
      "Longest run at real-time priority without a pause, in microseconds.",
      { ...area, default: "10000" },
    ),
    row(
      `${child}_rlimit_rtime`,
      [span(1, UNSIGNED_MAX, 0, "us")],
      state("realtimeLimit"),
      "The same, misspelt.",
      {
        ...area,
        default: "10000",
      },
    ),
  ];
}

const OWN_BUFFERS = accepted(
  "buoy takes a large buffer by itself, and asks the kernel for everything again should it overflow",
);

const SEPARATE = accepted(
  "each address and mark of a group is a service of its own, as without it; the persistence of a client does not span them",
);

function bufferRows(
  name: string,
  area: "vrrp" | "track" | "checker",
  state: KeywordState,
): readonly RowTemplate[] {
  return [
    row(name, lenient([integer(1, UNSIGNED_MAX)]), state, "Receive buffer in bytes.", {
      area,
      default: "the kernel's",
    }),
    row(`${name}_force`, [flag], state, "Exceed the kernel's limit for it.", { area, default: "off" }),
  ];
}

function fifoRows(prefix: string, what: string, area: "global" | "vrrp" | "checker"): readonly RowTemplate[] {
  return [
    row(
      `${prefix}notify_fifo`,
      lenient([word("path"), optional(identity)]),
      works("daemon.fifos"),
      `FIFO that gets ${what}.`,
      {
        area,
      },
    ),
    row(`${prefix}notify_fifo_script`, lenient([script]), works("daemon.fifos"), "Program that reads it.", {
      area: "script",
    }),
  ];
}

const garpRows = [
  row("vrrp_garp_master_delay", [span(0, LONGEST)], works("garp.masterDelay"), "Delay of the second burst.", {
    default: "5",
  }),
  row(
    "vrrp_garp_master_repeat",
    [integer(0, UNSIGNED_MAX)],
    works("garp.masterRepeat"),
    "Announcements a burst.",
    {
      default: "5",
    },
  ),
  row("vrrp_garp_master_refresh", [span(0, LONGEST)], works("garp.masterRefresh"), "Period of refreshes.", {
    default: "0 (off)",
  }),
  row(
    "vrrp_garp_master_refresh_repeat",
    [integer(0, UNSIGNED_MAX)],
    works("garp.masterRefreshRepeat"),
    "Announcements a refresh.",
    { default: "1" },
  ),
  row(
    "vrrp_garp_lower_prio_delay",
    [span(0, LONGEST)],
    works("garp.lowerPrioDelay"),
    "Delay of the second burst after a lower-priority master was heard.",
    { default: "vrrp_garp_master_delay" },
  ),
  row(
    "vrrp_garp_lower_prio_repeat",
    [integer(0, UNSIGNED_MAX)],
    works("garp.lowerPrioRepeat"),
    "Announcements a burst after a lower-priority master was heard.",
    { default: "vrrp_garp_master_repeat" },
  ),
  row(
    "vrrp_garp_interval",
    [span(0, LONGEST)],
    works("garp.garpInterval"),
    "Seconds between gratuitous ARPs.",
    {
      default: "0",
    },
  ),
  row(
    "vrrp_gna_interval",
    [span(0, LONGEST)],
    works("garp.gnaInterval"),
    "Seconds between neighbour advertisements.",
    {
      default: "0",
    },
  ),
  row("vrrp_min_garp", [flag], works("garp"), "One announcement, no second burst, no refresh.", {
    default: "off",
  }),
  row(
    "vrrp_garp_extra_if",
    lenient([rest("[all] <1..86400>")]),
    works("instance.garp.extra"),
    "Keep announcing on other interfaces.",
    {
      default: "off",
    },
  ),
  row(
    "vrrp_vmac_garp_intvl",
    lenient([rest("[all] <1..86400>")]),
    works("instance.garp.extra"),
    "Old name of vrrp_garp_extra_if.",
    {
      default: "off",
    },
  ),
];

/** Words of buoy's own: keepalived says that it does not know them, and goes on. */
const verifyRows = [
  row(
    "vrrp_verify_takeover",
    [flag],
    works("instance.announceOnly"),
    "Ask neighbours whether they map the addresses to us, and watch for other owners.",
    { default: "on", since: "buoy" },
  ),
  row(
    "vrrp_verify_neighbours",
    [rest("ADDRESS ...")],
    works("instance.verifyNeighbours"),
    "Neighbours to ask beside the gateways and those lately seen.",
    { since: "buoy", repeat: "all" },
  ),
  row(
    "vrrp_verify_timeout",
    [span(0.01, 3600)],
    works("instance.verifyTimeout"),
    "How long a neighbour may be silent until it counts as unproved.",
    { default: "5", since: "buoy" },
  ),
];

const vrrpRows = [
  row(
    "dynamic_interfaces",
    [optional(choice("allow_if_changes"))],
    works("global.dynamicInterfaces"),
    "Interfaces may come later.",
    {
      default: "off",
    },
  ),
  row("no_email_faults", [], works("vrrp.noMailOnFault"), "Send no mail about FAULT.", { default: "off" }),
  row(
    "default_interface",
    lenient([iface]),
    works("vrrp.statics.addresses"),
    "Interface of static entries without dev.",
    {
      area: "static",
      default: "eth0",
    },
  ),
  row(
    "disable_local_igmp",
    [],
    works("global.process.disableLocalIgmp"),
    "Send no IGMP reports for groups of the link.",
    { default: "off" },
  ),
  row(
    "v3_checksum_as_v2",
    [flag],
    works("instance.v3Checksum"),
    "Leave the pseudo-header out of v3 checksums.",
    {
      since: "2.2.8",
      default: "off",
    },
  ),
  row(
    "vrrp_mcast_group4",
    [{ kind: "address", family: "ipv4", multicast: true }],
    works("instance.multicastGroup"),
    "Where IPv4 advertisements go.",
    { default: "224.0.0.18" },
  ),
  row(
    "vrrp_mcast_group6",
    [{ kind: "address", family: "ipv6", multicast: true }],
    works("instance.multicastGroup"),
    "Where IPv6 advertisements go.",
    { default: "ff02::12" },
  ),
  ...garpRows,
  ...verifyRows,
  row(
    "vrrp_down_timer_adverts",
    [integer(1, 100)],
    works("instance.downTimerAdverts"),
    "Intervals missed until takeover.",
    {
      default: "3",
    },
  ),
  row(
    "vrrp_lower_prio_no_advert",
    [flag],
    works("instance.lowerPrioNoAdvert"),
    "Do not answer a lower priority at once.",
    {
      default: "off",
    },
  ),
  row(
    "vrrp_higher_prio_send_advert",
    [flag],
    works("instance.higherPrioSendAdvert"),
    "Advertise once more before yielding.",
    {
      default: "off",
    },
  ),
  row(
    "vrrp_version",
    [integer(2, 3)],
    works("instance.version"),
    "VRRP version of instances without their own.",
    {
      default: "2",
    },
  ),
  row("vrrp_iptables", [optional(rest("[IN [OUT]]"))], OWN_RULES, "Chains for accept rules.", {
    default: "INPUT OUTPUT",
  }),
  row(
    "vrrp_ipsets",
    [optional(rest("[SET4 [SET6 [SET6-IF [IGMP [MLD [ND]]]]]]"))],
    OWN_RULES,
    "Names of ipsets.",
    {
      since: "2.2.7 (a build option)",
    },
  ),
  row(
    "nftables",
    [optional(word("table", 63))],
    works("vrrp.firewall.table"),
    "Name of our nftables table.",
    {
      default: "keepalived",
    },
  ),
  row(
    "nftables_priority",
    [integer(-2_147_483_648, SIGNED_MAX)],
    works("vrrp.firewall.priority"),
    "Hook priority of its chains.",
    {
      default: "-1",
    },
  ),
  row(
    "nftables_ifindex",
    [],
    accepted("link-local addresses are matched by interface index in any case, as 2.2.7 does"),
    "Match link-local addresses by interface index.",
    { default: "off" },
  ),
  row(
    "vrrp_check_unicast_src",
    [],
    works("instance.unicast.checkSource"),
    "Drop advertisements of others than the peers.",
    {
      default: "off",
    },
  ),
  row(
    "vrrp_skip_check_adv_addr",
    [flag],
    works("instance.skipCheckAdvAddr"),
    "Compare address lists on a change of master.",
    {
      default: "off",
    },
  ),
  row("vrrp_strict", [flag], works("every instance"), "Obey the RFC to the letter.", { default: "off" }),
  row(
    "vrrp_owner_ignore_adverts",
    [flag],
    works("instance.ownerIgnoreAdverts"),
    "Owners ignore advertisements.",
    {
      since: "2.3.3",
      default: "off",
    },
  ),
  row(
    "vrrp_notify_priority_changes",
    [flag],
    works("instance.notifyPriorityChanges"),
    "Write priority changes to the FIFO.",
    {
      default: "off",
    },
  ),
  row(
    "fifo_write_vrrp_states_on_reload",
    [],
    works("daemon.statesOnReload"),
    "Write all states again after a reload.",
    {
      default: "off",
    },
  ),
  row(
    "vrrp_rx_bufs_policy",
    lenient([rest("MTU | ADVERT | BYTES")]),
    LARGE_BUFFERS,
    "Size of receive buffers.",
  ),
  row("vrrp_rx_bufs_multiplier", lenient([integer(1, UNSIGNED_MAX)]), LARGE_BUFFERS, "Multiplies it.", {
    default: "3",
  }),
  row(
    "vrrp_startup_delay",
    [span(0, LONGEST, 3)],
    works("vrrp.startupDelay"),
    "Stay silent this long after start.",
    {
      default: "0",
    },
  ),
  row(
    "vrrp_delay_after_boot",
    lenient([span(0, LONGEST, 3)]),
    works("vrrp.delayAfterBoot"),
    "The same, counted from boot.",
    {
      since: "2.4.0",
      default: "0",
    },
  ),
  row(
    "log_unknown_vrids",
    [],
    accepted("strange VRIDs are always counted and reported"),
    "Report strange VRIDs.",
    {
      default: "off",
    },
  ),
  row("vmac_prefix", [word("prefix", 11)], works("instance.virtualInterface"), "How names of VMACs begin.", {
    default: "vrrp",
  }),
  row(
    "vmac_addr_prefix",
    [word("prefix", 11)],
    works("instance.addressInterfaces"),
    "The same for VMACs of addresses.",
    {
      default: "vmac_prefix",
    },
  ),
];

const mailRows = [
  row("router_id", lenient([word("name")]), works("global.routerId"), "Name of this host in mails.", {
    default: "the host name",
  }),
  row("notification_email_from", lenient([word("address")]), works("mail.from"), "Sender of mails.", {
    default: "user@host of the daemon",
  }),
  row("smtp_server", [word("host"), optional(integer(1, 65535))], works("mail.server"), "Mail relay.", {
    default: "port 25",
  }),
  row("smtp_helo_name", lenient([word("name")]), works("mail.heloName"), "Name said to it.", {
    default: "the host name",
  }),
  row(
    "smtp_connect_timeout",
    [span(0, LONGEST, 0)],
    works("mail.connectTimeout"),
    "Seconds it may take; 0 means 1.",
    {
      default: "30",
    },
  ),
  row("notification_email", [entries("recipient")], works("mail.recipients"), "Who gets mails.", {
    repeat: "all",
  }),
  row("smtp_alert", [flag], works("instance.smtpAlert"), "Default of every smtp_alert.", {
    default: "on for real servers, else off",
  }),
  row("smtp_alert_vrrp", [flag], works("instance.smtpAlert"), "The same for VRRP only.", {
    area: "vrrp",
    default: "smtp_alert",
  }),
  row(
    "smtp_alert_checker",
    [flag],
    works("realServer.smtpAlert"),
    "The same for virtual and real servers only.",
    {
      area: "checker",
      default: "smtp_alert",
    },
  ),
  row("no_checker_emails", [flag], works("director.noCheckMail"), "No mails about single checks.", {
    area: "checker",
    default: "off",
  }),
];

const scriptRows = [
  row("script_user", lenient([identity]), works("command.uid"), "User and group of every script.", {
    area: "script",
    default: "keepalived_script if there is such a user, else the daemon's own",
  }),
  row(
    "enable_script_security",
    [],
    works("global.enableScriptSecurity"),
    "Run no script that others than root can change.",
    {
      area: "script",
      default: "off",
    },
  ),
  row(
    "use_symlink_paths",
    [flag],
    accepted("a path is run as written; links are followed for its safety only"),
    "Keep links in script paths.",
    {
      area: "script",
      since: "2.3.0",
      default: "off",
    },
  ),
  row("set_supplementary_groups", [flag], works("command.groups"), "Scripts get the groups of their user.", {
    area: "script",
    since: "after 2.4.3",
    default: "off",
  }),
  row(
    "notify_timeout",
    [span(0.001, 86400, 3)],
    works("instance.notify.timeout"),
    "How long a running notify script may hold up a newer state before it is ended.",
    {
      area: "script",
      since: "buoy",
      default: "60",
    },
  ),
  row("startup_script", lenient([script]), works("daemon.startupScript"), "Run before everything else.", {
    area: "script",
  }),
  row(
    "startup_script_timeout",
    lenient([integer(1, 1000)]),
    works("daemon.startupScript"),
    "Seconds it may take.",
    {
      area: "script",
      default: "10",
    },
  ),
  row("shutdown_script", lenient([script]), works("daemon.shutdownScript"), "Run after everything else.", {
    area: "script",
  }),
  row(
    "shutdown_script_timeout",
    lenient([integer(1, 1000)]),
    works("daemon.shutdownScript"),
    "Seconds it may take.",
    {
      area: "script",
      default: "10",
    },
  ),
];

const processNameRows = [
  row("process_names", [], OWN_NAMES, "Name the children.", { default: "off" }),
  row("process_name", [word("name")], OWN_NAMES, "Name of the parent.", { default: "keepalived" }),
  row("vrrp_process_name", [word("name")], OWN_NAMES, "Name of the vrrp child."),
  row("checker_process_name", [word("name")], OWN_NAMES, "Name of the checker child."),
  row("lvs_process_name", [word("name")], OWN_NAMES, "Old name of checker_process_name."),
  row("bfd_process_name", [word("name")], OWN_NAMES, "Name of the BFD child."),
].map((template) => ({ ...template, area: "process" as const }));

const STEADY = accepted("the vrrp child asks for its real-time priority at start and keeps it");

const processWideRows = [
  ...processNameRows,
  row(
    "max_auto_priority",
    [optional(integer(-1, 99))],
    STEADY,
    "Highest priority it may give itself when late.",
    {
      area: "process",
      default: "0 (off)",
    },
  ),
  row(
    "min_auto_priority_delay",
    lenient([span(1, 10_000_000, 0, "us")]),
    STEADY,
    "Lateness that makes it do so.",
    {
      area: "process",
      default: "1000000",
    },
  ),
  ...processRows("vrrp", (field) => works(`global.process.${field}`)),
  ...processRows("checker", (field) => works(`director.process.${field}`)),
  ...processRows("bfd", () => IN_VRRP),
  row(
    "umask",
    [rest("NUMBER | IRUSR|IWUSR|...")],
    works("daemon.umask"),
    "Mode bits that files are created without.",
    {
      area: "process",
      default: "0177",
    },
  ),
  row("random_seed", [integer(0, UNSIGNED_MAX)], works("the reader"), "Seed of every random number.", {
    area: "process",
  }),
  ...bufferRows("vrrp_netlink_cmd_rcv_bufs", "vrrp", OWN_BUFFERS),
  ...bufferRows("vrrp_netlink_monitor_rcv_bufs", "vrrp", OWN_BUFFERS),
  ...bufferRows("process_monitor_rcv_bufs", "track", works("global.processMonitorBuffer")),
  ...bufferRows("lvs_netlink_cmd_rcv_bufs", "checker", OWN_BUFFERS),
  ...bufferRows("lvs_netlink_monitor_rcv_bufs", "checker", OWN_BUFFERS),
];

const lvsRows = [
  row("checker_log_all_failures", [flag], works("check.logAllFailures"), "Report every failed check.", {
    area: "checker",
    default: "off",
  }),
  row("rs_init_notifies", [flag], works("director.notifyAtStart"), "Notify of the first state too.", {
    area: "checker",
    default: "off",
  }),
  row(
    "lvs_timeouts",
    [optional(rest("[tcp N] [tcpfin N] [udp N]"))],
    works("director.timeouts"),
    "Connection timeouts of IPVS.",
  ),
  row("lvs_flush", [], works("director.flushAtStart"), "Empty the IPVS table at start.", { default: "off" }),
  row("lvs_flush_on_stop", [optional(choice("VS"))], works("director.flushAtStop"), "Empty it at stop.", {
    default: "off",
  }),
  row("lvs_flush_onstop", [], works("director.flushAtStop"), "Old name of lvs_flush_on_stop.", {
    default: "off",
  }),
  row(
    "lvs_sync_daemon",
    lenient([rest("IF [[inst] INSTANCE] [id N] [maxlen N] [port N] [ttl N] [group ADDRESS]")]),
    works("director.syncDaemon"),
    "Share connections with the other director.",
    { repeat: "all" },
  ),
  row(
    "data_plane",
    [choice("auto", "ipvs", "nft")],
    works("director.dataPlane"),
    "What spreads the connections.",
    {
      since: "buoy",
      default: "auto: IPVS where the kernel has it, else nftables",
    },
  ),
  row("nftables_ipvs", [optional(word("table"))], SEPARATE, "One marked service for a group of servers.", {
    default: "keepalived_ipvs",
  }),
  row(
    "nftables_ipvs_priority",
    [integer(-2_147_483_648, SIGNED_MAX)],
    SEPARATE,
    "Hook priority of that table.",
    {
      default: "-1",
    },
  ),
  row("nftables_ipvs_start_fwmark", [integer(1, UNSIGNED_MAX)], SEPARATE, "First mark it uses.", {
    default: "1000",
  }),
].map((template) => ({ ...template, area: template.area ?? ("lvs" as const) }));

const snmpRows = [
  row("snmp_socket", lenient([word("address")]), COSMETIC, "Where the SNMP master listens.", {
    default: "unix:/var/agentx/master",
  }),
  row("enable_traps", [], MISSED, "Send traps.", { default: "off" }),
  row("enable_snmp_vrrp", [], MISSED, "Answer for VRRP.", { default: "off" }),
  row("enable_snmp_keepalived", [], MISSED, "Old name of enable_snmp_vrrp.", { default: "off" }),
  row("enable_snmp_rfc", [], MISSED, "Answer by both RFCs' tables.", { default: "off" }),
  row("enable_snmp_rfcv2", [], MISSED, "Answer by RFC 2787.", { default: "off" }),
  row("enable_snmp_rfcv3", [], MISSED, "Answer by RFC 6527.", { default: "off" }),
  row("enable_snmp_checker", [], MISSED, "Answer for virtual servers.", { default: "off" }),
  row("snmp_vs_stats_update_interval", lenient([span(0.001, 30, 3)]), COSMETIC, "Age of counters told.", {
    since: "2.4.0",
    default: "5",
  }),
  row(
    "snmp_rs_stats_update_interval",
    lenient([span(0.001, 30, 3)]),
    COSMETIC,
    "The same for real servers.",
    {
      since: "2.4.0",
      default: "with the virtual server",
    },
  ),
].map((template) => ({ ...template, area: "snmp" as const }));

const dbusRows = [
  row("enable_dbus", [], MISSED, "Offer a DBus service.", { default: "off" }),
  row("dbus_service_name", lenient([word("name")]), COSMETIC, "Its name.", {
    default: "org.keepalived.Vrrp1",
  }),
  row(
    "dbus_no_interface_name",
    lenient([word("name")]),
    COSMETIC,
    "Path element of instances without interface.",
    {
      since: "2.3.0",
      default: "none",
    },
  ),
].map((template) => ({ ...template, area: "dbus" as const }));

const fileRows = [
  row(
    "reload_check_config",
    [optional(word("log file"))],
    accepted("buoy checks every reload before it acts"),
    "Check before a reload.",
    {
      default: "off",
    },
  ),
  row(
    "reload_time_file",
    lenient([word("path")]),
    works("daemon.reloadTime"),
    "File with the time of a reload.",
  ),
  row("reload_repeat", [], works("daemon.reloadTime"), "Keep that file.", { default: "off" }),
  row(
    "reload_file",
    [optional(word("path"))],
    works("daemon.reloadFile"),
    "File that exists while configuration is read.",
    {
      default: "off",
    },
  ),
  row(
    "include_check",
    [optional(rest("[+|-]{read|match|wildcard_match|brace_match} ..."))],
    works("the reader"),
    "Which problems of include are fatal.",
    {
      default: "none",
    },
  ),
  row(
    "config_save_dir",
    [word("directory")],
    works("daemon.saveDirectory"),
    "Keep a copy of every configuration read.",
  ),
  row(
    "tmp_config_directory",
    lenient([word("directory")]),
    accepted("buoy makes no copy of the configuration"),
    "Where a copy is made while reading.",
    {
      default: "in memory",
    },
  ),
  row(
    "iproute_usr_dir",
    lenient([word("directory")]),
    works("routing names"),
    "Where iproute2 keeps names.",
    {
      since: "2.3.2",
    },
  ),
  row(
    "iproute_etc_dir",
    lenient([word("directory")]),
    works("routing names"),
    "Where iproute2 keeps local names.",
    {
      since: "2.3.2",
      default: "/etc/iproute2",
    },
  ),
].map((template) => ({ ...template, area: "config" as const }));

const dumpRows = [
  row(
    "data_use_instance",
    [flag],
    works("global.dumps.useInstance"),
    "Put the instance into names of dumps.",
    { default: "off" },
  ),
  row(
    "json_version",
    lenient([integer(1, 2)]),
    works("global.dumps.jsonVersion"),
    "Shape of the JSON dump.",
    {
      since: "2.2.8",
      default: "1",
    },
  ),
  row("state_dump_file", lenient([word("path")]), works("global.dumps.state"), "Where the state is dumped.", {
    since: "2.3.0",
  }),
  row(
    "stats_dump_file",
    lenient([word("path")]),
    works("global.dumps.stats"),
    "Where the counters are dumped.",
    {
      since: "2.3.0",
    },
  ),
  row("json_dump_file", lenient([word("path")]), works("global.dumps.json"), "Where the JSON is dumped.", {
    since: "2.3.0",
  }),
  row("nftables_counters", [], works("vrrp.firewall.counters"), "Count packets in every rule.", {
    default: "off",
  }),
];

export const GLOBAL_ROWS = block("global_defs", "global", [
  ...mailRows,
  ...scriptRows,
  ...vrrpRows.map((template) => ({ ...template, area: template.area ?? ("vrrp" as const) })),
  ...fifoRows("", "lines of VRRP and virtual servers", "global"),
  ...fifoRows("vrrp_", "lines of VRRP", "vrrp"),
  ...fifoRows("lvs_", "lines of virtual servers", "checker"),
  ...processWideRows,
  ...lvsRows,
  ...snmpRows,
  ...dbusRows,
  ...fileRows,
  ...dumpRows,
]);
