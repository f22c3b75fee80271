/**
 * The log: what keepalived's users grep for, in keepalived's sentences, followed by buoy's own reason where there is
 * one. keepalived logs everything at info; lines that need an eye get a higher level here, since only the text is matched.
 */
import { formatOsError } from "../base/result.ts";
import { formatSpan, MICROS_PER_MILLI } from "../base/time.ts";
import type { BfdEvent } from "../bfd/event.ts";
import type { CauseFact } from "../vrrp/cause.ts";
import type { DropReason, VrrpEvent } from "../vrrp/event.ts";
import { BFD_DROP_TEXTS, bfdDiagnosticText } from "./bfd-text.ts";
import { directorLines } from "./director-log.ts";
import { claimant, instantText, orderProgressText, stewardText, supervisorText } from "./explain.ts";
import { dropAdvice, factText, type InstantText } from "./fact-text.ts";
import type { JournalEntry, SupervisorEvent } from "./journal-entry.ts";
import { LOG_ERROR, LOG_INFO, LOG_NOTICE, LOG_WARNING, type LogLine } from "./log-severity.ts";
import { conflictAdvice, reclaimedText, verifiedText } from "./verify-text.ts";
import { parseWallClock } from "./wall-clock.ts";

/** The log lines of one journal entry, in order; empty for what only the journal keeps. Moments are written in local time. */
export function logLine(entry: JournalEntry): readonly LogLine[] {
  switch (entry.event.source) {
    case "vrrp":
      return vrrpLines(entry, entry.event.event);
    case "group": {
      const { group, to } = entry.event.event;
      if (to === "STOP") return [];
      return [vrrp(LOG_INFO, `VRRP_Group(${group}) Syncing instances to ${to} state`)];
    }
    case "bfd":
      return bfdLines(entry.event.event);
    case "director":
      return directorLines(entry.event.event);
    case "supervisor":
      return supervisorLines(entry.event.event);
    case "steward": {
      const { kind } = entry.event.event;
      const failed = kind === "ConfigRefused" || kind === "MailFailed";
      const warns = kind === "TrackerTrouble" || kind === "PeerNameFailed" || kind === "PeerNamesNotKept";
      const priority = failed ? LOG_ERROR : warns ? LOG_WARNING : LOG_INFO;
      return [parent(priority, stewardText(entry.event.event))];
    }
  }
}

function vrrpLines(entry: JournalEntry, event: VrrpEvent): readonly LogLine[] {
  const prefix = `(${event.instance}) `;
  const instant = instantText(entry, { now: parseWallClock(entry.time) ?? 0, zone: "local" });
  switch (event.kind) {
    case "StateChanged":
      return stateLines(prefix, event, instant);
    case "PriorityChanged":
      return [vrrp(LOG_INFO, `${prefix}Changing effective priority from ${event.from} to ${event.to}`)];
    case "PacketDropped":
      return dropLines(prefix, event);
    case "LowerPriorityAdvert":
      return [
        vrrp(
          LOG_INFO,
          `${prefix}received lower priority (${event.priority}) advert from ${event.source} - discarding`,
        ),
      ];
    case "TrackerChanged":
      return event.cause.flatMap((fact) => trackerLines(event.instance, fact));
    case "AddressListDiffers":
      return addressListLines(prefix, event);
    case "MasterHeard":
      return [
        detail(
          `${prefix}master is ${event.source} with priority ${event.priority}, advert interval ${event.interval / MICROS_PER_MILLI}ms`,
        ),
      ];
    case "OrderProgress":
      return [
        vrrp(event.stage === "kept" ? LOG_WARNING : LOG_NOTICE, `${prefix}${orderProgressText(event)}`),
      ];
    case "AddressAdded":
    case "RoutingAdded":
    case "FirstAnnouncement":
      return [];
    case "AddressFailed":
      return [
        vrrp(
          LOG_ERROR,
          `${prefix}cannot add ${event.address} to ${event.interface}: ${formatOsError(event.error)}`,
        ),
      ];
    case "AddressWentAlong":
      return [
        vrrp(
          LOG_INFO,
          `${prefix}${event.address} went from ${event.interface} with the first address of its subnet: put back`,
        ),
      ];
    case "MacChanged":
      return [
        vrrp(
          LOG_INFO,
          `${prefix}${event.interface} has another MAC, ${event.mac}: announcing our addresses again`,
        ),
      ];
    case "LeftToOther":
      return [vrrp(LOG_INFO, `${prefix}${event.item} stays: ${event.other} holds it`)];
    case "AddressDeletedByOther":
      return [
        vrrp(
          LOG_WARNING,
          `${prefix}${event.address} was removed from ${event.interface} by another process: ${event.reaction}`,
        ),
      ];
    case "RoutingFailed":
      return [vrrp(LOG_ERROR, `${prefix}cannot add ${event.item}: ${formatOsError(event.error)}`)];
    case "RoutingDeletedByOther":
      return [vrrp(LOG_WARNING, `${prefix}${event.item} was removed by another process: ${event.reaction}`)];
    case "AddressConflict":
      return [
        vrrp(
          LOG_ERROR,
          `${prefix}address conflict: ${claimant(event)} on ${event.interface} claims ${event.address}, which is ours`,
        ),
        ...conflictAdvice(event.suspect).map((advice) => vrrp(LOG_ERROR, `${prefix}hint: ${advice}`)),
      ];
    case "AwaitsGroup":
      return [
        ...masterFacts(prefix, event.cause),
        vrrp(LOG_INFO, `${prefix}waits for ${event.members.join(", ")} of sync group ${event.group}`),
      ];
    case "AddressesReclaimed":
    case "NeighbourVerified":
      return verifyLines(prefix, event);
    case "VirtualRouterIdClash":
      return [
        vrrp(
          LOG_ERROR,
          `${prefix}another virtual router uses VRID ${event.virtualRouterId}: ${event.source} advertises ${event.addresses.join(", ")}`,
        ),
      ];
    case "ClockSkew":
      return [
        vrrp(
          LOG_WARNING,
          `${prefix}the clock of ${event.source} differs from ours by ${formatSpan(Math.abs(event.ahead))}`,
        ),
      ];
    case "PeerResolved":
      return [vrrp(LOG_INFO, `${prefix}unicast peer ${event.host} is ${event.address}`)];
    case "OldChecksum":
      return [
        vrrp(LOG_INFO, `${prefix}Setting unicast VRRPv3 checksum to old version, as ${event.source} has it`),
      ];
    case "OwnerConflict":
      return [vrrp(LOG_ERROR, `${prefix}CONFLICT: ${event.source} is address owner too - ${event.reaction}`)];
    case "AcceptRulesChanged":
      return [detail(`${prefix}${event.drops ? "setting" : "removing"} firewall drop rule`)];
    case "AcceptRulesFailed": {
      const [what, consequence] = event.drops
        ? ["set", "its virtual addresses answer although no_accept is set"]
        : ["remove", "packets to its virtual addresses are still dropped here"];
      const why = formatOsError(event.error);
      return [vrrp(LOG_ERROR, `${prefix}cannot ${what} firewall drop rule: ${why}: ${consequence}`)];
    }
    case "Stalled":
      return [
        vrrp(
          LOG_WARNING,
          `${prefix}was not scheduled for ${formatSpan(event.late)}: the host stalls or is overloaded; ${event.reaction}`,
        ),
      ];
  }
}

/** A gateway that was not reached needs an eye; a client may have gone away. */
function verifyLines(
  prefix: string,
  event: Extract<VrrpEvent, { readonly kind: "AddressesReclaimed" | "NeighbourVerified" }>,
): readonly LogLine[] {
  if (event.kind === "AddressesReclaimed") return [vrrp(LOG_WARNING, `${prefix}${reclaimedText(event)}`)];
  const text = `${prefix}${verifiedText(event)}`;
  if (event.outcome === "unproved") return [{ ...vrrp(LOG_WARNING, text), detail: event.why === "seen" }];
  return [{ ...vrrp(LOG_NOTICE, text), detail: event.outcome !== "asked" }];
}

type StateChanged = VrrpEvent & { readonly kind: "StateChanged" };

function stateLines(prefix: string, event: StateChanged, instant: InstantText): readonly LogLine[] {
  const why = event.cause.map((fact) => factText(fact, instant)).join(", because ");
  const reason = why === "" ? [] : [vrrp(LOG_INFO, `${prefix}reason: ${why}`)];
  // What brought the whole group here has been said once, by the member it happened to.
  const own = event.cause.some(({ kind }) => kind === "group" || kind === "group-agreed") ? [] : event.cause;
  const before = [...own].reverse().flatMap(linkLines);
  switch (event.to) {
    case "MASTER":
      return [
        ...before,
        ...masterFacts(prefix, own),
        entering(prefix, "MASTER STATE", LOG_NOTICE),
        ...reason,
      ];
    case "BACKUP":
      return [
        ...before,
        ...yieldFacts(prefix, event),
        entering(prefix, event.from === "INIT" ? "BACKUP STATE (init)" : "BACKUP STATE", LOG_NOTICE),
        ...reason,
      ];
    case "FAULT":
      return [...before, entering(prefix, "FAULT STATE", LOG_ERROR), ...zeroSent(prefix, event), ...reason];
    case "STOP":
      return [...zeroSent(prefix, event), ...reason];
    case "INIT":
      return [];
  }
}

function entering(prefix: string, state: string, priority: number): LogLine {
  return vrrp(priority, `${prefix}Entering ${state}`);
}

function zeroSent(prefix: string, event: StateChanged): readonly LogLine[] {
  return event.from === "MASTER"
    ? [detail(`${prefix}sent 0 priority`), detail(`${prefix}removing VIPs.`)]
    : [];
}

function masterFacts(prefix: string, cause: readonly CauseFact[]): readonly LogLine[] {
  const gaveUp = cause.some((fact) => fact.kind === "advertisement" && fact.priority === 0);
  const timeout = cause.some((fact) => fact.kind === "master-down-timer");
  return [
    ...(gaveUp ? [detail(`${prefix}Backup received priority 0 advertisement`)] : []),
    ...(timeout || gaveUp ? [detail(`${prefix}Receive advertisement timeout`)] : []),
  ];
}

function yieldFacts(prefix: string, event: StateChanged): readonly LogLine[] {
  const heard = event.cause[0];
  if (event.from !== "MASTER" || heard?.kind !== "advertisement") return [];
  const from = `${prefix}Master received advert from ${heard.from} with`;
  return heard.priority === heard.ourPriority
    ? [vrrp(LOG_INFO, `${from} same priority ${heard.priority} but higher IP address than ours`)]
    : [vrrp(LOG_INFO, `${from} higher priority ${heard.priority}, ours ${heard.ourPriority}`)];
}

/** keepalived's own line for a link; a script's verdict has an event of its own. */
function linkLines(fact: CauseFact): readonly LogLine[] {
  return fact.kind === "interface"
    ? [
        {
          ...vrrp(LOG_INFO, `Netlink reports ${fact.name} ${fact.up ? "up" : "down"}`),
          happenedAt: fact.at,
        },
      ]
    : [];
}

function trackerLines(instance: string, fact: CauseFact): readonly LogLine[] {
  if (fact.kind === "bfd") {
    const state = fact.up ? "UP" : "DOWN";
    return [vrrp(LOG_INFO, `VRRP_Instance(${instance}) Tracked BFD instance ${fact.name} is ${state}`)];
  }
  if (fact.kind === "file") return fileLines(instance, fact);
  if (fact.kind === "process") return processLines(fact);
  if (fact.kind !== "script") return linkLines(fact);
  if (fact.ok) return [vrrp(LOG_INFO, `VRRP_Script(${fact.name}) succeeded`)];
  return [vrrp(LOG_INFO, `VRRP_Script(${fact.name}) failed (${scriptOutcome(fact)})`)];
}

/** What a file does to a priority is a line of its own. */
function fileLines(instance: string, fact: CauseFact & { readonly kind: "file" }): readonly LogLine[] {
  if (!fact.ok) {
    const status = fact.weight === 0 ? fact.value : fact.adds;
    return [
      vrrp(LOG_INFO, `(${instance}): entering FAULT state (tracked file ${fact.name} has status ${status})`),
    ];
  }
  return fact.weight === 0
    ? [vrrp(LOG_INFO, `(${instance}): tracked file ${fact.name} leaving FAULT state`)]
    : [];
}

function processLines({ name, count, up }: CauseFact & { readonly kind: "process" }): readonly LogLine[] {
  const quorum = up ? "up" : "down";
  return [
    vrrp(LOG_INFO, `Process ${name}, number of current processes changed to ${count}, quorum ${quorum}`),
  ];
}

function scriptOutcome(fact: CauseFact & { readonly kind: "script" }): string {
  if (fact.timedOut) return "timed out";
  return fact.signal === undefined
    ? `exited with status ${fact.exitCode ?? "unknown"}`
    : `due to signal ${fact.signal}`;
}

const DROP_SENTENCES: Readonly<Partial<Record<DropReason, string>>> = {
  "too-short": "vrrp packet too short",
  truncated: "vrrp packet too short",
  "hop-limit": "invalid TTL/HL",
  version: "wrong version",
  "authentication-type": "received an unexpected authentication type",
  authentication: "received an invalid passwd!",
  "advertisement-interval": "advertisement interval mismatch",
  type: "Invalid packet type",
  checksum: "Invalid VRRP checksum",
  destination: "unexpected destination address",
  "ah-missing": "received no IPSEC-AH header",
  "ah-malformed": "received an unexpected IPSEC-AH header",
  "ah-invalid": "IPSEC-AH : invalid IPSEC HMAC-MD5 value",
  "ah-replay": "IPSEC-AH : sequence number already processed",
  length: "unexpected packet length",
  "ttl-window": "invalid TTL/HL",
  "auth-ext-missing": "auth_hmac trailer missing",
  "auth-ext-malformed": "auth_hmac trailer malformed",
  "auth-ext-stale": "auth_hmac timestamp outside the window",
  "auth-ext-unknown-key": "auth_hmac key unknown",
  "auth-ext-invalid": "auth_hmac invalid",
  "auth-ext-replay": "auth_hmac sequence replayed",
  "unicast-source": "unicast source address is not a configured peer",
};

function dropLines(
  prefix: string,
  event: VrrpEvent & { readonly kind: "PacketDropped" },
): readonly LogLine[] {
  const sentence = DROP_SENTENCES[event.reason];
  // The rest is what every router ignores by design; the journal counts it.
  if (sentence === undefined) return [];
  const said = event.detail === "" ? "" : ` (${event.detail})`;
  const more = event.suppressed > 0 ? `, ${event.suppressed} more since the last report` : "";
  const advice = dropAdvice(event.reason);
  return [
    vrrp(LOG_WARNING, `${prefix}${sentence} from ${event.source}${said} - packet dropped${more}`),
    ...(advice === undefined ? [] : [detail(`${prefix}hint: ${advice}`)]),
  ];
}

function addressListLines(
  prefix: string,
  event: VrrpEvent & { readonly kind: "AddressListDiffers" },
): readonly LogLine[] {
  const parts = [
    ...event.missing.map((address) => `${address} is ours but not advertised`),
    ...event.extra.map((address) => `${address} is advertised but not ours`),
  ];
  return [
    vrrp(
      LOG_WARNING,
      `${prefix}VIP list of ${event.source} differs from ours: ${parts.join(", ") || "other order or count"}`,
    ),
  ];
}

/** keepalived's lines; what it says with `-D` only is a detail here too. */
function bfdLines(event: BfdEvent): readonly LogLine[] {
  const name = `(${event.session})`;
  switch (event.kind) {
    case "StateChanged": {
      const { from, to, diagnostic, remoteDiagnostic, reason } = event;
      const priority = from === "Up" ? LOG_WARNING : to === "Up" ? LOG_NOTICE : LOG_INFO;
      const local = `Local diagnostic - ${bfdDiagnosticText(diagnostic)}`;
      const remote = `Remote diagnostic - ${bfdDiagnosticText(remoteDiagnostic)}`;
      const why = to === "Down" || to === "AdminDown" ? ` (${local}, ${remote})` : "";
      const entering = bfd(priority, `${name} Entering ${to} state${why}`);
      if (reason.kind !== "detection-time") return [entering];
      return [bfd(LOG_INFO, `${name} Expired after ${reason.interval / MICROS_PER_MILLI} ms`), entering];
    }
    case "TimersAgreed": {
      const text = `transmit interval ${formatSpan(event.transmitInterval)}, detection time ${formatSpan(event.detectionTime)}`;
      return [{ ...bfd(LOG_INFO, `${name} ${text}`), detail: true }];
    }
    case "PacketDropped": {
      const whose = event.session === undefined ? "" : `${name} `;
      const text = `${whose}Discarding packet from ${event.source}: ${BFD_DROP_TEXTS[event.reason]}`;
      return [{ ...bfd(LOG_WARNING, text), detail: true }];
    }
  }
}

function bfd(priority: number, text: string): LogLine {
  return { priority, ident: "Keepalived_bfd", text, detail: false };
}

function supervisorLines(event: SupervisorEvent): readonly LogLine[] {
  switch (event.kind) {
    case "DaemonStarted":
      return [parent(LOG_INFO, `Starting Keepalived (buoy ${event.version})`)];
    case "ChildStarted":
      return [parent(LOG_INFO, `Starting ${CHILD_WORDS[event.child]} child process, pid=${event.pid}`)];
    case "DaemonStopping":
      return [parent(LOG_INFO, "Stopping"), parent(LOG_INFO, `reason: ${event.by}`)];
    case "ScriptEnded": {
      const good = event.error === undefined && event.exitCode === 0;
      return [{ ...parent(good ? LOG_INFO : LOG_WARNING, supervisorText(event)), detail: good }];
    }
    case "DaemonScriptEnded": {
      const good = event.error === undefined && event.exitCode === 0;
      return [parent(good ? LOG_INFO : LOG_WARNING, supervisorText(event))];
    }
    case "NotifyCollapsed":
    case "Mended":
      return [parent(LOG_NOTICE, supervisorText(event))];
    case "ChildDied":
    case "HeartbeatMissed":
    case "LedgerReleased":
    case "EventsDropped":
    case "FifoScriptEnded":
    case "FifoLinesLost":
    case "Degraded":
      return [parent(LOG_WARNING, supervisorText(event))];
  }
}

const CHILD_WORDS = { vrrp: "VRRP", checker: "Healthcheck", steward: "steward" } as const;

function vrrp(priority: number, text: string): LogLine {
  return { priority, ident: "Keepalived_vrrp", text, detail: false };
}

function detail(text: string): LogLine {
  return { priority: LOG_INFO, ident: "Keepalived_vrrp", text, detail: true };
}

function parent(priority: number, text: string): LogLine {
  return { priority, ident: "Keepalived", text, detail: false };
}
