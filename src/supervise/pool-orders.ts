/** Operators' orders about real servers as the steward keeps them: which may be given, and which stand. Pure. */
import type { Result } from "../base/result.ts";
import { fail, ok } from "../base/result.ts";
import type { Instant } from "../base/time.ts";
import type { PoolOrder } from "../director/pool-order.ts";
import type { DirectorModel, RealServerModel, VirtualServerModel } from "../model/director-models.ts";

/** What `buoy pool` asks for. `enable` ends whatever was ordered for the server. */
export interface PoolRequest {
  readonly action: PoolOrder["kind"] | "enable";
  /** As the configuration, the log or the status writes them. */
  readonly service: string;
  readonly server: string;
  /** Of `weight`. */
  readonly weight: number | undefined;
  readonly by: string;
  readonly why: string | undefined;
}

export interface PoolDecision {
  readonly orders: readonly PoolOrder[];
  readonly service: VirtualServerModel;
  readonly server: RealServerModel;
}

/** keepalived's upper bound of a weight. */
export const MOST_WEIGHT = 65_535;

/** The orders after this request, or a sentence saying why it is not taken. `id` is larger than any before it. */
export function decidePoolOrder(
  orders: readonly PoolOrder[],
  request: PoolRequest,
  director: DirectorModel,
  id: number,
  now: Instant,
): Result<PoolDecision, string> {
  const service = one(director.virtualServers, request.service, serviceNames, "virtual server");
  if (!service.ok) return service;
  const server = one(
    service.value.realServers,
    request.server,
    serverNames,
    `server of ${service.value.name}`,
  );
  if (!server.ok) return server;
  const { action, weight, by, why } = request;
  const [virtualServer, realServer] = [service.value.key, server.value.key];
  const isOfServer = (order: PoolOrder): boolean =>
    order.virtualServer === virtualServer && order.realServer === realServer;
  // A weight is kept while the server is drained or disabled; those two follow each other.
  const isReplaced = ({ kind }: PoolOrder): boolean =>
    action === "enable" || (action === "weight") === (kind === "weight");
  const rest = orders.filter((order) => !isOfServer(order) || !isReplaced(order));
  const found = { service: service.value, server: server.value };
  if (action === "enable") {
    if (rest.length === orders.length)
      return fail(`nothing is ordered for ${request.server} in ${service.value.name}`);
    return ok({ orders: rest, ...found });
  }
  if (action === "weight" && (weight === undefined || weight < 0 || weight > MOST_WEIGHT))
    return fail(`a weight is a number from 0 to ${MOST_WEIGHT}`);
  const order: PoolOrder = { id, kind: action, virtualServer, realServer, weight, since: now, by, why };
  return ok({ orders: [...rest, order], ...found });
}

/** Orders whose server is still configured. */
export function standingPoolOrders(
  orders: readonly PoolOrder[],
  director: DirectorModel,
): readonly PoolOrder[] {
  if (orders.length === 0) return orders;
  const servers = new Set(
    director.virtualServers.flatMap(({ key, realServers }) =>
      realServers.map((server) => `${key} ${server.key}`),
    ),
  );
  return orders.filter(({ virtualServer, realServer }) => servers.has(`${virtualServer} ${realServer}`));
}

function one<Thing>(
  things: readonly Thing[],
  name: string,
  namesOf: (thing: Thing) => readonly string[],
  what: string,
): Result<Thing, string> {
  const [first, second] = things.filter((thing) => namesOf(thing).includes(name));
  if (first === undefined) return fail(`there is no ${what} ${name}; \`buoy pool list\` names them all`);
  if (second !== undefined)
    return fail(`more than one ${what} is called ${name}: say it with its port and protocol`);
  return ok(first);
}

function serviceNames({ key, name, group, endpoints }: VirtualServerModel): readonly string[] {
  const names = group === undefined ? [key, name] : [key, name, group];
  const [endpoint] = endpoints;
  if (group !== undefined || endpoint === undefined) return names;
  if (endpoint.kind === "fwmark") return [...names, `fwmark ${endpoint.mark}`, `${endpoint.mark}`];
  const { address, port, protocol } = endpoint;
  const short = placeNames(address, port);
  return [...names, ...short, ...short.map((place) => `${place}/${protocol}`)];
}

function serverNames({ key, address, port }: RealServerModel): readonly string[] {
  return [key, ...placeNames(address, port)];
}

function placeNames(address: string, port: number): readonly string[] {
  return [address, `${address}:${port}`, `[${address}]:${port}`];
}
