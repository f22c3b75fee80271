/** keepalived's log lines about services and servers, each followed by buoy's own reason where there is one. */
import type { DirectorEvent } from "../director/event.ts";
import { causeOf, directorCauseText, directorText, quorumText } from "./director-text.ts";
import { LOG_ERROR, LOG_INFO, LOG_NOTICE, LOG_WARNING, type LogLine } from "./log-severity.ts";

export function directorLines(event: DirectorEvent): readonly LogLine[] {
  switch (event.kind) {
    case "ServerChanged": {
      const { realServer, virtualServer, up, inhibited } = event;
      const verb = inhibited ? (up ? "Enabling" : "Disabling") : up ? "Adding" : "Removing";
      const link = inhibited ? "of" : up ? "to" : "from";
      const text = `${verb} service ${realServer} ${link} VS ${virtualServer}`;
      return [line(up ? LOG_NOTICE : LOG_WARNING, text), ...reasons(event)];
    }
    case "QuorumChanged": {
      const text = `${event.up ? "Gained" : "Lost"} quorum ${quorumText(event)} for VS ${event.virtualServer}`;
      return [line(event.up ? LOG_NOTICE : LOG_WARNING, text), ...reasons(event)];
    }
    case "WeightChanged": {
      const text = `Changing weight from ${event.from} to ${event.to} for service ${event.realServer} of VS ${event.virtualServer}`;
      return [line(LOG_INFO, text), ...reasons(event)];
    }
    case "SorryServer": {
      const [verb, link] = event.inUse ? ["Adding", "to"] : ["Removing", "from"];
      const text = `${verb} sorry server ${event.sorryServer} ${link} VS ${event.virtualServer}`;
      return [line(event.inUse ? LOG_WARNING : LOG_NOTICE, text)];
    }
    case "TableRefused":
      return [line(LOG_ERROR, directorText(event))];
    case "TableDiffered":
    case "CheckOverdue":
      return [line(LOG_WARNING, directorText(event))];
    case "CheckFailed":
    case "PlaneChosen":
    case "Suspended":
    case "Drained":
      return [line(LOG_INFO, directorText(event))];
    case "TableChanged":
      return [{ ...line(LOG_INFO, directorText(event)), detail: true }];
  }
}

function reasons(event: DirectorEvent): readonly LogLine[] {
  const text = directorCauseText(causeOf(event));
  return text === "" ? [] : [line(LOG_INFO, `reason: ${text}`)];
}

function line(priority: number, text: string): LogLine {
  return { priority, ident: "Keepalived_healthcheckers", text, detail: false };
}
