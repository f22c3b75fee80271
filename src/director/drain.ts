/** Servers that take no new connections: when the last one has ended they leave the table. */
import { destinationKey, endpointKey, portAt } from "./desired.ts";
import type { Pool } from "./pool.ts";
import type { Server, Service } from "./service.ts";
import type { FoundDestination, FoundService } from "./table.ts";
import type { Turn } from "./turn.ts";
import { emit } from "./turn.ts";

/** Whether a server waits for its connections to end. */
export function isDraining(pool: Pool): boolean {
  return draining(pool).length > 0;
}

/** Counts the connections of servers that are being drained. Returns the services of those that have none left. */
export function countConnections(turn: Turn, pool: Pool, found: readonly FoundService[]): readonly Service[] {
  const waiting = draining(pool);
  if (waiting.length === 0) return [];
  const byEndpoint = new Map(found.map((service) => [endpointKey(service.endpoint), service]));
  const changed: Service[] = [];
  for (const { service, server } of waiting) {
    const connections = connectionsOf(service, server, byEndpoint);
    if (connections === undefined) continue;
    const drained = connections === 0;
    server.memory = { ...server.memory, connections, drained };
    if (!drained) continue;
    emit(turn, { kind: "Drained", virtualServer: service.model.name, realServer: server.name });
    changed.push(service);
  }
  return changed;
}

function draining(pool: Pool): readonly { readonly service: Service; readonly server: Server }[] {
  const list: { service: Service; server: Server }[] = [];
  for (const order of pool.surroundings.orders) {
    if (order.kind !== "drain") continue;
    const service = pool.find(order.virtualServer);
    const server = service?.servers.find(({ model }) => model.key === order.realServer);
    if (service === undefined || server === undefined || server.memory.drained) continue;
    if (!list.some((one) => one.server === server)) list.push({ service, server });
  }
  return list;
}

/** At all endpoints; undefined while the kernel may still send new ones. */
function connectionsOf(
  service: Service,
  server: Server,
  found: ReadonlyMap<string, FoundService>,
): number | undefined {
  const { address } = server.model;
  let sum = 0;
  for (const endpoint of service.model.endpoints) {
    const { destinations = [] } = found.get(endpointKey(endpoint)) ?? {};
    const key = destinationKey({ address, port: portAt(server.model, endpoint) });
    const destination = destinations.find((one) => destinationKey(one) === key);
    if (destination === undefined) continue;
    if (destination.weight !== 0) return undefined;
    sum += connectionsTo(destination);
  }
  return sum;
}

function connectionsTo(destination: FoundDestination): number {
  const { activeConnections, inactiveConnections, persistentConnections } = destination;
  return activeConnections + inactiveConnections + persistentConnections;
}
