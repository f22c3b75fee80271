/** Facts of a cause in words: each a clause without capital or full stop, so that clauses can be joined. */
import { formatOsError } from "../base/result.ts";
import { formatSpan } from "../base/time.ts";
import type { CauseFact } from "../vrrp/cause.ts";
import type { DropReason } from "../vrrp/event.ts";

/** Writes an instant as the reader's wall clock. */
export type InstantText = (at: number) => string;

const ORDERED = { failover: "a failover", maintenance: "maintenance", freeze: "a freeze" } as const;

/** One fact as a clause, without the moment at which it was found. */
export function factText(fact: CauseFact, instant: InstantText): string {
  switch (fact.kind) {
    case "started":
      return "the daemon started";
    case "restored":
      return `the VRRP process came back after ${formatSpan(fact.downFor)} and went on where it was`;
    case "configured":
      return `the configuration says so: ${fact.what}`;
    case "advertisement":
      return advertisementText(fact);
    case "master-down-timer":
      return masterDownText(fact, instant);
    case "address-owner":
      return "priority 255 makes this router the address owner, which needs no election";
    case "preempt-delay-over":
      return `the preempt delay of ${formatSpan(fact.delay)} is over`;
    case "interface":
      return `interface ${fact.name} ${fact.up ? "came up" : "went down"}${suffix(fact.reason)}`;
    case "script":
      return scriptText(fact);
    case "order":
      return `${fact.by} ordered ${ORDERED[fact.order]}${suffix(fact.why ?? "")}`;
    case "order-ended":
      return `the ${fact.order} is over`;
    case "bfd":
      return `BFD session ${fact.name} ${BFD_VERDICTS[fact.why]}`;
    case "file":
      return fileText(fact);
    case "process":
      return processText(fact);
    case "priority":
      return `our priority changed from ${fact.from} to ${fact.to}`;
    case "address-removed":
      return `somebody else removed ${fact.address} from ${fact.interface}`;
    case "static-entry":
      return `static entry ${fact.item}: ${fact.why}`;
    case "address-added":
      return `${fact.address} was added to ${fact.interface}`;
    case "retry":
      return `the wait of ${formatSpan(fact.waited)} after failed addresses is over (attempt ${fact.attempt})`;
    case "action-failed":
      return `${fact.what} failed: ${formatOsError(fact.error)}`;
    case "stalled":
      return `it was not scheduled for ${formatSpan(fact.late)}, and a peer has taken over meanwhile (timer_expired_backup)`;
    case "no-source-address":
      return `interface ${fact.interface} has no address to send advertisements from`;
    case "no-peers":
      return "there is no unicast peer";
    case "peer-unresolved":
      return `the unicast peer ${fact.host} has no address yet: its name cannot be resolved`;
    case "hosts-resolved":
      return `${fact.hosts.join(", ")} ${fact.hosts.length === 1 ? "was" : "were"} resolved`;
    case "conflict":
      return `another host (${fact.mac}) claims ${fact.address}`;
    case "group":
      return `sync group ${fact.group} follows its member ${fact.member}`;
    case "group-agreed":
      return `all members of sync group ${fact.group} would be master, ${fact.last} as the last of them`;
    case "stop-requested":
      return `a stop was requested (${fact.by})`;
    case "removed-by-reload":
      return "a reload removed it from the configuration";
  }
}

const BFD_VERDICTS: Readonly<Record<(CauseFact & { readonly kind: "bfd" })["why"], string>> = {
  "came-up": "is up",
  "neighbour-silent": "is down (the neighbour fell silent)",
  "neighbour-said-down": "is down (the neighbour says so)",
  reconfigured: "is down (a reload gave it another path)",
  "never-up": "has not come up yet",
};

function advertisementText(fact: CauseFact & { readonly kind: "advertisement" }): string {
  const { from, priority, ourPriority, ourAddress } = fact;
  if (priority === 0) return `${from} gave up mastership (advertisement with priority 0)`;
  const heard = `${from} advertises priority ${priority}`;
  if (priority > ourPriority) return `${heard}, higher than our ${ourPriority}`;
  if (priority < ourPriority) return `${heard}, lower than our ${ourPriority}`;
  const ours = ourAddress === undefined ? "our address" : `our ${ourAddress}`;
  return `${heard}, the same as ours, and its address is higher than ${ours}`;
}

function masterDownText(
  fact: CauseFact & { readonly kind: "master-down-timer" },
  instant: InstantText,
): string {
  const span = formatSpan(fact.interval);
  const heard = fact.lastHeard === undefined ? "" : ` (last heard ${instant(fact.lastHeard)})`;
  const silence =
    fact.lastFrom === undefined
      ? `no advertisement was accepted for ${span}${heard}`
      : `no advertisement accepted from ${fact.lastFrom} for ${span}${heard}`;
  const dropped = droppedText(fact.dropped);
  return dropped === undefined ? silence : `${silence}; meanwhile ${dropped}`;
}

/** `4 packets were dropped: authentication (4)`, or undefined when none were. */
export function droppedText(dropped: Readonly<Record<string, number>>): string | undefined {
  const reasons = Object.entries(dropped).filter(([, count]) => count > 0);
  if (reasons.length === 0) return undefined;
  const total = reasons.reduce((sum, [, count]) => sum + count, 0);
  const list = reasons
    .sort(([, a], [, b]) => b - a)
    .map(([reason, count]) => `${reason} (${count})`)
    .join(", ");
  return `${total} ${total === 1 ? "packet was" : "packets were"} dropped: ${list}`;
}

function scriptText(fact: CauseFact & { readonly kind: "script" }): string {
  if (fact.ok) return `script ${fact.name} succeeds`;
  if (fact.timedOut) return `script ${fact.name} fails (it did not end in time)`;
  if (fact.signal !== undefined) return `script ${fact.name} fails (killed by ${fact.signal})`;
  if (fact.exitCode !== undefined) return `script ${fact.name} fails (exit status ${fact.exitCode})`;
  return `script ${fact.name} fails`;
}

function fileText(fact: CauseFact & { readonly kind: "file" }): string {
  const { name, value, weight, adds, ok } = fact;
  if (weight === 0) return `file ${name} holds ${value}, which ${ok ? "is good" : "means FAULT"}`;
  const sum = `file ${name} holds ${value}, which adds ${adds} to the priority`;
  return ok ? sum : `${sum}: -254 means FAULT`;
}

function processText(fact: CauseFact & { readonly kind: "process" }): string {
  const { name, count, quorum, quorumMax, up } = fact;
  const running = `process ${name} runs ${count === 1 ? "once" : `${count} times`}`;
  if (!up && count < quorum) return `${running}, fewer than ${quorum}`;
  if (!up && quorumMax !== undefined) return `${running}, more than ${quorumMax}`;
  const most = quorumMax === undefined ? "" : ` and at most ${quorumMax}`;
  return `${running} (at least ${quorum}${most} wanted)`;
}

function suffix(reason: string): string {
  return reason === "" ? "" : ` (${reason})`;
}

const ADVICE: Readonly<Partial<Record<DropReason, string>>> = {
  "too-short": "something on this segment sends damaged or foreign packets of protocol 112",
  "hop-limit": "advertisements must not cross a router: look for one between the two, or for a forged packet",
  version: "set the same vrrp_version on every router of this VRID",
  "authentication-type": "give every router of this VRID the same auth_type",
  authentication: "give every router of this VRID the same auth_pass (only its first 8 characters count)",
  "advertisement-interval": "give every router of this VRID the same advert_int",
  checksum:
    "look for a network card or driver that damages packets, or for v3_checksum_as_v2 set on one side only",
  "ah-missing": "give every router of this VRID the same auth_type",
  "ah-malformed": "another use of IPsec on this segment meets auth_type AH",
  "ah-invalid": "give every router of this VRID the same auth_pass; a router between the two changes the TTL",
  "ah-replay": "a repeated packet, or a router that was started again: the next election settles it",
  length: "one side uses auth_hmac, or something damages packets",
  "ttl-window": "see how many routers are between this peer and us, and set min_ttl and max_ttl accordingly",
  "auth-ext-missing":
    "give every router of this VRID auth_hmac; mode permissive lets unsigned ones pass meanwhile",
  "auth-ext-malformed": "one side runs keepalived 2.4.0 or 2.4.1, whose signatures nobody else understands",
  "auth-ext-stale": "compare the clocks of both hosts; let them keep their time by NTP",
  "auth-ext-unknown-key": "define this key id here before another router signs with it",
  "auth-ext-invalid": "give every router of this VRID the same bytes for this key id",
  "auth-ext-replay": "a repeated packet: somebody replays advertisements, or a loop in the network does",
  "unicast-source": "add it to unicast_peer if it is a router of ours",
  destination: "one side uses unicast_peer and the other multicast",
  "unknown-virtual-router":
    "another VRRP group uses this segment; that is harmless unless the VRID should be ours",
  "not-ready": "the instance was in FAULT or still starting",
};

/** What an operator can do about packets dropped for this reason; undefined where there is nothing to say. */
export function dropAdvice(reason: string): string | undefined {
  return Object.hasOwn(ADVICE, reason) ? ADVICE[reason as DropReason] : undefined;
}
