/** Keywords that stand outside every block. */
import {
  accepted,
  block,
  entries,
  integer,
  lenient,
  nested,
  optional,
  rest,
  row,
  UNSIGNED_MAX,
  word,
  works,
} from "./row.ts";

const LINK_STATE = "the kernel reports link changes by itself; nothing is polled";

export const ROOT_ROWS = block("root", "vrrp", [
  row("linkbeat_use_polling", [], accepted(LINK_STATE), "Poll the link state of every interface."),
  row("net_namespace", lenient([word("name")]), works("process"), "Run inside this network namespace.", {
    area: "process",
    default: "the one it is started in",
  }),
  row(
    "net_namespace_ipvs",
    [optional(word("name"))],
    works("director.tableNamespace"),
    "Network namespace whose IPVS is programmed.",
    {
      area: "process",
      default: "as net_namespace",
    },
  ),
  row(
    "namespace_with_ipsets",
    [],
    accepted("buoy uses no ipsets"),
    "Allow ipsets inside a network namespace.",
    {
      area: "process",
    },
  ),
  row("use_pid_dir", [], works("process"), "Keep pid files in a directory of their own.", {
    area: "process",
  }),
  row("instance", lenient([word("name")]), works("process"), "Name of this daemon among several on a host.", {
    area: "process",
  }),
  row(
    "child_wait_time",
    [integer(0, UNSIGNED_MAX)],
    works("daemon.childWait"),
    "Seconds that children get to end.",
    {
      area: "process",
      default: "5",
    },
  ),
  row(
    "global_defs",
    [nested("global_defs")],
    works("global"),
    "Settings of the whole daemon; may be repeated.",
    {
      area: "global",
    },
  ),
  row(
    "track_group",
    [word("name"), nested("track_group")],
    works("instance.trackStatics"),
    "Instances that fail along with a static entry.",
    {
      area: "static",
    },
  ),
  row(
    "static_ipaddress",
    [entries("static-address")],
    works("vrrp.statics.addresses"),
    "Addresses kept for as long as the daemon runs.",
    {
      area: "static",
      repeat: "all",
    },
  ),
  row(
    "static_routes",
    [entries("route")],
    works("vrrp.statics.routing"),
    "Routes kept for as long as the daemon runs.",
    {
      area: "static",
      repeat: "all",
    },
  ),
  row(
    "static_rules",
    [entries("rule")],
    works("vrrp.statics.routing"),
    "Routing rules kept for as long as the daemon runs.",
    {
      area: "static",
      repeat: "all",
    },
  ),
  row(
    "vrrp_sync_group",
    [word("name"), nested("vrrp_sync_group")],
    works("vrrp.syncGroups"),
    "Instances that share one state.",
  ),
  row(
    "garp_group",
    [nested("garp_group")],
    works("vrrp.garpGroups"),
    "Interfaces that share one limit on announcements.",
  ),
  row(
    "linkbeat_interfaces",
    [entries("linkbeat")],
    accepted(LINK_STATE),
    "Interfaces whose link state is polled.",
  ),
  row(
    "vrrp_instance",
    [word("name"), nested("vrrp_instance")],
    works("vrrp.instances"),
    "One virtual router.",
  ),
  row(
    "vrrp_script",
    [word("name"), nested("vrrp_script")],
    works("trackScripts"),
    "A command run again and again, whose outcome instances can track.",
    { area: "script" },
  ),
  row(
    "vrrp_track_process",
    [word("name"), nested("vrrp_track_process")],
    works("trackProcesses"),
    "A program whose running processes are counted.",
    { area: "track" },
  ),
  row(
    "interface_up_down_delays",
    [entries("debounce")],
    works("vrrp.linkDelays"),
    "How long a link must stay up or down to count.",
    {
      default: "0 0",
    },
  ),
  row("SSL", [nested("SSL")], works("director.tls"), "TLS settings of every SSL_GET.", { area: "checker" }),
  row(
    "virtual_server_group",
    [word("name"), entries("server-group")],
    works("virtualServer.endpoints"),
    "Addresses and marks that one virtual server spans.",
    { area: "lvs", repeat: "all" },
  ),
  row(
    "virtual_server",
    [rest("ADDRESS [PORT] | fwmark N | group NAME"), nested("virtual_server")],
    works("virtualServers"),
    "A balanced service and its real servers.",
    { area: "lvs" },
  ),
  row("bfd_instance", [word("name", 31), nested("bfd_instance")], works("bfd"), "A BFD session.", {
    area: "bfd",
  }),
  row(
    "track_file",
    [word("name"), nested("track_file")],
    works("trackFiles"),
    "A file whose number moves priorities.",
    {
      area: "track",
    },
  ),
  row(
    "vrrp_track_file",
    [word("name"), nested("vrrp_track_file")],
    works("trackFiles"),
    "Old name of track_file.",
    {
      area: "track",
    },
  ),
]);
