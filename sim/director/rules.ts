/**
 * What the rules say about the table, computed apart from the engine: from the configuration and the inputs alone, in the
 * plainest way. It knows nothing of deadlines, requests or differences.
 */
import type { CheckResult, DirectorInput } from "../../src/director/input.ts";
import type { PoolOrder } from "../../src/director/pool-order.ts";
import type { FoundService } from "../../src/director/table.ts";
import type {
  CheckModel,
  DirectorModel,
  Endpoint,
  ProbeModel,
  RealServerModel,
  SorryServerModel,
  VirtualServerModel,
} from "../../src/model/director-models.ts";
import { endpointText } from "./fake-table.ts";

/** What is known of one probe, whoever asked for it. */
interface ProbeState {
  ok: boolean | undefined;
  failures: number;
  sets: number | undefined;
}

interface CheckState {
  ok: boolean;
  adds: number;
  sets: number | undefined;
}

interface ServerState {
  model: RealServerModel;
  checks: Map<string, CheckState>;
  drained: boolean;
}

interface ServiceState {
  model: VirtualServerModel;
  servers: Map<string, ServerState>;
  quorumUp: boolean;
  suspended: boolean;
}

export class Rules {
  readonly #services = new Map<string, ServiceState>();
  readonly #probes = new Map<string, ProbeState>();
  readonly #files = new Map<string, number>();
  readonly #sessions = new Map<string, boolean>();
  readonly #held = new Set<string>();
  #orders: readonly PoolOrder[] = [];

  /** Takes an input of the engine. Results of checks come by {@link finished}. */
  take(input: DirectorInput): void {
    switch (input.kind) {
      case "ConfigChanged":
        this.#configure(input.model);
        break;
      case "FileMeasured":
        this.#files.set(input.file, input.value);
        break;
      case "BfdChanged":
        this.#sessions.set(input.session, input.up);
        break;
      case "AddressHeld":
        if (input.held) this.#held.add(input.address);
        else this.#held.delete(input.address);
        break;
      case "PoolOrdersChanged":
        this.#orders = input.orders;
        break;
      case "TableRead":
        this.#countConnections(input.services);
        break;
      default:
    }
    this.#evaluate();
  }

  /** A probe was run, or was lost. */
  finished(probe: ProbeModel, result: CheckResult): void {
    const state = this.#probes.get(JSON.stringify(probe));
    if (state === undefined) return;
    if (result.ok) {
      state.ok = true;
      state.failures = 0;
      state.sets = result.setsWeight;
    } else {
      state.failures++;
      const retry = this.#retryOf(probe);
      if (state.ok !== true || state.failures > retry) state.ok = false;
    }
    this.#evaluate();
  }

  /** Whether this server is up; undefined where there is none of this name. */
  isUp(virtualServer: string, address: string): boolean | undefined {
    for (const service of this.#services.values()) {
      if (service.model.name !== virtualServer) continue;
      for (const server of service.servers.values()) {
        if (server.model.address === address) return this.#up(service, server);
      }
    }
    return undefined;
  }

  /** One line for each endpoint, as the kernel's table is written. */
  get table(): readonly string[] {
    return [...this.#services.values()]
      .flatMap((service) => service.model.endpoints.map((endpoint) => this.#line(service, endpoint)))
      .sort();
  }

  get names(): ReadonlySet<string> {
    return new Set([...this.#services.values()].flatMap(({ model }) => model.endpoints.map(endpointText)));
  }

  #retryOf(probe: ProbeModel): number {
    const key = JSON.stringify(probe);
    for (const { servers } of this.#services.values()) {
      for (const { model } of servers.values()) {
        const check = model.checks.find((one) => JSON.stringify(one.probe) === key);
        if (check !== undefined) return check.timing.retry;
      }
    }
    return 0;
  }

  #configure(model: DirectorModel): void {
    const wanted = new Set(model.virtualServers.map(({ key }) => key));
    for (const key of [...this.#services.keys()]) if (!wanted.has(key)) this.#services.delete(key);
    const inUse = new Set<string>();
    const before = new Map(this.#services);
    this.#services.clear();
    for (const service of model.virtualServers) {
      for (const { checks } of service.realServers)
        for (const { probe } of checks) inUse.add(JSON.stringify(probe));
    }
    const known = new Map(this.#probes);
    for (const key of [...this.#probes.keys()]) if (!inUse.has(key)) this.#probes.delete(key);
    for (const key of inUse) {
      if (!known.has(key)) this.#probes.set(key, { ok: undefined, failures: 0, sets: undefined });
    }
    for (const service of model.virtualServers)
      this.#services.set(service.key, this.#adopt(service, before.get(service.key)));
  }

  #adopt(model: VirtualServerModel, old: ServiceState | undefined): ServiceState {
    const servers = new Map<string, ServerState>();
    for (const server of model.realServers) {
      const last = old?.servers.get(server.key);
      const wasGood = last === undefined || [...last.checks.values()].every(({ ok }) => ok);
      const checks = new Map<string, CheckState>();
      for (const check of server.checks) {
        const assumed = last === undefined ? !check.alpha : wasGood;
        checks.set(
          check.key,
          last?.checks.get(check.key) ?? this.#says(check) ?? { ok: assumed, adds: 0, sets: undefined },
        );
      }
      servers.set(server.key, { model: server, checks, drained: last?.drained ?? false });
    }
    return { model, servers, quorumUp: old?.quorumUp ?? false, suspended: this.#isSuspended(model) };
  }

  #isSuspended({ haSuspend, endpoints }: VirtualServerModel): boolean {
    const addresses = endpoints.flatMap((endpoint) =>
      endpoint.kind === "address" ? [endpoint.address] : [],
    );
    return haSuspend && addresses.length > 0 && !addresses.some((address) => this.#held.has(address));
  }

  /** What a check says by now, if it says anything. */
  #says({ probe }: CheckModel): CheckState | undefined {
    if (probe.kind === "file") {
      const value = this.#files.get(probe.file);
      if (value === undefined) return undefined;
      if (probe.weight === 0) return { ok: value === 0, adds: 0, sets: undefined };
      const adds = value * probe.weight * (probe.reverse ? -1 : 1);
      return { ok: adds > -(2 ** 31), adds, sets: undefined };
    }
    if (probe.kind === "bfd") {
      const up = this.#sessions.get(probe.session);
      return up === undefined ? undefined : { ok: up, adds: 0, sets: undefined };
    }
    const state = this.#probes.get(JSON.stringify(probe));
    return state?.ok === undefined ? undefined : { ok: state.ok, adds: 0, sets: state.sets };
  }

  #evaluate(): void {
    for (const service of this.#services.values()) {
      service.suspended = this.#isSuspended(service.model);
      for (const server of service.servers.values()) {
        if (this.#order(service, server, "drain") === undefined) server.drained = false;
        if (service.suspended) continue;
        for (const check of server.model.checks) {
          const says = this.#says(check);
          if (says !== undefined) server.checks.set(check.key, says);
        }
      }
      const { quorum, hysteresis } = service.model;
      const sum = [...service.servers.values()]
        .filter((server) => this.#up(service, server))
        .reduce((total, server) => total + this.#weight(service, server), 0);
      if (service.quorumUp) service.quorumUp = sum !== 0 && sum >= quorum - hysteresis;
      else service.quorumUp = sum >= quorum + hysteresis;
    }
  }

  #order(service: ServiceState, server: ServerState, kind: PoolOrder["kind"]): PoolOrder | undefined {
    return this.#orders.findLast(
      (order) =>
        order.kind === kind &&
        order.virtualServer === service.model.key &&
        order.realServer === server.model.key,
    );
  }

  #up(service: ServiceState, server: ServerState): boolean {
    if (this.#order(service, server, "disable") !== undefined) return false;
    return [...server.checks.values()].every(({ ok }) => ok);
  }

  #weight(service: ServiceState, server: ServerState): number {
    if (this.#order(service, server, "drain") !== undefined) return 0;
    const ordered = this.#order(service, server, "weight")?.weight;
    let weight = server.model.weight;
    for (const { adds, sets } of server.checks.values())
      weight += sets === undefined ? adds : sets - server.model.weight;
    return Math.min(65_535, Math.max(0, ordered ?? weight));
  }

  #line(service: ServiceState, endpoint: Endpoint): string {
    const { sorryServer, scheduler } = service.model;
    const isSorry = sorryServer !== undefined && !service.quorumUp;
    const weights = new Map<string, number>();
    const nameOf = (server: RealServerModel | SorryServerModel): string =>
      `${server.address}:${portBehind(endpoint, server)}`;
    if (sorryServer?.inhibit === true && !isSorry) weights.set(nameOf(sorryServer), 0);
    for (const server of service.servers.values()) {
      const name = nameOf(server.model);
      if (this.#order(service, server, "disable") !== undefined) continue;
      if (this.#up(service, server) && !isSorry && !server.drained)
        weights.set(name, this.#weight(service, server));
      else if (server.model.inhibitOnFailure) weights.set(name, 0);
    }
    if (isSorry) weights.set(nameOf(sorryServer), 1);
    const list = [...weights].map(([name, weight]) => `${name}=${weight}`).sort();
    return [`${endpointText(endpoint)} ${scheduler}:`, ...list].join(" ");
  }

  #countConnections(found: readonly FoundService[]): void {
    for (const service of this.#services.values()) {
      for (const server of service.servers.values()) {
        if (this.#order(service, server, "drain") === undefined) continue;
        const names = new Set(service.model.endpoints.map(endpointText));
        const destinations = found
          .filter(({ endpoint }) => names.has(endpointText(endpoint)))
          .flatMap((one) => one.destinations.filter(({ address }) => address === server.model.address));
        const isQuiet = destinations.every(
          ({ weight, activeConnections }) => weight === 0 && activeConnections === 0,
        );
        if (isQuiet) server.drained = true;
      }
    }
  }
}

/** Only what is translated can come to another port than the one it was sent to; a mark says nothing of ports. */
function portBehind(endpoint: Endpoint, { port, forwarding }: RealServerModel | SorryServerModel): number {
  if (forwarding.method === "nat") return port;
  return endpoint.kind === "address" ? endpoint.port : 0;
}
