/** Keywords of the trackers `vrrp_track_process` and `track_file`. */
import { block, choice, integer, lenient, optional, rest, row, span, weight, word, works } from "./row.ts";

const delay = [span(0.000001, 3600)];

const fileRows = [
  row("file", lenient([word("path")]), works("trackFile.path"), "The file, followed by inotify."),
  row(
    "weight",
    lenient([weight(-254, 254)]),
    works("trackFile.weight"),
    "What the number is multiplied by; 0 makes any but 0 a FAULT.",
    {
      default: "1",
    },
  ),
  row(
    "init_file",
    [optional(rest("[VALUE] [overwrite]"))],
    works("trackFile.initial"),
    "Create the file at start.",
    {
      default: "off",
    },
  ),
];

export const TRACK_ROWS = [
  ...block("vrrp_track_process", "track", [
    row(
      "process",
      [rest("COMMAND [ARGUMENT ...]")],
      works("trackProcess.match"),
      "Name or path of the program, and its arguments.",
    ),
    row(
      "param_match",
      [optional(choice("initial", "partial"))],
      works("trackProcess.match"),
      "How arguments are compared.",
    ),
    row(
      "weight",
      lenient([weight(-254, 254)]),
      works("trackProcess.weight"),
      "Moves the priority; 0 makes a failure a FAULT.",
      {
        default: "0",
      },
    ),
    row("quorum", [integer(1, 65535)], works("trackProcess.quorum"), "Fewest processes.", { default: "1" }),
    row("quorum_max", [integer(0, 65535)], works("trackProcess.quorumMax"), "Most processes.", {
      default: "unlimited",
    }),
    row("delay", delay, works("trackProcess.forkDelay"), "Sets both delays below.", { default: "0" }),
    row("terminate_delay", delay, works("trackProcess.terminateDelay"), "Seconds before a loss counts.", {
      default: "0",
    }),
    row("fork_delay", delay, works("trackProcess.forkDelay"), "Seconds before a gain counts.", {
      default: "0",
    }),
    row("full_command", [], works("trackProcess.match"), "Compare the whole command line.", {
      default: "off",
    }),
  ]),
  ...block("track_file", "track", fileRows),
  ...block("vrrp_track_file", "track", fileRows),
];
