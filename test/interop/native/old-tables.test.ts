/** What the nftables plane has left in the kernel when another plane takes over. */
import { afterAll, expect, it } from "vitest";
import type { TableChange } from "../../../src/director/table.ts";
import { createLoop } from "../../../src/host/loop.ts";
import type { Endpoint } from "../../../src/model/director-models.ts";
import { CHECKER_PARTS } from "../../../src/processes/checker-parts.ts";
import type { OpenedPlane, WantedPlane } from "../../../src/processes/open-plane.ts";
import { enterNewNamespace } from "./namespace.ts";

const namespace = enterNewNamespace("old-tables");
const loop = createLoop();
afterAll(() => namespace.remove());

function open(dataPlane: WantedPlane["dataPlane"]): Promise<OpenedPlane> {
  return new Promise((resolve) =>
    CHECKER_PARTS.openPlane(loop, { dataPlane, tableNamespace: undefined }, resolve),
  );
}

async function crashUnderNftables(): Promise<void> {
  const { plane } = await open("nft");
  const endpoint: Endpoint = { kind: "address", protocol: "tcp", address: "10.9.0.100", port: 80 };
  const flags = { flag1: false, flag2: false, flag3: false };
  const service = { endpoint, scheduler: "rr", flags, onePacket: false, persistence: undefined } as const;
  const changes: readonly TableChange[] = [{ kind: "AddService", service }];
  expect(await new Promise((resolve) => plane.change(changes, resolve))).toEqual([]);
  plane.close();
}

it("goes when the next life does not use it, and nobody else's does", async () => {
  await crashUnderNftables();
  expect(namespace.run("nft", "list", "tables")).toContain("table ip buoy");
  namespace.run("nft", "add", "table", "ip6", "buoy");
  const { plane, status } = await open("ipvs");
  expect(status.why).toMatch(/; what an earlier life had left in nftables has been taken out$/);
  expect(namespace.run("nft", "list", "tables")).toBe("table ip6 buoy\n");
  plane.close();
  const again = await open("ipvs");
  expect(again.status.why).not.toContain("nftables");
  again.plane.close();
});

it("stays for a life that goes on with it", async () => {
  await crashUnderNftables();
  const { plane, status } = await open("nft");
  expect(status.why).toBe("the configuration asks for it");
  expect(namespace.run("nft", "list", "tables")).toContain("table ip buoy");
  plane.close();
});
