/** What happened to services and servers, in sentences: for `buoy why`, the journal and the log. */

import { quorumSum } from "../base/quorum-sum.ts";
import { formatOsError } from "../base/result.ts";
import { formatSpan } from "../base/time.ts";
import type { DirectorCause, DirectorFact } from "../director/cause.ts";
import type { DirectorEvent } from "../director/event.ts";
import type { InstantText } from "./fact-text.ts";
import type { StewardEvent } from "./journal-entry.ts";

/** One event as a clause, its cause left out. */
export function directorText(event: DirectorEvent): string {
  switch (event.kind) {
    case "ServerChanged":
      return event.up
        ? `${event.realServer} joined the pool of ${event.virtualServer} with weight ${event.weight}`
        : `${event.realServer} ${event.inhibited ? "gets no new connections of" : "left the pool of"} ${event.virtualServer}`;
    case "QuorumChanged":
      return `${event.virtualServer} ${event.up ? "gained" : "lost"} its quorum: ${quorumSum(event.up, event, event.weight)}`;
    case "WeightChanged":
      return `weight of ${event.realServer} in ${event.virtualServer} changed from ${event.from} to ${event.to}`;
    case "CheckFailed":
      return `check of ${event.realServer} for ${event.virtualServer} failed: ${event.check} ${event.detail}, ${attemptsText(event.left)}`;
    case "SorryServer":
      return event.inUse
        ? `${event.virtualServer} is served by its sorry server ${event.sorryServer}`
        : `${event.virtualServer} needs its sorry server ${event.sorryServer} no more`;
    case "Drained":
      return `${event.realServer} is drained: its last connection in ${event.virtualServer} has ended`;
    case "Suspended":
      return event.suspended
        ? `checks of ${event.virtualServer} rest: this host does not hold its address`
        : `checks of ${event.virtualServer} run: this host holds its address`;
    case "ChecksBlocked":
      return `this host cannot run ${event.check}: ${event.reason}; what cannot be checked stays as it is`;
    case "ChecksUnblocked":
      return `this host can run ${event.check} again, the last that it could not: ${event.reason}`;
    case "CheckOverdue":
      return `check ${event.check} is overdue by ${formatSpan(event.overdue)}: it hangs, or this process does`;
    case "PlaneChosen":
      return `services are kept by ${event.plane}: ${event.why}`;
    case "TableChanged":
      return `${countText(event.changes, "change")} of the kernel's services done`;
    case "TableRefused":
      return `${event.what} was refused: ${formatOsError(event.error)}`;
    case "TableDiffered":
      return `somebody else changed the kernel's services: ${countText(event.changes, "change")} put that right`;
  }
}

/** Facts from the immediate one on, each the reason for the one before it. */
export function directorCauseText(cause: DirectorCause): string {
  return cause.map(directorFactText).join(", because ");
}

export function directorFactText(fact: DirectorFact): string {
  switch (fact.kind) {
    case "started":
      return "the daemon started";
    case "configured":
      return fact.what;
    case "check": {
      const times = fact.times > 1 ? ` ${numberWord(fact.times)} times in a row` : "";
      const excerpt =
        fact.excerpt === undefined ? "" : `; the last answer began with ${JSON.stringify(fact.excerpt)}`;
      return `${fact.check} ${fact.detail}${fact.ok ? "" : times}${excerpt}`;
    }
    case "quorum":
      return `the weights of its live servers sum up to ${fact.weight}, and the bound is ${fact.bound}`;
    case "server":
      return `${fact.realServer} is ${fact.up ? "up" : "down"}`;
    case "weight":
      return `the weight of ${fact.realServer} changed from ${fact.from} to ${fact.to}`;
    case "order":
      return `${fact.by} ordered ${fact.order}${fact.why === undefined ? "" : ` (${fact.why})`}`;
    case "order-ended":
      return `the order ${fact.order} was taken back`;
    case "stop-requested":
      return `the daemon stops (${fact.by})`;
  }
}

/** What an operator ordered about a real server. */
export function poolOrderText(event: StewardEvent & { readonly kind: "PoolOrder" }): string {
  const { what, order, virtualServer, realServer, weight, by, why } = event;
  const wish = order === "weight" ? `weight ${weight}` : order;
  const text = `${wish} for ${realServer} of ${virtualServer}`;
  const reason = why === undefined ? "" : ` (${why})`;
  switch (what) {
    case "given":
      return `${by} ordered ${text}${reason}`;
    case "taken-back":
      return `${by} ended ${text}`;
    case "recalled":
      return `${text} ordered by ${by}${reason} goes on after the restart`;
  }
}

/** The cause of an event that has one. */
export function causeOf(event: DirectorEvent): DirectorCause {
  return "cause" in event ? event.cause : [];
}

/** The whole explanation, one line for each fact. */
export function explainDirector(event: DirectorEvent, instant: InstantText): readonly string[] {
  const [first, ...rest] = causeOf(event);
  const head = `${directorText(event)} at ${instant(event.at)}`;
  if (first === undefined) return [head];
  return [
    `${head}: ${directorFactText(first)}`,
    ...rest.map((fact) => `    because ${directorFactText(fact)} (at ${instant(fact.at)})`),
  ];
}

/** Whether the event is about this service or server; names are the log's, or an address that they contain. */
export function isAbout(event: DirectorEvent, name: string): boolean {
  const names = [
    ...("virtualServer" in event ? [event.virtualServer] : []),
    ...("realServer" in event ? [event.realServer] : []),
    ...("check" in event ? [checkTarget(event.check)] : []),
  ];
  return names.some((known) => isCalled(known, name));
}

/** Of a check by the name of its runs, `TCP_CHECK of [10.0.0.2]:80`, what it asks, as servers are called. */
function checkTarget(check: string): string {
  return (/ of (\[.+\]:\d+)(?: #\d+)?$/.exec(check)?.[1] ?? "").replace("]:", "]:tcp:");
}

/**
 * `[10.0.0.2]:tcp:80` answers to itself, `10.0.0.2`, `10.0.0.2:80`, `[10.0.0.2]:80` and `10.0.0.2:80/tcp`; `[GROUP]:0` to
 * `GROUP` and `FWM 3` to `fwmark 3` and `3`.
 */
export function isCalled(known: string, name: string): boolean {
  if (known === name) return true;
  const [, mark] = /^FWM (\d+)$/.exec(known) ?? [];
  if (mark !== undefined) return name === `fwmark ${mark}` || name === mark;
  const [, place, protocol, port] = /^\[(.+)\](?::([a-z]+))?:(\d+)$/.exec(known) ?? [];
  if (place === undefined) return false;
  const short = [`${place}:${port}`, `[${place}]:${port}`];
  return [place, `[${place}]`, ...short, ...short.map((one) => `${one}/${protocol}`)].includes(name);
}

/** Beside a status a figure would be taken for part of it: `answered 503 three times`. */
function numberWord(count: number): string {
  return NUMBERS[count] ?? `${count}`;
}

const NUMBERS: readonly string[] = [
  "no",
  "one",
  "two",
  "three",
  "four",
  "five",
  "six",
  "seven",
  "eight",
  "nine",
  "ten",
];

function attemptsText(left: number): string {
  return left === 0 ? "that was the last attempt" : `${countText(left, "attempt")} left`;
}

function countText(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
