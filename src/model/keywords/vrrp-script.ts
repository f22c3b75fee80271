/** Keywords of `vrrp_script`. */
import { block, command, identity, integer, lenient, row, span, UNSIGNED_MAX, weight, works } from "./row.ts";

export const VRRP_SCRIPT_ROWS = block("vrrp_script", "script", [
  row("script", lenient([command]), works("trackScript.command"), "The command; exit status 0 is success."),
  row("interval", [span(0.001, 4294, 3)], works("trackScript.interval"), "Seconds between starts.", {
    default: "1",
  }),
  row(
    "timeout",
    [span(0.001, 4294, 3)],
    works("trackScript.timeout"),
    "Seconds until a run counts as failed.",
    {
      default: "interval",
    },
  ),
  row(
    "weight",
    [weight(-253, 253)],
    works("trackScript.weight"),
    "Moves the priority; 0 makes a failure a FAULT.",
    {
      default: "0",
    },
  ),
  row(
    "rise",
    [integer(1, UNSIGNED_MAX)],
    works("trackScript.rise"),
    "Successes in a row needed to recover.",
    {
      default: "1",
    },
  ),
  row("fall", [integer(1, UNSIGNED_MAX)], works("trackScript.fall"), "Failures in a row needed to fail.", {
    default: "1",
  }),
  row("user", [identity], works("trackScript.command"), "User and group that run it.", {
    default: "script_user",
  }),
  row("init_fail", [], works("trackScript.initFail"), "Failed until the first success.", { default: "off" }),
]);
