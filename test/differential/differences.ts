/** Differences that are meant: each refers to the row of docs/compatibility.md that gives its reason. */
import type { Aspect } from "./stimulus.ts";

export interface ExpectedDifference {
  /** What keepalived does, as the row in docs/compatibility.md begins. */
  readonly row: string;
  readonly configurations: readonly string[] | "all";
  /** It shows in some runs only; as does one of "all" configurations. */
  readonly byChance?: true;
  /** Undefined: at any step. */
  readonly step?: string;
  readonly aspects: readonly Aspect[];
}

export const DIFFERENCES: readonly ExpectedDifference[] = [
  {
    row: "A reload that adds an address announces all addresses of the instance",
    configurations: "all",
    step: "reload with one more address",
    aspects: ["wire"],
  },
  {
    row: "A reload starts the period of `garp_master_refresh` anew",
    configurations: ["announcements repeated"],
    step: "reload of the same",
    aspects: ["wire"],
  },
  {
    row: "Several scripts of quick state changes run at once",
    configurations: ["an owner"],
    step: "cable plugged in",
    aspects: ["notify"],
  },
  {
    row: "2.2.7 does not know `v3_checksum_as_v2`",
    configurations: ["v3_checksum_as_v2"],
    aspects: ["wire"],
  },
  {
    row: "2.2.7: after a reload, a `reverse` script counts with the wrong sign",
    configurations: ["track_script, reversed"],
    aspects: ["wire", "notify"],
  },
  {
    row: "`init_fail`: a script that has not ended yet keeps the instance silent",
    configurations: ["track_script, rise and fall"],
    step: "start",
    aspects: ["notify"],
  },
  {
    row: "2.2.7 takes an address twice in one instance",
    configurations: ["sample vrrp"],
    aspects: ["wire", "addresses"],
  },
  {
    row: "Instances whose time is over at the same moment become master in an order of chance",
    configurations: [
      "sample vrrp.localcheck",
      "sample vrrp.scripts",
      "sample vrrp.sync",
      "two instances on one LAN",
      "sync group",
      "both families",
    ],
    byChance: true,
    aspects: ["wire", "addresses", "routes"],
  },
  {
    row: "The VMAC of an IPv6 instance carries the link-local address of the interface below",
    configurations: ["virtual MAC, IPv6"],
    aspects: ["addresses", "routes"],
  },
  {
    row: "2.2.7 sends unicast over IPv6 with hop limit 64",
    configurations: ["unicast, IPv6"],
    aspects: ["wire"],
  },
  {
    row: "A second owner is nobody's business once it is gone",
    configurations: ["dont_track_primary"],
    step: "cable plugged in",
    aspects: ["wire"],
    byChance: true,
  },
];
