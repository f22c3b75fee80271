/** A virtual server with its real servers, as the engine holds them. */
import type {
  CheckModel,
  CheckTiming,
  ProbeModel,
  RealServerModel,
  SorryServerModel,
  VirtualServerModel,
} from "../model/director-models.ts";
import type { CheckMemory, ServerMemory, ServiceMemory, VerdictMemory } from "./memory.ts";
import { NO_CONTRIBUTION } from "./memory.ts";
import { serverName } from "./names.ts";
import type { PoolOrder } from "./pool-order.ts";
import { effectiveWeight, isUp, type ServerOrders } from "./real-server.ts";

export interface Service {
  /** Among all services. */
  place: number;
  model: VirtualServerModel;
  servers: readonly Server[];
  memory: ServiceMemory;
}

export interface Server {
  model: RealServerModel;
  readonly name: string;
  /** Its part in each check of the model that is run: undefined where it is told of (`FILE_CHECK`, `BFD_CHECK`). */
  parts: readonly (CheckPart | undefined)[];
  orders: ServerOrders;
  memory: ServerMemory;
}

/** A check that is run, whoever asked for it: servers of several services may share it. */
export interface Check {
  /** Equal for checks that would find the same. */
  readonly key: string;
  readonly probe: ProbeModel;
  readonly timing: CheckTiming;
  readonly subscribers: Set<Subscriber>;
  /** Place among those due at one instant. */
  slot: number;
  memory: CheckMemory;
}

/** A server that a check speaks to: `index` is the check's place in its model. */
export interface Subscriber {
  readonly service: Service;
  readonly server: Server;
  readonly index: number;
}

export interface CheckPart {
  readonly check: Check;
  readonly subscriber: Subscriber;
}

/** A check that is told of rather than run. */
export function isTold(check: CheckModel): boolean {
  return check.probe.kind === "file" || check.probe.kind === "bfd";
}

/** A service at its beginning, without its servers: the quorum is yet to be gained. */
export function freshService(model: VirtualServerModel): Service {
  return {
    place: 0,
    model,
    servers: [],
    memory: { quorumUp: false, weight: 0, suspended: false, changedAt: undefined, cause: [] },
  };
}

/** A server of which nothing is known yet: it is up unless one of its checks is `alpha`. */
export function freshServer(
  service: VirtualServerModel,
  model: RealServerModel,
  orders: ServerOrders,
): Server {
  const verdicts = model.checks.map(({ alpha }): VerdictMemory => assumed(!alpha));
  const memory: ServerMemory = {
    verdicts,
    up: isUp(verdicts, orders),
    told: false,
    weight: effectiveWeight(model, verdicts, orders),
    connections: undefined,
    drained: false,
    changedAt: undefined,
    cause: [],
    weightCause: [],
  };
  return { model, name: serverName(service, model), parts: [], orders, memory };
}

/** Takes verdicts, and what follows from them, without a word: as things stand at the beginning. */
export function beginWith(server: Server, verdicts: readonly VerdictMemory[]): void {
  const { model, orders, memory } = server;
  const weight = effectiveWeight(model, verdicts, orders);
  server.memory = { ...memory, verdicts, up: isUp(verdicts, orders), weight };
}

/** Those that a check speaks to, in the order of the configuration: whenever they joined. */
export function subscribersOf(check: Check): readonly Subscriber[] {
  const subscribers = [...check.subscribers];
  if (subscribers.length === 1) return subscribers;
  return subscribers.sort(
    (a, b) =>
      a.service.place - b.service.place ||
      a.service.servers.indexOf(a.server) - b.service.servers.indexOf(b.server) ||
      a.index - b.index,
  );
}

/** What a check that has run says; undefined before. */
export function verdictOf(check: Check): VerdictMemory | undefined {
  const { ok, contribution } = check.memory;
  return ok === undefined ? undefined : { ok, known: true, contribution };
}

export function assumed(ok: boolean): VerdictMemory {
  return { ok, known: false, contribution: NO_CONTRIBUTION };
}

/** Sum of the weights of the servers that are up. */
export function liveWeight(servers: readonly Server[]): number {
  let sum = 0;
  for (const { memory } of servers) if (memory.up) sum += memory.weight;
  return sum;
}

/** The sorry server where it stands in for the real ones. */
export function sorryInUse(service: Service): SorryServerModel | undefined {
  return service.memory.quorumUp ? undefined : service.model.sorryServer;
}

/** By service and server, for finding the orders about each. */
export function orderKey(order: Pick<PoolOrder, "virtualServer" | "realServer">): string {
  return `${order.virtualServer}\n${order.realServer}`;
}
