/** Keywords of the trackers `vrrp_track_process` and `track_file`. */
import { block, COVERED, choice, integer, lenient, optional, rest, row, span, weight, word } from "./row.ts";

const delay = [span(0.000001, 3600)];

const fileRows = [
  row("file", lenient([word("path")]), COVERED, "The file, followed by inotify."),
  row(
    "weight",
    lenient([weight(-254, 254)]),
    COVERED,
    "What the number is multiplied by; 0 makes any but 0 a FAULT.",
    {
      default: "1",
    },
  ),
  row("init_file", [optional(rest("[VALUE] [overwrite]"))], COVERED, "Create the file at start.", {
    default: "off",
  }),
];

export const TRACK_ROWS = [
  ...block("vrrp_track_process", "track", [
    row(
      "process",
      [rest("COMMAND [ARGUMENT ...]")],
      COVERED,
      "Name or path of the program, and its arguments.",
    ),
    row("param_match", [optional(choice("initial", "partial"))], COVERED, "How arguments are compared."),
    row("weight", lenient([weight(-254, 254)]), COVERED, "Moves the priority; 0 makes a failure a FAULT.", {
      default: "0",
    }),
    row("quorum", [integer(1, 65535)], COVERED, "Fewest processes.", { default: "1" }),
    row("quorum_max", [integer(0, 65535)], COVERED, "Most processes.", { default: "unlimited" }),
    row("delay", delay, COVERED, "Sets both delays below.", { default: "0" }),
    row("terminate_delay", delay, COVERED, "Seconds before a loss counts.", { default: "0" }),
    row("fork_delay", delay, COVERED, "Seconds before a gain counts.", { default: "0" }),
    row("full_command", [], COVERED, "Compare the whole command line.", { default: "off" }),
  ]),
  ...block("track_file", "track", fileRows),
  ...block("vrrp_track_file", "track", fileRows),
];
