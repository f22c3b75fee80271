import { expect, it } from "vitest";
import { createLoop } from "../host/loop.ts";
import { type OpenedPlane, openPlane, type WantedPlane } from "./open-plane.ts";

function open(wanted: WantedPlane): Promise<OpenedPlane> {
  return new Promise((resolve) => openPlane(createLoop(), wanted, resolve));
}

it("says which namespace is missing, and refuses every step for that reason", async () => {
  const { plane, status } = await open({
    dataPlane: "ipvs",
    tableNamespace: { kind: "named", name: "buoy-test-none" },
  });
  expect(status).toEqual({ name: "none", why: "setns /run/netns/buoy-test-none: ENOENT" });
  const steps = [1, 2].map((mark) => ({
    kind: "DeleteService" as const,
    service: {
      endpoint: { kind: "fwmark" as const, mark, family: "ipv4" as const },
      scheduler: "rr" as const,
      flags: { flag1: false, flag2: false, flag3: false },
      onePacket: false,
      persistence: undefined,
    },
  }));
  const refusals = await new Promise((resolve) => plane.change(steps, resolve));
  const error = { call: "setns", subject: "/run/netns/buoy-test-none", errno: "ENOENT" };
  expect(refusals).toEqual([
    { index: 0, error },
    { index: 1, error },
  ]);
});

it("takes the kernel's IPVS or nftables, or says why there is none to be used", async () => {
  const { plane, status } = await open({ dataPlane: "auto", tableNamespace: undefined });
  if (!plane.name.startsWith("IPVS")) expect(status.why).toMatch(/IPVS: (ENOENT|EPERM) \(.*IPVS/);
  else expect(status).toEqual({ name: plane.name, why: "the kernel has it" });
  plane.close();
});
