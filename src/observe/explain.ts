/**
 * Journal entries in sentences: what `buoy why` and `buoy journal` print. Everything said here was written down by the
 * process that decided; nothing is guessed afterwards.
 */
import { formatOsError } from "../base/result.ts";
import { formatSpan, type Micros } from "../base/time.ts";
import type { CauseFact } from "../vrrp/cause.ts";
import type { GroupEvent, VrrpEvent, VrrpState } from "../vrrp/event.ts";
import { bfdText } from "./bfd-text.ts";
import { causeOf, directorCauseText, directorText, explainDirector, poolOrderText } from "./director-text.ts";
import { dropAdvice, factText, type InstantText } from "./fact-text.ts";
import type { JournalEntry, StewardEvent, SupervisorEvent } from "./journal-entry.ts";
import { conflictAdvice, reclaimedText, verifiedText } from "./verify-text.ts";
import { formatMoment, type Reader, wallClockOf } from "./wall-clock.ts";

/**
 * The whole explanation of an entry, one line each: a sentence first, then a line for each further fact of its cause
 * (each the reason for the line before it), then what the operator can do.
 */
export function explain(entry: JournalEntry, reader: Reader): readonly string[] {
  const instant = instantText(entry, reader);
  if (entry.event.source === "bfd")
    return [`${bfdText(entry.event.event, instant)}, at ${instant(entry.event.event.at)}`];
  if (entry.event.source === "director") return explainDirector(entry.event.event, instant);
  if (entry.event.source === "group") {
    const { at, cause } = entry.event.event;
    const head = `${groupText(entry.event.event)} at ${instant(at)}`;
    return [...chainLines(head, cause, instant), ...adviceLines(cause)];
  }
  if (entry.event.source !== "vrrp") return [journalLine(entry, reader)];
  const event = entry.event.event;
  const head = `${changeText(event)} at ${instant(event.at)}`;
  switch (event.kind) {
    case "StateChanged":
    case "PriorityChanged":
    case "TrackerChanged":
      return [...chainLines(head, event.cause, instant), ...adviceLines(event.cause)];
    default:
      return [`${vrrpText(event, instant)}, at ${instant(event.at)}`, ...eventAdvice(event)];
  }
}

/** An explained entry as plain JSON: the entry itself with its sentences. */
export function explainJson(entry: JournalEntry, reader: Reader): unknown {
  return { ...entry, sentences: explain(entry, reader) };
}

/** The entry on one line, its moment first. */
export function journalLine(entry: JournalEntry, reader: Reader): string {
  const instant = instantText(entry, reader);
  const { source, event } = entry.event;
  if (source === "bfd") return `${instant(event.at)} bfd ${bfdText(event, instant)}`;
  if (source === "director") {
    return `${instant(event.at)} checker ${directorText(event)}${reasonText(directorCauseText(causeOf(event)))}`;
  }
  if (source === "vrrp") return `${instant(event.at)} vrrp ${vrrpText(event, instant)}`;
  if (source === "group") {
    return `${instant(event.at)} vrrp ${withCause(groupText(event), event.cause, instant)}`;
  }
  const text = source === "supervisor" ? supervisorText(event) : stewardText(event);
  return `${instant(entry.at)} ${source} ${text}`;
}

/** A short account of a state change's cause for tables and logs: its facts from the immediate one on, on one line. */
export function causeText(cause: readonly CauseFact[], instant: InstantText): string {
  return cause.map((fact) => factText(fact, instant)).join(", because ");
}

/** Writes instants of an entry's event on the reader's wall clock. */
export function instantText(
  entry: { readonly time: string; readonly at: number },
  reader: Reader,
): InstantText {
  return (at) => {
    const moment = wallClockOf(entry, at);
    return moment === undefined ? `${formatSpan(at)} (monotonic)` : formatMoment(moment, reader);
  };
}

function chainLines(head: string, cause: readonly CauseFact[], instant: InstantText): readonly string[] {
  const [first, ...rest] = cause;
  if (first === undefined) return [head];
  const when = (fact: CauseFact): string => ` (at ${instant(fact.at)})`;
  return [
    `${head}: ${factText(first, instant)}`,
    ...rest.map((fact) => `    because ${factText(fact, instant)}${when(fact)}`),
  ];
}

function adviceLines(cause: readonly CauseFact[]): readonly string[] {
  const lines: string[] = [];
  for (const fact of cause) {
    if (fact.kind !== "master-down-timer") continue;
    for (const [reason, count] of Object.entries(fact.dropped)) {
      const advice = count > 0 ? dropAdvice(reason) : undefined;
      if (advice !== undefined) lines.push(`    hint (${reason}): ${advice}`);
    }
  }
  return lines;
}

/** `10.9.0.21 (02:00:00:00:00:01)` where we have met it, else its MAC. */
export function claimant({ mac, neighbour }: VrrpEvent & { readonly kind: "AddressConflict" }): string {
  return neighbour === undefined ? mac : `${neighbour} (${mac})`;
}

function eventAdvice(event: VrrpEvent): readonly string[] {
  if (event.kind === "AddressConflict")
    return conflictAdvice(event.suspect).map((advice) => `    hint: ${advice}`);
  const advice = event.kind === "PacketDropped" ? dropAdvice(event.reason) : EVENT_ADVICE[event.kind];
  return advice === undefined ? [] : [`    hint: ${advice}`];
}

const EVENT_ADVICE: Readonly<Partial<Record<VrrpEvent["kind"], string>>> = {
  VirtualRouterIdClash: "give one of the two virtual routers another virtual_router_id",
  ClockSkew: "let both hosts keep their time by NTP, or raise time_window",
  AcceptRulesFailed: "it needs nf_tables in the kernel and CAP_NET_ADMIN; or set accept",
  OwnerConflict: "priority 255 belongs to the one router that has the addresses on its interface",
};

const ENTERED: Readonly<Record<VrrpState, string>> = {
  INIT: "was set up",
  BACKUP: "became BACKUP",
  MASTER: "became MASTER",
  FAULT: "went to FAULT",
  STOP: "stopped",
};

function groupText({ group, from, to }: GroupEvent): string {
  return enteredText(`sync group ${group}`, from, to);
}

function enteredText(name: string, from: VrrpState, to: VrrpState): string {
  const was = from === "INIT" ? "" : ` (was ${from})`;
  return `${name} ${ENTERED[to]}${was}`;
}

function withCause(text: string, cause: readonly CauseFact[], instant: InstantText): string {
  const why = causeText(cause, instant);
  return why === "" ? text : `${text}: ${why}`;
}

function changeText(event: VrrpEvent): string {
  switch (event.kind) {
    case "StateChanged":
      return enteredText(event.instance, event.from, event.to);
    case "PriorityChanged":
      return `${event.instance} changed its effective priority from ${event.from} to ${event.to}`;
    case "TrackerChanged":
      return `${event.instance} found tracker ${event.tracker} ${event.ok ? "good" : "failed"}`;
    default:
      return event.instance;
  }
}

function vrrpText(event: VrrpEvent, instant: InstantText): string {
  const name = event.instance;
  switch (event.kind) {
    case "StateChanged":
    case "PriorityChanged":
    case "TrackerChanged":
      return withCause(changeText(event), event.cause, instant);
    case "PacketDropped": {
      const more = event.suppressed > 0 ? `, and ${event.suppressed} more before it` : "";
      const detail = event.detail === "" ? "" : `: ${event.detail}`;
      return `${name} dropped a packet from ${event.source} (${event.reason}${detail})${more}`;
    }
    case "AddressListDiffers":
      return `${name} heard ${event.source} advertise another address list than ours${listText("missing", event.missing)}${listText("extra", event.extra)}`;
    case "MasterHeard":
      return `${name} hears master ${event.source} (priority ${event.priority}, every ${formatSpan(event.interval)})`;
    case "AddressAdded":
      return `${name} added ${event.address} to ${event.interface}`;
    case "AddressFailed": {
      const retry = event.retryAt === undefined ? "" : `; next attempt ${instant(event.retryAt)}`;
      return `${name} could not add ${event.address} to ${event.interface}: ${formatOsError(event.error)}${retry}`;
    }
    case "AddressDeletedByOther":
      return `${name} saw somebody else delete ${event.address} from ${event.interface}: ${event.reaction}`;
    case "AddressWentAlong":
      return `${name} put ${event.address} back on ${event.interface}: the kernel had removed it along with the first address of its subnet`;
    case "MacChanged":
      return `${name} announced its addresses again: ${event.interface} has another MAC, ${event.mac}`;
    case "LeftToOther":
      return `${name} left ${event.item} where it is: ${event.other} holds it`;
    case "RoutingAdded":
      return `${name} added ${event.item}`;
    case "RoutingFailed": {
      const retry = event.retryAt === undefined ? "" : `; next attempt ${instant(event.retryAt)}`;
      return `${name} could not add ${event.item}: ${formatOsError(event.error)}${retry}`;
    }
    case "RoutingDeletedByOther":
      return `${name} saw somebody else delete ${event.item}: ${event.reaction}`;
    case "AddressConflict":
      return `${name} holds ${event.address}, but ${claimant(event)} on ${event.interface} claims it too`;
    case "AddressesReclaimed":
      return `${name} sees ${reclaimedText(event)}`;
    case "NeighbourVerified":
      return `${name} asked its neighbours: ${verifiedText(event)}`;
    case "VirtualRouterIdClash":
      return `${name} found another virtual router with VRID ${event.virtualRouterId} here: ${event.source} advertises ${event.addresses.join(", ")}`;
    case "ClockSkew":
      return `${name}: the clock of ${event.source} is ${formatSpan(Math.abs(event.ahead))} ${event.ahead > 0 ? "ahead of" : "behind"} ours`;
    case "PeerResolved":
      return `${name} takes ${event.address} for peer ${event.host}`;
    case "OldChecksum":
      return `${name} heard ${event.source} sum as keepalived before 1.3.6 did, and does so too from now on`;
    case "OwnerConflict":
      return `${name} owns its addresses, and so does ${event.source}: ${event.reaction}`;
    case "AcceptRulesChanged":
      return event.drops
        ? `${name} drops packets to its virtual addresses (no_accept)`
        : `${name} no longer drops packets to its virtual addresses`;
    case "AcceptRulesFailed": {
      const consequence = event.drops
        ? "its virtual addresses answer although no_accept is set"
        : "packets to its virtual addresses are still dropped here";
      const again = `tried again at ${instant(event.retryAt)}`;
      return `${name} could not change its nftables rules: ${formatOsError(event.error)}; ${consequence}; ${again}`;
    }
    case "LowerPriorityAdvert":
      return `${name} heard ${event.source} advertise lower priority ${event.priority}`;
    case "AwaitsGroup": {
      const waiting = `${name} would be MASTER, but waits for ${event.members.join(", ")} of its sync group ${event.group}`;
      return withCause(waiting, event.cause, instant);
    }
    case "Stalled":
      return `${name} was not scheduled for ${formatSpan(event.late)} although a deadline had passed; it ${event.reaction}`;
    case "OrderProgress":
      return `${name} ${orderProgressText(event)}`;
    case "FirstAnnouncement":
      return `${name} announced its addresses ${formatSpan(event.afterDeadline)} after it became due`;
  }
}

/** How an operator's order goes, without subject. */
export function orderProgressText(event: Pick<OrderProgressEvent, "order" | "stage" | "to">): string {
  switch (event.stage) {
    case "handing-over":
      return `says priority 0 for the ${event.order} and holds its addresses until another router takes over`;
    case "handed-over":
      return `handed over to ${event.to ?? "another router"} for the ${event.order}`;
    case "in-force":
      return event.order === "failover" ? "stands aside for the failover" : "is out for the maintenance";
    case "kept":
      return `stays MASTER in spite of the ${event.order}: no other router took over`;
    case "overtaken":
      return `is MASTER again in spite of the ${event.order}: the other master fell silent`;
    case "ended":
      return `competes again as usual: the ${event.order} is over`;
  }
}

type OrderProgressEvent = VrrpEvent & { readonly kind: "OrderProgress" };

function listText(what: string, addresses: readonly string[]): string {
  return addresses.length === 0 ? "" : `; ${what}: ${addresses.join(", ")}`;
}

/** What the supervisor did, without subject. */
export function supervisorText(event: SupervisorEvent): string {
  switch (event.kind) {
    case "DaemonStarted":
      return `buoy ${event.version} started (pid ${event.pid})`;
    case "ChildStarted":
      return `started the ${event.child} process (pid ${event.pid})${event.warm ? ", which goes on where the last one ended" : ""}`;
    case "ChildDied":
      return `the ${event.child} process (pid ${event.pid}) died: ${event.how}; ${restartText(event.restartIn)}`;
    case "HeartbeatMissed":
      return `the ${event.child} process has been silent for ${formatSpan(event.silentFor)}`;
    case "LedgerReleased":
      return `released the addresses of the dead vrrp process: ${event.addresses.join(", ") || "none"}${listText("failed", event.failed)}`;
    case "ScriptEnded":
      return scriptEndedText(event);
    case "DaemonScriptEnded":
      return daemonScriptText(event);
    case "FifoScriptEnded":
      return `the reader of FIFO ${event.path} (${event.command.join(" ")}) ended with ${event.how}; ${restartText(event.restartIn)}`;
    case "FifoLinesLost":
      return `FIFO ${event.path} is full, because nobody reads it: ${plural(event.count, "line")} lost`;
    case "NotifyCollapsed":
      return `${event.subject}: passed over notifications for ${event.states.join(", ")}, because a newer state waited`;
    case "EventsDropped":
      return `${event.count} events were dropped between ${event.between}`;
    case "Degraded":
      return `${event.what}: ${event.consequence}. ${event.remedy}`;
    case "Mended":
      return `no more: ${event.what}`;
    case "DaemonStopping":
      return `stopping (${event.by})`;
  }
}

function restartText(restartIn: Micros | undefined): string {
  if (restartIn === undefined) return "it is not started again";
  return restartIn === 0 ? "starting it again at once" : `starting it again in ${formatSpan(restartIn)}`;
}

function scriptEndedText(event: SupervisorEvent & { readonly kind: "ScriptEnded" }): string {
  const run = `${event.subject}: script for ${event.state} (${event.command.join(" ")})`;
  const took = `after ${formatSpan(event.duration)}`;
  if (event.error !== undefined) return `${run} could not run: ${event.error}`;
  if (event.signal !== undefined) return `${run} was killed by ${event.signal} ${took}`;
  return event.exitCode === 0
    ? `${run} ended well ${took}`
    : `${run} failed with exit status ${event.exitCode ?? "unknown"} ${took}`;
}

function daemonScriptText(event: SupervisorEvent & { readonly kind: "DaemonScriptEnded" }): string {
  const run = `${event.script} script ${event.command.join(" ")}`;
  const took = `after ${formatSpan(event.duration)}`;
  if (event.error !== undefined) return `${run} could not run: ${event.error}`;
  if (event.timedOut) return `${run} was ended ${took}: it took too long`;
  if (event.signal !== undefined) return `${run} was killed by ${event.signal} ${took}`;
  return event.exitCode === 0
    ? `${run} succeeded ${took}`
    : `${run} failed with exit status ${event.exitCode ?? "unknown"} ${took}`;
}

/** What the steward did, without subject. */
export function stewardText(event: StewardEvent): string {
  switch (event.kind) {
    case "ConfigLoaded":
      return `configuration ${event.files.join(", ")}: ${plural(event.instances, "instance")}, ${plural(event.notes, "note")}, ${plural(event.repairs, "repair")}`;
    case "ConfigRefused":
      return `configuration ${event.file} refused${event.atStart ? "" : ", the running one stays"}: ${event.diagnostics[0] ?? "no reason given"}`;
    case "ReloadPlanned":
      return `reload: ${event.lines.map((line) => line.trim()).join(" | ")}`;
    case "Order":
      return orderText(event);
    case "PoolOrder":
      return poolOrderText(event);
    case "OrdersLost":
      return `the orders kept in ${event.file} are lost: ${event.error}`;
    case "PeerNameResolved":
      return `unicast peer ${event.name} is ${event.address}${event.before === undefined ? "" : `, and was ${event.before}`}`;
    case "PeerNameFailed":
      return `unicast peer ${event.name} cannot be resolved (${event.error}); ${event.kept === undefined ? "instances with it wait in FAULT" : `${event.kept} stays`}`;
    case "PeerNamesNotKept":
      return `the addresses of unicast peers cannot be kept in ${event.file}: ${event.error}`;
    case "ReloadUnchanged":
      return "the reloaded configuration changes nothing";
    case "TrackerTrouble":
      return `tracker ${event.tracker}: ${event.error}`;
    case "MailSent":
      return `mail "${event.subject}" sent to ${event.recipients.join(", ")}${event.attempts > 1 ? ` at attempt ${event.attempts}` : ""}`;
    case "MailFailed":
      return `mail "${event.subject}" failed (attempt ${event.attempt}): ${event.error}; ${event.retryIn === undefined ? "given up" : `again in ${formatSpan(event.retryIn)}`}`;
  }
}

function orderText(event: StewardEvent & { readonly kind: "Order" }): string {
  const what = `${event.order}${event.subject === undefined ? "" : ` of ${event.subject}`}`;
  const why = event.why === undefined ? "" : ` (${event.why})`;
  const until = event.until === undefined ? "" : ` until ${event.until}`;
  switch (event.what) {
    case "given":
      return `${event.by} ordered ${what}${until}${why}`;
    case "taken-back":
      return `${event.by} ended ${what}`;
    case "expired":
      return `${what} ordered by ${event.by} is over: its time has come`;
    case "recalled":
      return `${what} ordered by ${event.by}${why} goes on after the restart${until}`;
  }
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

function reasonText(cause: string): string {
  return cause === "" ? "" : `: ${cause}`;
}
