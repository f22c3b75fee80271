/** The table that the rules ask for, from the states of services and servers. */
import { familyOf } from "../base/ip.ts";
import type { Endpoint, RealServerModel, SorryServerModel } from "../model/director-models.ts";
import type { Server, Service } from "./service.ts";
import { sorryInUse } from "./service.ts";
import type { TableDestination, TableService } from "./table.ts";

/** Weight of a sorry server in use. */
const SORRY_WEIGHT = 1;

export function endpointKey(endpoint: Endpoint): string {
  return endpoint.kind === "fwmark"
    ? `fwmark ${endpoint.mark} ${endpoint.family}`
    : `${endpoint.protocol} ${endpoint.address} ${endpoint.port}`;
}

export function destinationKey(destination: { readonly address: string; readonly port: number }): string {
  return `${destination.address} ${destination.port}`;
}

/** What one endpoint of a service is to look like. */
export function desiredService(service: Service, endpoint: Endpoint): TableService {
  const { scheduler, flags, onePacket, persistence } = service.model;
  return {
    endpoint,
    scheduler,
    flags,
    onePacket,
    persistence,
    destinations: desiredDestinations(service, endpoint),
  };
}

/**
 * Live servers with their weights; in their place the sorry server while the quorum is lost. What is kept on failure, and
 * a sorry server that is kept, stay with weight 0. No address stands in the list twice: a sorry server that is one of the
 * real servers counts as what it is needed for.
 */
export function desiredDestinations(service: Service, endpoint: Endpoint): readonly TableDestination[] {
  const { sorryServer } = service.model;
  const sorry = sorryInUse(service);
  const found = new Map<string, TableDestination>();
  const put = (destination: TableDestination): void => {
    found.set(destinationKey(destination), destination);
  };
  if (sorry === undefined && sorryServer?.inhibit === true) put(sorryDestination(sorryServer, endpoint, 0));
  for (const server of service.servers) {
    const weight = poolWeight(server, sorry !== undefined);
    if (weight !== undefined) put(serverDestination(server.model, endpoint, weight));
  }
  if (sorry !== undefined) put(sorryDestination(sorry, endpoint, SORRY_WEIGHT));
  return [...found.values()];
}

/** The server's weight in the kernel's table, or undefined where it is not in it. */
export function poolWeight(server: Server, isReplaced: boolean): number | undefined {
  const { model, memory, orders } = server;
  if (orders.disable !== undefined) return undefined;
  if (memory.up && !isReplaced && !memory.drained) return memory.weight;
  return model.inhibitOnFailure ? 0 : undefined;
}

/** Port 0 of a server is that of the endpoint, and a packet that is passed on as it is keeps its port. */
export function portAt(
  { port, forwarding }: Pick<RealServerModel, "port" | "forwarding">,
  endpoint: Endpoint,
): number {
  const isKept = port === 0 || forwarding.method !== "nat";
  if (endpoint.kind === "fwmark") return isKept ? 0 : port;
  return isKept ? endpoint.port : port;
}

function serverDestination(model: RealServerModel, endpoint: Endpoint, weight: number): TableDestination {
  const { address, forwarding, upperThreshold, lowerThreshold } = model;
  const port = portAt(model, endpoint);
  return { address, port, family: familyOf(address), forwarding, weight, upperThreshold, lowerThreshold };
}

function sorryDestination(model: SorryServerModel, endpoint: Endpoint, weight: number): TableDestination {
  const { address, forwarding } = model;
  const limits = { upperThreshold: 0, lowerThreshold: 0 };
  return {
    address,
    port: portAt(model, endpoint),
    family: familyOf(address),
    forwarding,
    weight,
    ...limits,
  };
}
