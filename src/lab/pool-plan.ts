/** The LAN of the director's lab, as in examples/lvs-nat: clients in front, web servers behind the directors. */
import { type Micros, millis } from "../base/time.ts";
import type { HostPlan } from "./plan.ts";

const GATEWAY = "10.8.0.254";

export const FIRST: HostPlan = {
  name: "director1",
  address: "10.7.0.1",
  role: "director",
  second: "10.8.0.1",
};
export const SECOND: HostPlan = {
  name: "director2",
  address: "10.7.0.2",
  role: "director",
  second: "10.8.0.2",
};
export const SHOPPER: HostPlan = { name: "client", address: "10.7.0.50", role: "shopper" };
export const SORRY: HostPlan = server("sorry", "10.8.0.20");

/** A real server and its weight. */
export interface PoolServer {
  readonly plan: HostPlan;
  readonly weight: number;
}

export const SERVERS = [
  { plan: server("web1", "10.8.0.11"), weight: 3 },
  { plan: server("web2", "10.8.0.12"), weight: 2 },
  { plan: server("web3", "10.8.0.13"), weight: 1 },
] as const satisfies readonly PoolServer[];

export const POOL_HOSTS: readonly HostPlan[] = [
  FIRST,
  SECOND,
  ...SERVERS.map(({ plan }) => plan),
  SORRY,
  SHOPPER,
];

/** The longest that a dead server stays in the pool: `delay_loop`, and one retry after `delay_before_retry`. */
export const NOTICED_WITHIN: Micros = millis(1_000 + 500);
export const PAGE_EVERY_MS = 10;

function server(name: string, address: string): HostPlan {
  return { name, address, role: "server", switch: "back", gateway: GATEWAY };
}
