import { expect, it } from "vitest";
import { obstaclesOf, type PassageFacts } from "./passage.ts";

const OPEN: PassageFacts = {
  forwarding: { ipv4: true, ipv6: true },
  tracked: { count: 10, limit: 1000 },
  strictChains: [],
};

/** What each is about. */
function keys(...given: Parameters<typeof obstaclesOf>): readonly string[] {
  const names = /net\.[a-z0-9_.]*[a-z]|(ip filter FORWARD|inet fw forward)/;
  return obstaclesOf(...given).map(({ what }) => names.exec(what)?.[0] ?? what);
}

it("says nothing where packets may pass", () => {
  expect(keys(["ipv4"], true, OPEN)).toEqual([]);
  const unknown = {
    forwarding: { ipv4: undefined, ipv6: undefined },
    tracked: undefined,
    strictChains: [],
  };
  expect(keys(["ipv4"], true, unknown)).toEqual([]);
});

it("says which family is not forwarded, to who needs it", () => {
  const closed = { ...OPEN, forwarding: { ipv4: false, ipv6: false } };
  expect(keys(["ipv4"], true, closed)).toEqual(["net.ipv4.ip_forward"]);
  expect(keys(["ipv6"], false, closed)).toEqual(["net.ipv6.conf.all.forwarding"]);
  expect(keys([], true, closed)).toEqual([]);
});

it("names chains that drop, with the rule that opens them", () => {
  const docker = { family: "ip", table: "filter", chain: "FORWARD" } as const;
  const both = { family: "inet", table: "fw", chain: "forward" } as const;
  const facts = { ...OPEN, strictChains: [docker, both] };
  expect(keys(["ipv4"], true, facts)).toEqual(["ip filter FORWARD", "inet fw forward"]);
  expect(keys(["ipv6"], true, facts)).toEqual(["inet fw forward"]);
  expect(obstaclesOf(["ipv4"], true, facts)[0]?.remedy).toBe(
    "nft insert rule ip filter FORWARD ct status dnat accept, if there is none",
  );
  expect(obstaclesOf(["ipv4"], false, facts)[0]?.remedy).not.toContain("dnat");
});

it("says that the tracker is nearly full, where it translates", () => {
  const facts = { ...OPEN, tracked: { count: 900, limit: 1000 } };
  expect(keys(["ipv4"], true, facts)).toEqual(["net.netfilter.nf_conntrack_max"]);
  expect(keys(["ipv4"], false, facts)).toEqual([]);
  expect(keys(["ipv4"], true, { ...OPEN, tracked: { count: 899, limit: 1000 } })).toEqual([]);
});
