import { describe, expect, it } from "vitest";
import type { VrrpEvent } from "../vrrp/event.ts";
import type { VerificationSnapshot } from "../vrrp/snapshot.ts";
import { conflictAdvice, reclaimedText, verificationText, verifiedText } from "./verify-text.ts";

type Verified = Extract<VrrpEvent, { readonly kind: "NeighbourVerified" }>;

function verified(changes: Partial<Verified>): string {
  return verifiedText({
    at: 0,
    instance: "VI_1",
    kind: "NeighbourVerified",
    neighbour: "10.7.0.254",
    interface: "eth0",
    why: "gateway",
    mac: undefined,
    outcome: "learned",
    took: 800,
    proved: 1,
    unproved: [],
    ...changes,
  });
}

describe("what became of a neighbour", () => {
  it("is told by how it was proved", () => {
    expect(verified({})).toBe(
      "gateway 10.7.0.254 learned from the announcement where our addresses are, 800 us after it",
    );
    expect(verified({ outcome: "asked", took: 6_100 })).toContain(
      "gateway 10.7.0.254 had to be asked: it ignored",
    );
    expect(verified({ outcome: "answered", why: "seen" })).toContain("neighbour 10.7.0.254 knows");
  });

  it("is never fine where it was silent", () => {
    expect(verified({ outcome: "unproved", unproved: ["10.7.0.100"] })).toBe(
      "gateway 10.7.0.254 did not answer on eth0: it is unproved that it knows where 10.7.0.100 is",
    );
  });
});

describe("the line of the status", () => {
  const neighbour = {
    interface: "eth0",
    mac: undefined,
    why: "gateway",
    took: 800,
    proved: 1,
    unproved: 0,
  } as const;
  const snapshot = (neighbours: VerificationSnapshot["neighbours"]): VerificationSnapshot => ({
    startedAt: 0,
    finishedAt: 1,
    proved: 1,
    unproved: 1,
    pending: 0,
    hadToBeAsked: 0,
    slowest: 800,
    asksSent: 9,
    neighbours,
  });

  it("lists each neighbour", () => {
    const text = verificationText(
      snapshot([
        { ...neighbour, address: "10.7.0.254", outcome: "learned" },
        { ...neighbour, address: "10.7.0.9", outcome: "unproved", proved: 0, unproved: 1 },
        { ...neighbour, address: "10.7.0.8", outcome: "unproved", proved: 3, unproved: 1 },
        { ...neighbour, address: "10.7.0.7", outcome: "asked", took: 6_100 },
        { ...neighbour, address: "10.7.0.6", outcome: "pending" },
      ]),
    );
    expect(text).toBe(
      "verified: 10.7.0.254 in 800 us, 10.7.0.9 unproved, 10.7.0.8 unproved for 1 of 4 addresses, 10.7.0.7 in 6.1 ms (had to be asked), 10.7.0.6 not yet",
    );
  });

  it("says so where there is nobody to ask, and nothing where nobody is asked", () => {
    expect(verificationText(snapshot([]))).toContain("no neighbour is known to ask");
    expect(verificationText(undefined)).toBeUndefined();
  });
});

describe("other owners", () => {
  it("get the advice that fits what they look like", () => {
    expect(conflictAdvice("answers").join()).toContain("net.ipv4.conf.all.arp_ignore=1");
    expect(conflictAdvice("uses").join()).toContain("net.ipv4.conf.all.arp_announce=2");
    expect(conflictAdvice("router").join()).toContain("VRRP router");
    expect(conflictAdvice("host").join()).toContain("take the address off");
  });

  it("are named when they have gone", () => {
    const event = { at: 0, instance: "VI_1", kind: "AddressesReclaimed", rival: "master 10.7.0.2" } as const;
    expect(reclaimedText(event)).toContain("no sign of master 10.7.0.2 any more");
  });
});
