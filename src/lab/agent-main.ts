/** Runs inside one host of the lab: `agent-main.js ROLE NAME [stand-ins]`. */
import { serveEcho } from "./echo.ts";
import { runProbes } from "./probe.ts";
import type { AgentReport } from "./report.ts";
import { runShopper } from "./shopper.ts";
import { serveProxy, serveWeb } from "./stand-in.ts";

const [role, name] = process.argv.slice(2);

function report(what: AgentReport): void {
  process.stdout.write(`${JSON.stringify(what)}\n`);
}

/** Processes that are started in a host whose agent is another. */
const isGuest = role === "proxy" || role === "page";

if (!isGuest) {
  // The stage holds the other end: when it ends, so does the agent.
  process.stdin.on("end", () => process.exit(0));
  process.stdin.resume();
}

switch (role) {
  case "director":
    await serveEcho(name ?? "");
    break;
  case "page":
    await serveWeb(name ?? "");
    break;
  case "proxy":
    await serveProxy(name ?? "");
    break;
  case "client":
    runProbes(report);
    break;
  case "shopper":
    runShopper(report);
    break;
  case "server":
    // Its web server is a process of its own, which may die.
    break;
  default:
    throw new Error(`the lab has no role ${role}`);
}
if (!isGuest) report({ kind: "ready" });
