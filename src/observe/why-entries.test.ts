import { describe, expect, it } from "vitest";
import type { VrrpEventDetail } from "../vrrp/event.ts";
import type { JournalEntry } from "./journal-entry.ts";
import { whyEntries } from "./why-entries.ts";

function entry(at: number, instance: string, detail: VrrpEventDetail): JournalEntry {
  return {
    time: "2026-11-23T12:00:00.000000Z",
    at,
    event: { source: "vrrp", event: { at, instance, ...detail } },
  };
}

const change = { kind: "StateChanged", from: "BACKUP", to: "MASTER", priority: 100, cause: [] } as const;
const verified = (outcome: "learned" | "asked"): VrrpEventDetail => ({
  kind: "NeighbourVerified",
  neighbour: "10.9.0.254",
  interface: "eth0",
  why: "gateway",
  mac: undefined,
  outcome,
  took: 900,
  proved: 1,
  unproved: [],
});

describe("whyEntries", () => {
  it("gives each change with what became of it, newest first", () => {
    const entries = [
      entry(1, "VI_1", change),
      entry(2, "VI_1", verified("asked")),
      entry(3, "VI_1", verified("learned")),
      entry(4, "VI_2", change),
      entry(5, "VI_1", change),
      entry(6, "VI_1", { kind: "AddressesReclaimed", rival: "master 10.9.0.2" }),
    ];
    const moments = (name: string | undefined, limit: number): number[] =>
      whyEntries(entries, name, limit).map(({ at }) => at);
    expect(moments(undefined, 10)).toEqual([6, 5, 4, 2, 1]);
    expect(moments("VI_1", 2)).toEqual([6, 5, 2, 1]);
    expect(moments("VI_1", 1)).toEqual([6, 5]);
    expect(moments(undefined, 0)).toEqual([]);
  });
});
