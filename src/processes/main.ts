/** Entry of the child processes: `node main.js ROLE VERSION OPTIONS`, where the role is vrrp, checker or steward. */
import { argv } from "node:process";
import { SystemError } from "../host/native.ts";
import { EXIT_BUG } from "./parent-channel.ts";
import type { RunOptions } from "./run-options.ts";
import { EXIT_FATAL, EXIT_PERMISSION } from "./run-options.ts";
import { outliveTerminal } from "./terminal.ts";

const [, , role, version = "", options = "{}"] = argv;

process.on("uncaughtException", (error) => {
  const forbidden = isPermission(error);
  const remedy = "\n  run as root, or with CAP_NET_ADMIN and CAP_NET_RAW";
  process.stderr.write(
    `buoy ${role}: ${forbidden ? `${error.message}${remedy}` : (error.stack ?? error.message)}\n`,
  );
  process.exit(forbidden ? EXIT_PERMISSION : EXIT_BUG);
});
outliveTerminal();

if (role === "vrrp") {
  const { runVrrpChild } = await import("./vrrp-child.ts");
  runVrrpChild();
} else if (role === "checker") {
  const { runCheckerChild } = await import("./checker-child.ts");
  const { CHECKER_PARTS } = await import("./checker-parts.ts");
  runCheckerChild(CHECKER_PARTS);
} else if (role === "steward") {
  const { runStewardChild } = await import("./steward-child.ts");
  runStewardChild(JSON.parse(options) as RunOptions, version);
} else {
  process.stderr.write("this program is started by buoy run\n");
  process.exitCode = EXIT_FATAL;
}

/** Another start would be refused in the same way. */
function isPermission(error: unknown): boolean {
  return error instanceof SystemError && ["EPERM", "EACCES"].includes(error.osError.errno);
}
