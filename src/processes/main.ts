/** Entry of the child processes: `node main.js vrrp VERSION OPTIONS` or `node main.js steward VERSION OPTIONS`. */
import { argv } from "node:process";
import { SystemError } from "../host/native.ts";
import { EXIT_BUG } from "./parent-channel.ts";
import type { RunOptions } from "./run-options.ts";
import { EXIT_FATAL, EXIT_PERMISSION } from "./run-options.ts";

const [, , role, version = "", options = "{}"] = argv;

process.on("uncaughtException", (error) => {
  process.stderr.write(`buoy ${role}: ${error.stack ?? error.message}\n`);
  process.exit(isPermission(error) ? EXIT_PERMISSION : EXIT_BUG);
});

if (role === "vrrp") {
  const { runVrrpChild } = await import("./vrrp-child.ts");
  runVrrpChild();
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
