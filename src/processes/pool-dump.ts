/** Makes of the checker's snapshot what its dump is made of. */
import { destinationKey, endpointKey, portAt } from "../director/desired.ts";
import type { CheckMemory, DirectorSnapshot, ServerMemory } from "../director/memory.ts";
import { serverName } from "../director/names.ts";
import { unboundedWeight } from "../director/real-server.ts";
import { sharingKey } from "../director/roster.ts";
import type { RealServerModel, VirtualServerModel } from "../model/director-models.ts";
import { NO_DIRECTOR } from "../model/director-models.ts";
import type { DirectorDump, ServerDump, ServiceDump } from "../observe/dump/director-source.ts";
import type { CheckerSnapshot } from "./messages.ts";

export function poolDump(checker: CheckerSnapshot | undefined): DirectorDump | undefined {
  if (checker === undefined) return undefined;
  const { director, plane } = checker;
  const { virtualServers, tls } = director.model ?? NO_DIRECTOR;
  const table = new KnownTable(director);
  const checks = new Map(director.checks.map(({ key, memory }) => [key, memory]));
  const services = virtualServers.flatMap((model, index): ServiceDump[] => {
    const memories = director.services[index];
    if (memories === undefined) return [];
    return [
      {
        model,
        memory: memories.memory,
        sorryServer: model.sorryServer && serverName(model, model.sorryServer),
        isSet: model.endpoints.some((endpoint) => table.has(endpoint)),
        servers: model.realServers.flatMap((server, number) => {
          const memory = memories.servers[number];
          return memory === undefined ? [] : [serverDump(model, server, memory, table, checks)];
        }),
      },
    ];
  });
  return { plane, tls, services, files: new Map(director.surroundings.files) };
}

function serverDump(
  service: VirtualServerModel,
  model: RealServerModel,
  memory: ServerMemory,
  table: KnownTable,
  checks: ReadonlyMap<string, CheckMemory>,
): ServerDump {
  return {
    model,
    memory,
    name: serverName(service, model),
    isSet: service.endpoints.some((endpoint) =>
      table.has(endpoint, { address: model.address, port: portAt(model, endpoint) }),
    ),
    effectiveWeight: unboundedWeight(model, memory.verdicts),
    checks: model.checks.flatMap((check, index) => {
      const verdict = memory.verdicts[index];
      return verdict === undefined ? [] : [{ model: check, verdict, run: checks.get(sharingKey(check)) }];
    }),
  };
}

/** What the kernel's table holds of ours, as far as the engine knows. */
class KnownTable {
  readonly #services: ReadonlyMap<string, ReadonlySet<string>>;

  constructor({ table }: DirectorSnapshot) {
    this.#services = new Map(
      table.known.map(({ endpoint, destinations }) => [
        endpointKey(endpoint),
        new Set(destinations.map(destinationKey)),
      ]),
    );
  }

  has(
    endpoint: Parameters<typeof endpointKey>[0],
    destination?: Parameters<typeof destinationKey>[0],
  ): boolean {
    const destinations = this.#services.get(endpointKey(endpoint));
    if (destinations === undefined) return false;
    return destination === undefined || destinations.has(destinationKey(destination));
  }
}
