/** What the engine was told about the world: it outlives every configuration. */
import type { IpAddress } from "../base/ip.ts";
import type { CheckModel, SyncDaemonModel, VirtualServerModel } from "../model/director-models.ts";
import type { SurroundingsMemory, VerdictMemory } from "./memory.ts";
import { NO_CONTRIBUTION } from "./memory.ts";
import type { PoolOrder } from "./pool-order.ts";
import { fileVerdict, gatherOrders, NO_ORDERS, type ServerOrders } from "./real-server.ts";
import { orderKey } from "./service.ts";

export class Surroundings {
  /** Addresses of services that are on this host. */
  readonly held: Set<IpAddress>;
  readonly files: Map<string, number>;
  readonly sessions: Map<string, boolean>;
  /** VRRP instances that are master. */
  readonly masters: Set<string>;
  #orders: readonly PoolOrder[] = [];
  #byServer: ReadonlyMap<string, ServerOrders> = new Map();

  constructor(memory: SurroundingsMemory) {
    this.held = new Set(memory.held);
    this.files = new Map(memory.files);
    this.sessions = new Map(memory.sessions);
    this.masters = new Set(memory.masters);
    this.orders = memory.orders;
  }

  get memory(): SurroundingsMemory {
    return {
      orders: this.#orders,
      held: [...this.held],
      files: [...this.files],
      sessions: [...this.sessions],
      masters: [...this.masters],
    };
  }

  get orders(): readonly PoolOrder[] {
    return this.#orders;
  }

  set orders(orders: readonly PoolOrder[]) {
    this.#orders = orders;
    this.#byServer = gatherOrders(orders, orderKey);
  }

  ordersOf(virtualServer: string, realServer: string): ServerOrders {
    return this.#byServer.get(orderKey({ virtualServer, realServer })) ?? NO_ORDERS;
  }

  /** What is known of a check that is told of rather than run; undefined where nothing is, and for all others. */
  toldVerdict({ probe }: CheckModel): VerdictMemory | undefined {
    if (probe.kind === "file") {
      const value = this.files.get(probe.file);
      return value === undefined ? undefined : fileVerdict(probe, value);
    }
    if (probe.kind !== "bfd") return undefined;
    const up = this.sessions.get(probe.session);
    return up === undefined ? undefined : { ok: up, known: true, contribution: NO_CONTRIBUTION };
  }

  /** `ha_suspend`: none of the service's addresses is here. One that is known by marks only has none to wait for. */
  suspends(model: VirtualServerModel): boolean {
    if (!model.haSuspend) return false;
    let hasAddress = false;
    for (const endpoint of model.endpoints) {
      if (endpoint.kind !== "address") continue;
      if (this.held.has(endpoint.address)) return false;
      hasAddress = true;
    }
    return hasAddress;
  }

  /** Which ends of the connection synchronisation are to run. */
  syncRole(daemon: SyncDaemonModel): "master" | "backup" | "both" {
    if (daemon.instance === undefined) return "both";
    return this.masters.has(daemon.instance) ? "master" : "backup";
  }
}
