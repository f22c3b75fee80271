/** Verified takeover and second owners in words. */
import { formatSpan } from "../base/time.ts";
import type { Suspect, VrrpEvent } from "../vrrp/event.ts";
import type { NeighbourSnapshot, VerificationSnapshot } from "../vrrp/snapshot.ts";

type Verified = Extract<VrrpEvent, { readonly kind: "NeighbourVerified" }>;
type Reclaimed = Extract<VrrpEvent, { readonly kind: "AddressesReclaimed" }>;

const WHO: Readonly<Record<Verified["why"], string>> = {
  gateway: "gateway",
  configured: "neighbour",
  seen: "neighbour",
};

/** What became of one neighbour, without subject: `gateway 10.7.0.254 had to be asked: ...`. */
export function verifiedText(event: Verified): string {
  const who = `${WHO[event.why]} ${event.neighbour}`;
  switch (event.outcome) {
    case "learned":
      return `${who} learned from the announcement where our addresses are, ${formatSpan(event.took)} after it`;
    case "asked":
      return `${who} had to be asked: it ignored the announcement, and has known where our addresses are since it answered a question, ${formatSpan(event.took)} after the announcement`;
    case "answered":
      return `${who} knows where our addresses are: it answered a question ${formatSpan(event.took)} after the announcement`;
    case "unproved": {
      const addresses = event.unproved.join(", ");
      return `${who} did not answer on ${event.interface}: it is unproved that it knows where ${addresses} is`;
    }
  }
}

export function reclaimedText(event: Reclaimed): string {
  return `no sign of ${event.rival} any more: announcing our addresses and asking the neighbours again`;
}

/** What can be done about a second owner, by what it looks like. */
export function conflictAdvice(suspect: Suspect): readonly string[] {
  switch (suspect) {
    case "router":
      return [
        "it is another VRRP router: the two do not hear each other's advertisements, or differ in VRID",
      ];
    case "host":
      return ["take the address off that host, or find out which other cluster it belongs to"];
    case "answers":
      return [
        "it only answers for the address, as a real server does that holds it for direct routing: " +
          "on that server set net.ipv4.conf.all.arp_ignore=1 and arp_announce=2 (IPv6: hold the address on a dummy interface)",
      ];
    case "uses":
      return [
        "it asks others in the name of the address, as a real server does that holds it for direct routing: " +
          "on that server set net.ipv4.conf.all.arp_announce=2 and arp_ignore=1",
      ];
  }
}

/** `verified: 10.7.0.254 in 0.8 ms, 10.7.0.9 unproved`; undefined where nobody is asked. */
export function verificationText(verification: VerificationSnapshot | undefined): string | undefined {
  if (verification === undefined) return undefined;
  if (verification.neighbours.length === 0) {
    return "verified: no neighbour is known to ask (no default gateway here, no verify_neighbours)";
  }
  return `verified: ${verification.neighbours.map(neighbourText).join(", ")}`;
}

function neighbourText(neighbour: NeighbourSnapshot): string {
  const { address, outcome, took, proved, unproved } = neighbour;
  switch (outcome) {
    case "learned":
    case "answered":
      return `${address} in ${formatSpan(took)}`;
    case "asked":
      return `${address} in ${formatSpan(took)} (had to be asked)`;
    case "pending":
      return `${address} not yet`;
    case "unproved":
      return proved === 0
        ? `${address} unproved`
        : `${address} unproved for ${unproved} of ${proved + unproved} addresses`;
  }
}
