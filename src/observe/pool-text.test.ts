import { expect, test } from "vitest";
import { MOST_SERVICES, poolLines } from "./pool-text.ts";
import type { CheckStatus, PoolStatus, ServerStatus, ServiceStatus } from "./pool-view.ts";
import { plainPaint } from "./style.ts";

const VIEW = { paint: plainPaint, width: 100, instant: (at: number) => `T${at}` };
const CHECK: CheckStatus = { name: "HTTP_GET /", ok: true, failures: 0, blocked: undefined, last: undefined };

function server(over: Partial<ServerStatus> = {}): ServerStatus {
  return {
    key: "10.0.1.1:80",
    name: "[10.0.1.1]:tcp:80",
    forwarding: "dr",
    up: true,
    weight: 1,
    configuredWeight: 1,
    orders: [],
    connections: undefined,
    drained: false,
    changedAt: 1,
    cause: [],
    checks: [CHECK],
    ...over,
  };
}

function service(number: number, over: Partial<ServiceStatus> = {}): ServiceStatus {
  return {
    key: `${number}`,
    name: `[10.0.0.${number}]:tcp:80`,
    scheduler: "wlc",
    quorumUp: true,
    quorum: 1,
    hysteresis: 0,
    weight: 1,
    suspended: false,
    sorryServer: undefined,
    changedAt: undefined,
    cause: [],
    servers: [server()],
    ...over,
  };
}

const pool = (services: readonly ServiceStatus[]): PoolStatus => ({
  plane: { name: "IPVS 1.2.1", why: "the kernel has it" },
  at: 1,
  services,
});

test("of more services than fit, those in trouble come first; a list shows them all", () => {
  const many = Array.from({ length: MOST_SERVICES + 10 }, (_, number) => service(number + 1));
  const ill = [
    service(201, { servers: [server({ up: false })] }),
    service(202, { quorumUp: false, weight: 0 }),
  ];
  const text = poolLines(pool([...many, ...ill]), VIEW);
  const names = text.filter((line) => line.startsWith("[")).map((line) => line.split(" ")[0]);
  expect(names.slice(0, 3)).toEqual(["[10.0.0.202]:tcp:80", "[10.0.0.201]:tcp:80", "[10.0.0.1]:tcp:80"]);
  expect(names).toHaveLength(MOST_SERVICES);
  expect(text.at(-1)).toBe("and 12 more services: `buoy pool list` shows them");
  const all = poolLines(pool([...many, ...ill]), VIEW, many.length + ill.length);
  expect(all.filter((line) => line.startsWith("["))).toHaveLength(many.length + ill.length);
});

test("a server says what is wrong with it, and what could not be found out", () => {
  const blocked = { since: 5, reason: "too many open files on this host" };
  const failed = { at: 7, ok: false, detail: "answered 503", excerpt: "under repair" };
  const lines = poolLines(
    pool([
      service(1, {
        servers: [
          server({ checks: [{ ...CHECK, blocked }] }),
          server({ up: false, checks: [{ ...CHECK, ok: false, failures: 3, last: failed }] }),
        ],
      }),
    ]),
    VIEW,
  );
  expect(lines.slice(1)).toEqual([
    "[10.0.0.1]:tcp:80  wlc  UP  weight 1 of live servers, quorum 1",
    "  SERVER             STATE  FOR  WEIGHT  METHOD  CHECKS",
    "  [10.0.1.1]:tcp:80  UP     0 s  1       dr      HTTP_GET not run",
    "      HTTP_GET / cannot be run by this host since T5: too many open files on this host",
    "  [10.0.1.1]:tcp:80  DOWN   0 s  1       dr      HTTP_GET failed",
    '      HTTP_GET / answered 503 (3 times in a row) at T7, its answer began with "under repair"',
  ]);
});
