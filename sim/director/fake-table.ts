/** A kernel's table of services, for tests and the simulator: it takes steps as a data plane does, or refuses them. */

import type { OsError } from "../../src/base/result.ts";
import type {
  FoundDestination,
  FoundService,
  TableChange,
  TableDestination,
  TableRefusal,
  TableService,
} from "../../src/director/table.ts";
import type { Endpoint } from "../../src/model/director-models.ts";
import { NO_STATISTICS } from "../../src/wire/netlink/ipvs.ts";

interface Row {
  head: Omit<TableService, "destinations">;
  readonly destinations: Map<string, TableDestination>;
}

export class FakeTable {
  readonly #rows = new Map<string, Row>();
  /** Connections by destination: `10.0.1.1:80`. */
  readonly connections = new Map<string, number>();
  /** The same for clients that are bound to their server. */
  readonly persistent = new Map<string, number>();
  /** Which steps are refused, and how. */
  refuse: (step: TableChange) => string | undefined = () => undefined;

  change(changes: readonly TableChange[]): readonly TableRefusal[] {
    return changes.flatMap((step, index) => {
      const errno = this.refuse(step) ?? this.#take(step);
      const error: OsError | undefined =
        errno === undefined ? undefined : { call: "ipvs", errno, subject: step.kind };
      return error === undefined ? [] : [{ index, error }];
    });
  }

  flush(): void {
    this.#rows.clear();
  }

  read(): readonly FoundService[] {
    return [...this.#rows.values()].map(({ head, destinations }) => ({
      ...head,
      destinations: [...destinations.values()].map((one) => this.#found(one)),
      statistics: NO_STATISTICS,
    }));
  }

  /** One line per service: `tcp 10.0.0.1:80 wlc: 10.0.1.1:80=1 10.0.1.2:80=3`, sorted. */
  get text(): readonly string[] {
    return [...this.#rows]
      .map(([name, row]) => rowText(name, row.head.scheduler, [...row.destinations.values()]))
      .sort();
  }

  #found(destination: TableDestination): FoundDestination {
    const name = `${destination.address}:${destination.port}`;
    const activeConnections = this.connections.get(name) ?? 0;
    return {
      ...destination,
      activeConnections,
      inactiveConnections: 0,
      persistentConnections: this.persistent.get(name) ?? 0,
      statistics: NO_STATISTICS,
    };
  }

  #take(step: TableChange): string | undefined {
    if ("service" in step) {
      const key = endpointText(step.service.endpoint);
      if (step.kind === "DeleteService") this.#rows.delete(key);
      else
        this.#rows.set(key, {
          head: step.service,
          destinations: this.#rows.get(key)?.destinations ?? new Map(),
        });
      return undefined;
    }
    const row = this.#rows.get(endpointText(step.endpoint));
    if (row === undefined) return step.kind === "DeleteDestination" ? undefined : "ESRCH";
    const key = `${step.destination.address} ${step.destination.port}`;
    if (step.kind === "DeleteDestination") row.destinations.delete(key);
    else row.destinations.set(key, step.destination);
    return undefined;
  }
}

/** The same line for a service that is only asked for. */
export function serviceText(service: TableService): string {
  return rowText(endpointText(service.endpoint), service.scheduler, service.destinations);
}

function rowText(name: string, scheduler: string, destinations: readonly TableDestination[]): string {
  const list = destinations.map(({ address, port, weight }) => `${address}:${port}=${weight}`).sort();
  return [`${name} ${scheduler}:`, ...list].join(" ");
}

export function endpointText(endpoint: Endpoint): string {
  if (endpoint.kind === "fwmark") return `fwmark ${endpoint.mark} ${endpoint.family}`;
  return `${endpoint.protocol} ${endpoint.address}:${endpoint.port}`;
}
