/** Events of BFD sessions in words. */
import { formatSpan } from "../base/time.ts";
import type { BfdDropReason, BfdEvent, BfdReason } from "../bfd/event.ts";
import type { BfdSessionSnapshot } from "../bfd/memory.ts";
import type { InstantText } from "./fact-text.ts";

/** RFC 5880 section 4.1, field Diag, in keepalived's spelling. */
const DIAGNOSTICS: readonly string[] = [
  "No Diagnostic",
  "Control Detection Time Expired",
  "Echo Function Failed",
  "Neighbor Signaled Session Down",
  "Forwarding Plane Reset",
  "Path Down",
  "Concatenated Path Down",
  "Administratively Down",
  "Reverse Concatenated Path Down",
];

/** Why a packet was dropped, as a clause. */
export const BFD_DROP_TEXTS: Readonly<Record<BfdDropReason, string>> = {
  "too-short": "it is shorter than a BFD packet",
  version: "it is not of version 1",
  length: "its length field is too small",
  truncated: "its length field exceeds the packet",
  "multiplier-zero": "its detection multiplier is zero",
  multipoint: "it is a multipoint packet",
  "my-discriminator-zero": "its own discriminator is zero",
  "your-discriminator-zero": "it names none of our discriminators, and is neither Down nor AdminDown",
  authentication: "it is authenticated, and no session here is",
  "poll-and-final": "it is both a poll and the answer to one",
  "unknown-discriminator": "it belongs to a session that is over",
  "unknown-neighbour": "no bfd_instance has this neighbor_ip",
  "hop-limit": "it crossed more routers than max_hops allows",
};

/** RFC 5880's words for a diagnostic code. */
export function bfdDiagnosticText(diagnostic: number): string {
  return DIAGNOSTICS[diagnostic] ?? `Diagnostic ${diagnostic}`;
}

/** One event as a sentence without its moment. */
export function bfdText(event: BfdEvent, instant: InstantText): string {
  switch (event.kind) {
    case "StateChanged":
      return `session ${event.session} went from ${event.from} to ${event.to}: ${bfdReasonText(event.reason, instant)}`;
    case "TimersAgreed":
      return `session ${event.session} sends every ${formatSpan(event.transmitInterval)} and notices silence after ${formatSpan(event.detectionTime)}`;
    case "PacketDropped": {
      const whose = event.session === undefined ? "" : ` for session ${event.session}`;
      const more = event.suppressed > 0 ? `, and ${event.suppressed} more before it` : "";
      return `a packet from ${event.source}${whose} was dropped: ${BFD_DROP_TEXTS[event.reason]} (${event.reason})${more}`;
    }
  }
}

/** Why a session is in its state, as a clause. */
export function bfdReasonText(reason: BfdReason, instant: InstantText): string {
  switch (reason.kind) {
    case "configured":
      return "the configuration has it";
    case "packet": {
      const why = reason.remoteDiagnostic === 0 ? "" : ` (${bfdDiagnosticText(reason.remoteDiagnostic)})`;
      return `${reason.from} says ${reason.remoteState}${why}`;
    }
    case "detection-time": {
      const last = reason.lastHeard === undefined ? "" : `, last heard ${instant(reason.lastHeard)}`;
      return `the neighbour was silent for ${formatSpan(reason.interval)}${last}`;
    }
    case "stop-requested":
      return `a stop was requested (${reason.by})`;
    case "removed-by-reload":
      return "a reload removed it, or gave it another path";
  }
}

/** A session's neighbour as `status` shows it. */
export function bfdPathText({ model }: BfdSessionSnapshot): string {
  const device = model.interface === undefined ? "" : `%${model.interface}`;
  return `${model.neighbour}${device}${model.multihop ? " (multihop)" : ""}`;
}
