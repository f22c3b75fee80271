import { describe, expect, it } from "vitest";
import type { PoolStatus, ServerStatus } from "../observe/pool-view.ts";
import { followDrain } from "./pool-drain.ts";

const NAME = "[10.0.1.1]:tcp:80";
const ORDER = { kind: "drain", by: "root", why: undefined, since: 0 } as const;

function server(over: Partial<ServerStatus> = {}): ServerStatus {
  return {
    key: "10.0.1.1:80",
    name: NAME,
    forwarding: "nat",
    up: true,
    weight: 0,
    configuredWeight: 1,
    orders: [ORDER],
    connections: undefined,
    drained: false,
    changedAt: undefined,
    cause: [],
    checks: [],
    ...over,
  };
}

function pool(servers: readonly ServerStatus[], plane = "IPVS 1.2.1"): PoolStatus {
  const service = {
    key: "k",
    name: "[10.0.0.1]:tcp:80",
    scheduler: "rr",
    quorumUp: true,
    quorum: 1,
    hysteresis: 0,
    weight: 1,
    suspended: false,
    sorryServer: undefined,
    changedAt: undefined,
    cause: [],
    servers,
  };
  return { plane: { name: plane, why: "" }, at: 0, services: [service] };
}

/** Follows what is seen, one look after the other, each a second after the last; the last one stays. */
async function follow(
  looks: readonly PoolStatus[],
  over: { timeout?: number; interruptAt?: number } = {},
): Promise<readonly string[]> {
  const said: string[] = [];
  let look = -1;
  const end = await followDrain(
    { realServer: NAME, timeout: over.timeout },
    {
      look: async () => {
        look += 1;
        return looks[Math.min(look, looks.length - 1)] as PoolStatus;
      },
      show: (text, isLast) => said.push(`${isLast ? "last: " : ""}${text}`),
      pause: async () => undefined,
      isInterrupted: () => look === over.interruptAt,
      now: () => Math.max(0, look) * 1_000_000,
    },
  );
  return [...said, end];
}

describe("following a drain", () => {
  it("counts down to the last connection", async () => {
    const looks = [undefined, 3, 1].map((connections) => pool([server({ connections })]));
    expect(await follow([...looks, pool([server({ connections: 0, drained: true })])])).toEqual([
      "connections are being counted, draining for 0 s",
      "3 connections left, draining for 1 s",
      "1 of 3 connections left, draining for 2 s",
      `last: ${NAME} is drained after 3 s: no connection is left`,
      "drained",
    ]);
  });

  it("waits for an order that is still on its way, and sees one that is taken back", async () => {
    const idle = pool([server({ orders: [] })]);
    expect((await follow([idle, pool([server({ connections: 2 })]), idle])).slice(-2)).toEqual([
      `last: ${NAME} is drained no more: the order was taken back`,
      "taken back",
    ]);
    expect(await follow([idle])).toHaveLength(7);
  });

  it("leaves it draining when the operator has had enough, or the time is over", async () => {
    const busy = [pool([server({ connections: 2 })])];
    const goesOn = "it goes on draining until `buoy pool enable`";
    expect((await follow(busy, { interruptAt: 1 })).slice(-2)).toEqual([
      `last: 2 connections left; ${goesOn}`,
      "interrupted",
    ]);
    expect((await follow(busy, { timeout: 3_000_000 })).slice(-2)).toEqual([
      `last: 2 connections left after 3 s; ${goesOn}`,
      "timed out",
    ]);
  });

  it("does not wait where nothing can be counted, or nothing is there", async () => {
    expect((await follow([pool([server()], "none")])).at(-1)).toBe("uncounted");
    expect((await follow([pool([])])).at(-1)).toBe("gone");
  });
});
