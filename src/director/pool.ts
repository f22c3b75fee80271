/** All services of the engine, and by what each is found. */
import type { IpAddress } from "../base/ip.ts";
import type { CheckModel, Endpoint } from "../model/director-models.ts";
import { desiredService, endpointKey } from "./desired.ts";
import { CheckRoster } from "./roster.ts";
import type { Service, Subscriber } from "./service.ts";
import type { Surroundings } from "./surroundings.ts";
import type { TableService } from "./table.ts";
import type { TableKeeper } from "./table-keeper.ts";

export class Pool {
  readonly roster = new CheckRoster();
  readonly surroundings: Surroundings;
  #services: readonly Service[] = [];
  #byKey: ReadonlyMap<string, Service> = new Map();
  /** Of two services with one endpoint the first has it. */
  readonly #owners = new Map<string, { readonly service: Service; readonly endpoint: Endpoint }>();
  readonly #followers = new Map<string, Subscriber[]>();
  readonly #byAddress = new Map<IpAddress, Service[]>();

  constructor(surroundings: Surroundings) {
    this.surroundings = surroundings;
  }

  get services(): readonly Service[] {
    return this.#services;
  }

  set services(services: readonly Service[]) {
    this.#services = services;
    this.#byKey = new Map(services.map((service) => [service.model.key, service]));
    this.#owners.clear();
    this.#followers.clear();
    this.#byAddress.clear();
    services.forEach((service, place) => {
      service.place = place;
      this.#enter(service);
    });
  }

  find(key: string): Service | undefined {
    return this.#byKey.get(key);
  }

  /** What the rules ask for at an endpoint. */
  wanted(endpoint: string): TableService | undefined {
    const owner = this.#owners.get(endpoint);
    return owner && desiredService(owner.service, owner.endpoint);
  }

  /** Services that wait for this address. */
  at(address: IpAddress): readonly Service[] {
    return this.#byAddress.get(address) ?? [];
  }

  /** Servers that follow a file or a BFD session. */
  followers(source: string): readonly Subscriber[] {
    return this.#followers.get(source) ?? [];
  }

  #enter(service: Service): void {
    const { endpoints, haSuspend } = service.model;
    for (const endpoint of endpoints) {
      const key = endpointKey(endpoint);
      if (!this.#owners.has(key)) this.#owners.set(key, { service, endpoint });
      if (haSuspend && endpoint.kind === "address") push(this.#byAddress, endpoint.address, service);
    }
    for (const server of service.servers) {
      server.model.checks.forEach((check, index) => {
        const source = sourceOf(check);
        if (source !== undefined) push(this.#followers, source, { service, server, index });
      });
    }
  }
}

/** What a check is told by: `file NAME` or `bfd NAME`. */
export function sourceOf({ probe }: CheckModel): string | undefined {
  if (probe.kind === "file") return `file ${probe.file}`;
  return probe.kind === "bfd" ? `bfd ${probe.session}` : undefined;
}

/** All endpoints of a service may have to change. */
export function markService(table: TableKeeper, service: Service): void {
  for (const endpoint of service.model.endpoints) table.mark(endpointKey(endpoint));
}

function push<Key, Item>(lists: Map<Key, Item[]>, key: Key, item: Item): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [item]);
  else list.push(item);
}
