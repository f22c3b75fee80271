import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { loadExample } from "../../test/support/example.ts";
import { VIRTUAL_ADDRESS } from "./plan.ts";
import { NOTICED_WITHIN, SERVERS, SORRY } from "./pool-plan.ts";

test.each([
  ["director1", 100],
  ["director2", 99],
])("%s is what the lab and the walk-through say", (name, priority) => {
  const { model, diagnostics } = loadExample("lvs-nat", name, ["virtual_servers.conf"]);
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
});

// Its walk through needs IPVS: test/vm.
test("the pair that routes directly is without a mistake", () => {
  for (const name of ["director1", "director2"]) {
    const { model, diagnostics } = loadExample("lvs-dr", name);
    expect(diagnostics).toEqual([]);
    expect(model?.director.virtualServers).toMatchObject([{ realServers: [{}, {}], sorryServer: {} }]);
  }
});

test.each(["lvs-nat", "lvs-dr"])(
  "both directors' files of %s differ in name and priority only",
  (example) => {
    const text = (name: string): string =>
      readFileSync(new URL(`../../examples/${example}/${name}/keepalived.conf`, import.meta.url), "utf8");
    expect(
      text("director2").replaceAll("director2", "director1").replaceAll("priority 99", "priority 100"),
    ).toBe(text("director1"));
  },
);
