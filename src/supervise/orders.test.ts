import { describe, expect, test } from "vitest";
import type { Order } from "../vrrp/order.ts";
import type { OrderRequest } from "./orders.ts";
import { decideOrder } from "./orders.ts";

const STANDING = {
  instances: [
    { name: "VI_1", state: "MASTER" },
    { name: "VI_2", state: "BACKUP" },
    { name: "VI_3", state: "MASTER" },
  ],
  groups: [{ name: "G1", members: ["VI_1", "VI_2"] }],
};

function request(changes: Partial<OrderRequest> = {}): OrderRequest {
  return {
    order: "failover",
    on: true,
    subject: "VI_1",
    ttl: undefined,
    force: false,
    by: "alice",
    why: undefined,
    ...changes,
  };
}

function decide(orders: readonly Order[], changes: Partial<OrderRequest> = {}) {
  return decideOrder(orders, request(changes), STANDING, 7, 1000);
}

function standing(changes: Partial<Order> = {}): Order {
  const { on: _, ttl: __, order: kind, ...rest } = request();
  return { ...rest, kind, id: 1, since: 0, until: undefined, ...changes };
}

describe("decideOrder", () => {
  test("a failover waits for the masters among its subject's group", () => {
    const decision = decide([], { subject: "G1", ttl: 500 });
    expect(decision).toMatchObject({ ok: true, value: { concerned: ["VI_1"] } });
    expect(decision.ok && decision.value.orders[0]).toMatchObject({ id: 7, subject: "G1", until: 1500 });
  });

  test("nothing is handed over by a backup, nor by nobody", () => {
    expect(decide([], { subject: "VI_2" })).toMatchObject({ ok: true });
    const alone = { ...STANDING, groups: [] };
    expect(decideOrder([], request({ subject: "VI_2" }), alone, 7, 0)).toEqual({
      ok: false,
      error: "nothing to hand over: VI_2 is BACKUP here",
    });
    expect(decide([], { subject: "VI_9" })).toMatchObject({ ok: false });
  });

  test("a second order of the same kind for the same subject takes the place of the first", () => {
    const decision = decide([standing()]);
    expect(decision.ok && decision.value.orders.map(({ id }) => id)).toEqual([7]);
  });

  test("the end of an order needs one", () => {
    expect(decide([standing()], { on: false })).toMatchObject({ ok: true, value: { orders: [] } });
    expect(decide([], { on: false })).toEqual({ ok: false, error: "no failover is in force for VI_1" });
  });

  test("a frozen daemon takes no order but about the freeze", () => {
    const frozen = [standing({ kind: "freeze", subject: undefined })];
    expect(decide(frozen)).toMatchObject({ ok: false });
    expect(decide(frozen, { order: "maintenance", subject: undefined })).toMatchObject({ ok: false });
    expect(decide(frozen, { order: "freeze", subject: undefined, on: false })).toMatchObject({ ok: true });
    expect(decide([...frozen, standing()], { on: false })).toMatchObject({ ok: true });
  });
});
