import { describe, expect, test } from "vitest";
import { NO_DIRECTOR, type RealServerModel, type VirtualServerModel } from "../model/director-models.ts";
import { planLines } from "../observe/plan-text.ts";
import { plainPaint } from "../observe/style.ts";
import { planDirector } from "./director-plan.ts";

const tcp = {
  key: "tcp",
  timing: { delayLoop: 10_000_000 },
  probe: { kind: "tcp", target: { port: 80 } },
} as RealServerModel["checks"][number];

function server(address: string, more: Partial<RealServerModel> = {}): RealServerModel {
  return { key: `${address} 80`, address, port: 80, weight: 1, checks: [tcp], ...more } as RealServerModel;
}

function service(name: string, realServers: readonly RealServerModel[], quorum = 1): VirtualServerModel {
  return { key: name, name: `[${name}]:tcp:80`, quorum, realServers } as VirtualServerModel;
}

function plan(
  before: readonly VirtualServerModel[],
  after: readonly VirtualServerModel[],
): readonly string[] {
  const director = planDirector(
    { ...NO_DIRECTOR, virtualServers: before },
    { ...NO_DIRECTOR, virtualServers: after },
  );
  return planLines(
    { instances: [], untouched: 0, followers: [], director, others: [], movement: "no" },
    plainPaint,
    80,
  ).slice(0, -1);
}

describe("planDirector", () => {
  test("equal services are untouched", () => {
    const same = [service("10.0.0.1", [server("172.16.0.1")])];
    expect(plan(same, structuredClone(same))).toEqual(["no instance; virtual servers: 1 untouched"]);
  });

  test("services and servers that come and go are named", () => {
    const before = [
      service("10.0.0.1", [server("172.16.0.1"), server("172.16.0.2")]),
      service("10.0.0.2", [server("172.16.0.1")]),
    ];
    const after = [
      service("10.0.0.1", [server("172.16.0.2"), server("2001:db8::1")]),
      service("10.0.0.3", [server("172.16.0.1")]),
    ];
    expect(plan(before, after)).toEqual([
      "no instance; virtual servers: 1 added, 1 removed, 1 changed",
      "  - virtual_server [10.0.0.2]:tcp:80",
      "      - real_server 172.16.0.1:80",
      "  ~ virtual_server [10.0.0.1]:tcp:80",
      "      - real_server 172.16.0.1:80",
      "      + real_server [2001:db8::1]:80",
      "  + virtual_server [10.0.0.3]:tcp:80",
      "      + real_server 172.16.0.1:80",
    ]);
  });

  test("settings are named by their keywords, of services, servers and checks", () => {
    const slower = { ...tcp, timing: { ...tcp.timing, delayLoop: 20_000_000 } };
    const before = [service("10.0.0.1", [server("172.16.0.1"), server("172.16.0.2")])];
    const after = [
      service(
        "10.0.0.1",
        [server("172.16.0.1", { weight: 5, checks: [slower] }), server("172.16.0.2", { checks: [] })],
        2,
      ),
    ];
    expect(plan(before, after).slice(1)).toEqual([
      "  ~ virtual_server [10.0.0.1]:tcp:80",
      "      quorum: 1 -> 2",
      "      ~ real_server 172.16.0.1:80",
      "          weight: 1 -> 5",
      "          tcp check: delay_loop: 10 s -> 20 s",
      "      ~ real_server 172.16.0.2:80",
      "          check: tcp check goes",
    ]);
  });
});
