import { expect, it } from "vitest";
import type { VirtualServerModel } from "../model/director-models.ts";
import { obstaclesOf, type PassageFacts } from "./passage.ts";

const OPEN: PassageFacts = {
  forwarding: { ipv4: true, ipv6: true },
  tracked: { count: 10, limit: 1000 },
  strictChains: [],
};

function services(
  method: "nat" | "dr",
  ...addresses: readonly string[]
): {
  readonly virtualServers: readonly VirtualServerModel[];
} {
  const realServers = addresses.map((address) => ({ address, forwarding: { method } }));
  return { virtualServers: [{ realServers } as unknown as VirtualServerModel] };
}

const NAT4 = services("nat", "10.8.0.1");

/** What each is about. */
function keys(...given: Parameters<typeof obstaclesOf>): readonly string[] {
  const names = /net\.[a-z0-9_.]*[a-z]|(ip filter FORWARD|inet fw forward)/;
  return obstaclesOf(...given).map(({ what }) => names.exec(what)?.[0] ?? what);
}

it("says nothing where packets may pass", () => {
  expect(keys(NAT4, true, OPEN)).toEqual([]);
  const unknown = {
    forwarding: { ipv4: undefined, ipv6: undefined },
    tracked: undefined,
    strictChains: [],
  };
  expect(keys(NAT4, true, unknown)).toEqual([]);
});

it("says which family is not forwarded, to who needs it", () => {
  const closed = { ...OPEN, forwarding: { ipv4: false, ipv6: false } };
  expect(keys(NAT4, true, closed)).toEqual(["net.ipv4.ip_forward"]);
  expect(keys(services("nat", "2001:db8::1"), false, closed)).toEqual(["net.ipv6.conf.all.forwarding"]);
  expect(keys(services("dr", "10.8.0.1"), true, closed)).toEqual([]);
  expect(keys(services("nat", "127.0.0.1"), true, closed)).toEqual([]);
});

it("names chains that drop, with the rule that opens them", () => {
  const docker = { family: "ip", table: "filter", chain: "FORWARD" } as const;
  const both = { family: "inet", table: "fw", chain: "forward" } as const;
  const facts = { ...OPEN, strictChains: [docker, both] };
  expect(keys(NAT4, true, facts)).toEqual(["ip filter FORWARD", "inet fw forward"]);
  expect(keys(services("nat", "2001:db8::1"), true, facts)).toEqual(["inet fw forward"]);
  expect(obstaclesOf(NAT4, true, facts)[0]?.remedy).toBe(
    "nft insert rule ip filter FORWARD ct status dnat accept, if there is none",
  );
  expect(obstaclesOf(NAT4, false, facts)[0]?.remedy).not.toContain("dnat");
});

it("says that the tracker is nearly full, where it translates", () => {
  const facts = { ...OPEN, tracked: { count: 900, limit: 1000 } };
  expect(keys(NAT4, true, facts)).toEqual(["net.netfilter.nf_conntrack_max"]);
  expect(keys(NAT4, false, facts)).toEqual([]);
  expect(keys(NAT4, true, { ...OPEN, tracked: { count: 899, limit: 1000 } })).toEqual([]);
});
