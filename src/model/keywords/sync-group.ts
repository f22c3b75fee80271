/** Keywords of `vrrp_sync_group`, `garp_group` and `track_group`. */
import { block, COVERED, entries, flag, iface, row, script, span } from "./row.ts";

const tracked = [entries("tracked")];

export const SYNC_GROUP_ROWS = [
  ...block("vrrp_sync_group", "vrrp", [
    row("group", [entries("name")], COVERED, "The members.", { repeat: "all" }),
    row("track_interface", tracked, COVERED, "Interfaces every member follows.", {
      area: "track",
      repeat: "all",
    }),
    row("track_script", tracked, COVERED, "Scripts every member follows.", { area: "track", repeat: "all" }),
    row("track_file", tracked, COVERED, "Files every member follows.", { area: "track", repeat: "all" }),
    row("track_process", tracked, COVERED, "Processes every member follows.", {
      area: "track",
      repeat: "all",
    }),
    row("track_bfd", tracked, COVERED, "BFD sessions every member follows.", { area: "bfd", repeat: "all" }),
    row("notify_backup", [script], COVERED, "Run when the group enters BACKUP.", { area: "script" }),
    row("notify_master", [script], COVERED, "Run when the group enters MASTER.", { area: "script" }),
    row("notify_fault", [script], COVERED, "Run when the group enters FAULT.", { area: "script" }),
    row("notify_stop", [script], COVERED, "Run when the daemon stops.", { area: "script" }),
    row(
      "notify",
      [script],
      COVERED,
      "Run on every transition, with GROUP, the name, the state and 0 appended.",
      {
        area: "script",
      },
    ),
    row("smtp_alert", [flag], COVERED, "Mail on every transition.", { default: "as for instances" }),
    row("global_tracking", [], COVERED, "Has no meaning any more."),
    row("sync_group_tracking_weight", [], COVERED, "Let trackers of members have weights.", {
      default: "off",
    }),
    row("notify_priority_changes", [flag], COVERED, "Write priority changes to the FIFO.", {
      default: "vrrp_notify_priority_changes",
    }),
  ]),
  ...block("garp_group", "vrrp", [
    row("garp_interval", [span(0, 4294)], COVERED, "Seconds between gratuitous ARPs of the group.", {
      default: "0",
    }),
    row("gna_interval", [span(0, 4294)], COVERED, "Seconds between neighbour advertisements of the group.", {
      default: "0",
    }),
    row("interface", [iface], COVERED, "A member.", { repeat: "all" }),
    row("interfaces", [entries("name")], COVERED, "Members.", { repeat: "all" }),
  ]),
  ...block("track_group", "static", [
    row("group", [entries("name")], COVERED, "The instances.", { repeat: "all" }),
  ]),
];
