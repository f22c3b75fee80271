/** Keywords of `vrrp_sync_group`, `garp_group` and `track_group`. */
import { accepted, block, entries, flag, iface, row, script, span, works } from "./row.ts";

const tracked = [entries("tracked")];

export const SYNC_GROUP_ROWS = [
  ...block("vrrp_sync_group", "vrrp", [
    row("group", [entries("name")], works("vrrp.syncGroups.members"), "The members.", { repeat: "all" }),
    row(
      "track_interface",
      tracked,
      works("instance.trackInterfaces of the members"),
      "Interfaces every member follows.",
      {
        area: "track",
        repeat: "all",
      },
    ),
    row(
      "track_script",
      tracked,
      works("instance.trackScripts of the members"),
      "Scripts every member follows.",
      { area: "track", repeat: "all" },
    ),
    row("track_file", tracked, works("instance.trackFiles of the members"), "Files every member follows.", {
      area: "track",
      repeat: "all",
    }),
    row(
      "track_process",
      tracked,
      works("instance.trackProcesses of the members"),
      "Processes every member follows.",
      {
        area: "track",
        repeat: "all",
      },
    ),
    row(
      "track_bfd",
      tracked,
      works("instance.trackBfds of the members"),
      "BFD sessions every member follows.",
      { area: "bfd", repeat: "all" },
    ),
    row(
      "notify_backup",
      [script],
      works("vrrp.syncGroups.notify.backup"),
      "Run when the group enters BACKUP.",
      { area: "script" },
    ),
    row(
      "notify_master",
      [script],
      works("vrrp.syncGroups.notify.master"),
      "Run when the group enters MASTER.",
      { area: "script" },
    ),
    row("notify_fault", [script], works("vrrp.syncGroups.notify.fault"), "Run when the group enters FAULT.", {
      area: "script",
    }),
    row("notify_stop", [script], works("vrrp.syncGroups.notify.stop"), "Run when the daemon stops.", {
      area: "script",
    }),
    row(
      "notify",
      [script],
      works("vrrp.syncGroups.notify.any"),
      "Run on every transition, with GROUP, the name, the state and 0 appended.",
      {
        area: "script",
      },
    ),
    row("smtp_alert", [flag], works("vrrp.syncGroups.smtpAlert"), "Mail on every transition.", {
      default: "as for instances",
    }),
    row(
      "global_tracking",
      [],
      accepted("every tracker of a group is followed by all members"),
      "Has no meaning any more.",
    ),
    row("sync_group_tracking_weight", [], works("instance.track*"), "Let trackers of members have weights.", {
      default: "off",
    }),
    row(
      "notify_priority_changes",
      [flag],
      works("vrrp.syncGroups.notifyPriorityChanges"),
      "Write priority changes to the FIFO.",
      {
        default: "vrrp_notify_priority_changes",
      },
    ),
  ]),
  ...block("garp_group", "vrrp", [
    row(
      "garp_interval",
      [span(0, 4294)],
      works("vrrp.garpGroups.garpInterval"),
      "Seconds between gratuitous ARPs of the group.",
      {
        default: "0",
      },
    ),
    row(
      "gna_interval",
      [span(0, 4294)],
      works("vrrp.garpGroups.gnaInterval"),
      "Seconds between neighbour advertisements of the group.",
      {
        default: "0",
      },
    ),
    row("interface", [iface], works("vrrp.garpGroups.interfaces"), "A member.", { repeat: "all" }),
    row("interfaces", [entries("name")], works("vrrp.garpGroups.interfaces"), "Members.", { repeat: "all" }),
  ]),
  ...block("track_group", "static", [
    row("group", [entries("name")], works("instance.trackStatics"), "The instances.", { repeat: "all" }),
  ]),
];
