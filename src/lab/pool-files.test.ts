import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadConfiguration } from "../processes/load-configuration.ts";
import { VIRTUAL_ADDRESS } from "./plan.ts";
import { NOTICED_WITHIN, SERVERS, SORRY } from "./pool-plan.ts";

const EXAMPLE = new URL("../../examples/lvs-nat/", import.meta.url).pathname;

test.each([
  ["director1", 100],
  ["director2", 99],
])("%s is what the lab and the walk-through say", (name, priority) => {
  const folder = mkdtempSync(join(tmpdir(), "buoy-example-"));
  try {
    cpSync(join(EXAMPLE, name, "keepalived.conf"), join(folder, "keepalived.conf"));
    cpSync(join(EXAMPLE, "virtual_servers.conf"), join(folder, "virtual_servers.conf"));
    const { model, diagnostics } = loadConfiguration(join(folder, "keepalived.conf"), {
      facts: () => ({
        hostName: name,
        interfaces: undefined,
        users: undefined,
        groups: undefined,
        self: { name: "root", uid: 0, gid: 0, groups: [] },
        scripts: undefined,
        routingNames: undefined,
      }),
    });
    expect(diagnostics).toEqual([]);
    expect(model?.vrrp.instances).toMatchObject([
      { name: "VI_WEB", priority, version: 3, virtualAddresses: [{ address: VIRTUAL_ADDRESS }] },
      { name: "VI_GATEWAY", priority, virtualAddresses: [{ address: SORRY.gateway }] },
    ]);
    expect(model?.vrrp.syncGroups).toMatchObject([{ members: ["VI_WEB", "VI_GATEWAY"] }]);
    expect(model?.director.virtualServers).toMatchObject([
      {
        name: `[${VIRTUAL_ADDRESS}]:tcp:80`,
        scheduler: "wrr",
        sorryServer: { address: SORRY.address, forwarding: { method: "nat" } },
        realServers: SERVERS.map(({ plan, weight }) => ({ address: plan.address, weight })),
      },
    ]);
    for (const { checks } of model?.director.virtualServers[0]?.realServers ?? []) {
      const [timing] = checks.map((check) => check.timing);
      expect(timing?.retry).toBe(1);
      expect((timing?.delayLoop ?? 0) + (timing?.delayBeforeRetry ?? 0)).toBe(NOTICED_WITHIN);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("both directors' files differ in name and priority only", () => {
  const text = (name: string): string => readFileSync(join(EXAMPLE, name, "keepalived.conf"), "utf8");
  expect(
    text("director2").replaceAll("director2", "director1").replaceAll("priority 99", "priority 100"),
  ).toBe(text("director1"));
});
