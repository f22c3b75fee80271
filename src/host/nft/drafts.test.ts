import { expect, it } from "vitest";
import type { TableChange, TableDestination } from "../../director/table.ts";
import type { Endpoint } from "../../model/director-models.ts";
import { type DraftSurroundings, draftChanges } from "./drafts.ts";
import type { HeldService } from "./table.ts";

const endpoint: Endpoint = { kind: "address", protocol: "tcp", address: "10.0.0.1", port: 80 };
const head = {
  endpoint,
  scheduler: "rr",
  flags: { flag1: false, flag2: false, flag3: false },
  onePacket: false,
  persistence: undefined,
} as const;

function server(address: string, method: "nat" | "dr" | "tun" = "nat"): TableDestination {
  const forwarding =
    method === "tun" ? ({ method, type: "ipip", port: undefined, checksum: "none" } as const) : { method };
  const family = address.includes(":") ? "ipv6" : "ipv4";
  return { address, port: 80, family, forwarding, weight: 1, upperThreshold: 0, lowerThreshold: 0 };
}

function add(destination: TableDestination): TableChange {
  return { kind: "AddDestination", endpoint, destination };
}

function around(held?: HeldService): DraftSurroundings {
  let id = 10;
  return { find: () => held, nextId: () => id++, locals: new Set(["10.0.0.9"]) };
}

it("puts steps of a service together", () => {
  const { drafts, refusals } = draftChanges(
    [{ kind: "AddService", service: head }, add(server("10.1.0.2")), add(server("10.0.0.9"))],
    around(),
  );
  expect(refusals).toEqual([]);
  expect(drafts).toHaveLength(1);
  expect(drafts[0]?.after?.servers.map(({ id, local }) => [id, local])).toEqual([
    [10, false],
    [11, true],
  ]);
});

it("refuses what nftables cannot do, and goes on with the rest", () => {
  const { drafts, refusals } = draftChanges(
    [
      { kind: "AddService", service: head },
      add(server("10.1.0.2", "tun")),
      add(server("2001:db8::2")),
      add(server("10.1.0.3")),
      add(server("10.1.0.4", "dr")),
    ],
    around(),
  );
  expect(refusals.map(({ index, error }) => [index, error.errno])).toEqual([
    [1, "EOPNOTSUPP"],
    [2, "EOPNOTSUPP"],
    [4, "EOPNOTSUPP"],
  ]);
  expect(drafts[0]?.after?.servers.map(({ destination }) => destination.address)).toEqual(["10.1.0.3"]);
  expect(drafts[0]?.indices).toEqual([0, 3]);
});

it("lets a sorry server of another method in where all others go", () => {
  const old = { id: 1, destination: server("10.1.0.2", "dr"), local: false };
  const { drafts, refusals } = draftChanges(
    [add(server("10.0.0.9")), { kind: "DeleteDestination", endpoint, destination: old.destination }],
    around({ head, servers: [old] }),
  );
  expect(refusals).toEqual([]);
  expect(drafts[0]?.after?.servers.map(({ destination }) => destination.address)).toEqual(["10.0.0.9"]);
});

it("keeps the number of a server that is changed", () => {
  const old = { id: 1, destination: server("10.1.0.2"), local: false };
  const changed = { ...old.destination, weight: 7 };
  const { drafts } = draftChanges(
    [{ kind: "EditDestination", endpoint, destination: changed }],
    around({ head, servers: [old] }),
  );
  expect(drafts[0]?.after?.servers).toEqual([{ id: 1, destination: changed, local: false }]);
});
