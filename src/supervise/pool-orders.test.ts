import { describe, expect, it } from "vitest";
import type { PoolOrder } from "../director/pool-order.ts";
import type { DirectorModel } from "../model/director-models.ts";
import { NO_DIRECTOR } from "../model/director-models.ts";
import type { PoolRequest } from "./pool-orders.ts";
import { decidePoolOrder, standingPoolOrders } from "./pool-orders.ts";

const DIRECTOR = {
  ...NO_DIRECTOR,
  virtualServers: [
    {
      key: "10.0.0.1 80 tcp",
      name: "[10.0.0.1]:tcp:80",
      endpoints: [{ kind: "address", protocol: "tcp", address: "10.0.0.1", port: 80 }],
      realServers: [
        { key: "10.0.0.2 80", address: "10.0.0.2", port: 80 },
        { key: "10.0.0.3 80", address: "10.0.0.3", port: 80 },
        { key: "10.0.0.3 81", address: "10.0.0.3", port: 81 },
      ],
    },
    {
      key: "fwmark 5",
      name: "FWM 5",
      endpoints: [{ kind: "fwmark", mark: 5, family: "ipv4" }],
      realServers: [],
    },
  ],
} as unknown as DirectorModel;

function request(action: PoolRequest["action"], more: Partial<PoolRequest> = {}): PoolRequest {
  return {
    action,
    service: "10.0.0.1:80",
    server: "10.0.0.2",
    weight: undefined,
    by: "ann",
    why: undefined,
    ...more,
  };
}

/** The kinds that stand after these requests. */
function after(...requests: readonly PoolRequest[]): readonly string[] {
  let orders: readonly PoolOrder[] = [];
  requests.forEach((one, index) => {
    const decision = decidePoolOrder(orders, one, DIRECTOR, index + 1, 7);
    if (!decision.ok) throw new Error(decision.error);
    orders = decision.value.orders;
  });
  return orders.map(({ kind, realServer, weight }) => `${kind} ${realServer}${weight ?? ""}`);
}

function refusal(one: PoolRequest): string | undefined {
  const decision = decidePoolOrder([], one, DIRECTOR, 1, 7);
  return decision.ok ? undefined : decision.error;
}

describe("decidePoolOrder", () => {
  it("drain and disable follow each other, and a weight stands beside them", () => {
    const weight = request("weight", { weight: 3 });
    expect(after(request("drain"))).toEqual(["drain 10.0.0.2 80"]);
    expect(after(weight, request("drain"), request("disable"))).toEqual([
      "weight 10.0.0.2 803",
      "disable 10.0.0.2 80",
    ]);
    expect(after(weight, request("weight", { weight: 4 }))).toEqual(["weight 10.0.0.2 804"]);
  });

  it("enable ends all of one server, and of no other", () => {
    const other = request("disable", { server: "10.0.0.3:81" });
    expect(after(request("weight", { weight: 3 }), request("drain"), other, request("enable"))).toEqual([
      "disable 10.0.0.3 81",
    ]);
  });

  it("finds services and servers by every way of writing them", () => {
    for (const service of [
      "10.0.0.1",
      "[10.0.0.1]:80",
      "10.0.0.1:80/tcp",
      "[10.0.0.1]:tcp:80",
      "10.0.0.1 80 tcp",
    ])
      expect(refusal(request("drain", { service }))).toBeUndefined();
  });

  it("refuses what names nothing, or more than one, or changes nothing", () => {
    expect(refusal(request("drain", { service: "10.9.9.9" }))).toContain(
      "there is no virtual server 10.9.9.9",
    );
    expect(refusal(request("drain", { service: "FWM 5" }))).toContain("there is no server of FWM 5 10.0.0.2");
    expect(refusal(request("drain", { server: "10.0.0.3" }))).toContain("more than one");
    expect(refusal(request("enable"))).toContain("nothing is ordered for 10.0.0.2");
    expect(refusal(request("weight", { weight: 70_000 }))).toContain("0 to 65535");
    expect(refusal(request("weight"))).toContain("0 to 65535");
  });
});

describe("standingPoolOrders", () => {
  it("leaves out servers that are configured no more", () => {
    const order = {
      id: 1,
      kind: "drain",
      virtualServer: "10.0.0.1 80 tcp",
      realServer: "10.0.0.2 80",
    } as PoolOrder;
    const gone = { ...order, realServer: "10.0.0.9 80" };
    expect(standingPoolOrders([order, gone], DIRECTOR)).toEqual([order]);
  });
});
