/** keepalived's log lines about services and servers, each followed by buoy's own reason where there is one. */

import { quorumSum } from "../base/quorum-sum.ts";
import type { DirectorEvent } from "../director/event.ts";
import { causeOf, directorCauseText, directorText } from "./director-text.ts";
import { LOG_ERROR, LOG_INFO, LOG_NOTICE, LOG_WARNING, type LogLine } from "./log-severity.ts";

export function directorLines(event: DirectorEvent): readonly LogLine[] {
  switch (event.kind) {
    case "ServerChanged": {
      const text = serverText(event);
      return [line(event.up ? LOG_NOTICE : LOG_WARNING, text), ...reasons(event)];
    }
    case "QuorumChanged": {
      const verb = event.up ? "Gained quorum" : event.starting ? "Starting with quorum down" : "Lost quorum";
      const text = `${verb} ${quorumSum(event.up, event, event.weight)} for VS ${event.virtualServer}`;
      return [line(event.up ? LOG_NOTICE : LOG_WARNING, text), ...reasons(event)];
    }
    case "WeightChanged": {
      const { from, to, up, realServer, virtualServer } = event;
      const state = up ? "active" : "inactive";
      const text = `Changing weight from ${from} to ${to} for ${state} service ${realServer} of VS ${virtualServer}`;
      return [line(LOG_INFO, text), ...reasons(event)];
    }
    case "SorryServer": {
      const { inUse, inhibited, sorryServer, virtualServer } = event;
      const verb = inhibited ? (inUse ? "Enabling" : "Disabling") : inUse ? "Adding" : "Removing";
      const text = `${verb} sorry server ${sorryServer} ${inUse ? "to" : "from"} VS ${virtualServer}`;
      const pool = inUse ? "Removing alive servers from" : "Adding alive servers to";
      return [
        line(inUse ? LOG_WARNING : LOG_NOTICE, text),
        line(LOG_INFO, `${pool} the pool for VS ${virtualServer}`),
      ];
    }
    case "TableRefused":
      return [line(LOG_ERROR, directorText(event))];
    case "TableDiffered":
    case "CheckOverdue":
    case "ChecksBlocked":
      return [line(LOG_WARNING, directorText(event))];
    case "CheckFailed":
    case "ChecksUnblocked":
    case "PlaneChosen":
    case "Drained":
      return [line(LOG_INFO, directorText(event))];
    case "Suspended": {
      const verb = event.suspended ? (event.starting ? "Deactivating" : "Suspending") : "Activating";
      const tell = (server: string): LogLine =>
        line(LOG_INFO, `${verb} healthchecker for service ${server} for VS ${event.virtualServer}`);
      return [...event.checked.map(tell), line(LOG_INFO, `reason: ${directorText(event)}`)];
    }
    case "TableChanged":
      return [{ ...line(LOG_INFO, directorText(event)), detail: true }];
  }
}

/** What goes with the configuration or the daemon is taken out, inhibited or not. */
function serverText(event: DirectorEvent & { readonly kind: "ServerChanged" }): string {
  const { realServer, virtualServer, up, inhibited, cause } = event;
  const from = `service ${realServer} from VS ${virtualServer}`;
  if (!up && cause[0]?.kind === "stop-requested") return `Shutting down ${from}`;
  if (!up && (cause[0]?.kind === "configured" || !inhibited)) return `Removing ${from}`;
  if (!inhibited) return `Adding service ${realServer} to VS ${virtualServer}`;
  return `${up ? "Enabling" : "Disabling"} service ${realServer} of VS ${virtualServer}`;
}

function reasons(event: DirectorEvent): readonly LogLine[] {
  const text = directorCauseText(causeOf(event));
  return text === "" ? [] : [line(LOG_INFO, `reason: ${text}`)];
}

function line(priority: number, text: string): LogLine {
  return { priority, ident: "Keepalived_healthcheckers", text, detail: false };
}
