import { expect, test } from "vitest";
import type { DirectorEventDetail } from "../director/event.ts";
import { poolFifoLine } from "./pool-fifo.ts";

const line = (event: DirectorEventDetail): string | undefined => poolFifoLine({ at: 1, ...event });
const server = { kind: "ServerChanged", weight: 1, inhibited: false, cause: [] } as const;
const quorum = {
  kind: "QuorumChanged",
  quorum: 1,
  hysteresis: 0,
  weight: 1,
  starting: false,
  cause: [],
} as const;

test("keepalived's lines, without a NUL byte", () => {
  for (const name of ["[10.0.0.1]:tcp:80", "[2001:db8::1]:udp:53", "FWM 5", "[web]:80"]) {
    expect(line({ ...quorum, virtualServer: name, up: true })).toBe(`VS ${name} UP\n`);
    expect(line({ ...quorum, virtualServer: name, up: false })).toBe(`VS ${name} DOWN\n`);
    const names = { virtualServer: name, realServer: "[10.0.1.1]:tcp:80" };
    expect(line({ ...server, ...names, up: true })).toBe(`RS [10.0.1.1]:tcp:80 ${name} UP\n`);
    expect(line({ ...server, ...names, up: false })).toBe(`RS [10.0.1.1]:tcp:80 ${name} DOWN\n`);
  }
});

test("nothing else is told", () => {
  expect(
    line({
      kind: "Suspended",
      virtualServer: "FWM 5",
      suspended: true,
      starting: false,
      checked: [],
    }),
  ).toBeUndefined();
});
