import { describe, expect, it } from "vitest";
import type { AddressFact, LinkFact } from "../wire/netlink/facts.ts";
import { NetlinkTable } from "./netlink-table.ts";

function link(index: number, name: string): LinkFact {
  return { index, name, up: true, running: true, mtu: 1500, mac: undefined, type: 1, loopback: false };
}

const ADDRESS: AddressFact = {
  index: 7,
  address: "10.9.0.1",
  prefixLength: 24,
  family: "ipv4",
  scope: 0,
  flags: 0,
  secondary: false,
  tentative: false,
  dadFailed: false,
  permanent: true,
};

/** What a table tells, in words; `tell` makes it go on. */
function told(tell: (table: NetlinkTable) => void): string[] {
  const events: string[] = [];
  const table = new NetlinkTable((event) => {
    const name = "link" in event ? event.link.name : `${event.address.address} ${event.interface}`;
    events.push(`${event.kind} ${name}`);
  });
  table.putLink(link(7, "eth0"));
  table.putAddress(ADDRESS, "other");
  events.length = 0;
  tell(table);
  return events;
}

describe("the table of interfaces", () => {
  it("has a renamed one go under its old name, and come with its addresses under the new one", () => {
    expect(told((table) => table.putLink(link(7, "lan0")))).toEqual([
      "AddressRemoved 10.9.0.1 eth0",
      "LinkRemoved eth0",
      "LinkChanged lan0",
      "AddressAdded 10.9.0.1 lan0",
    ]);
  });

  it("knows the former name until another interface takes it, or it is deleted", () => {
    told((table) => {
      expect(table.formerIndex("eth0")).toBeUndefined();
      table.putLink(link(7, "lan0"));
      expect(table.formerIndex("eth0")).toBe(7);
      table.putLink(link(9, "eth0"));
      expect(table.formerIndex("eth0")).toBeUndefined();
      table.removeLink(9);
      expect(table.formerIndex("eth0")).toBe(7);
      table.removeLink(7);
      expect(table.formerIndex("eth0")).toBeUndefined();
    });
  });

  it("does not take an interface that was made again for gone when the old one goes", () => {
    const events = told((table) => {
      table.putLink(link(8, "eth0"));
      table.removeLink(7);
    });
    expect(events).toEqual(["LinkChanged eth0", "AddressRemoved 10.9.0.1 eth0"]);
  });

  it("tells of nothing twice", () => {
    expect(told((table) => table.putLink(link(7, "eth0")))).toEqual([]);
  });
});
