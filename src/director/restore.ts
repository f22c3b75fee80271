/** Services and checks as a snapshot has them. */
import { present } from "../base/assert.ts";
import type { CheckModel, DirectorModel } from "../model/director-models.ts";
import type { DirectorSnapshot } from "./memory.ts";
import { Pool } from "./pool.ts";
import { sharingKey } from "./roster.ts";
import { type CheckPart, freshServer, freshService, isTold, type Server, type Service } from "./service.ts";
import { Surroundings } from "./surroundings.ts";

export function restorePool(snapshot: DirectorSnapshot): Pool {
  const pool = new Pool(new Surroundings(snapshot.surroundings));
  const { model, services, checks } = snapshot;
  if (model === undefined) return pool;
  const models = checkModels(model);
  for (const { key, memory } of checks) pool.roster.restore(key, present(models.get(key), key), memory);
  pool.services = model.virtualServers.map((virtualServer, at) => {
    const service = freshService(virtualServer);
    const saved = present(services[at], virtualServer.key);
    service.memory = saved.memory;
    service.servers = virtualServer.realServers.map((realServer, index) => {
      const orders = pool.surroundings.ordersOf(virtualServer.key, realServer.key);
      const server = freshServer(virtualServer, realServer, orders);
      server.memory = present(saved.servers[index], realServer.key);
      server.parts = takePart(pool, service, server);
      return server;
    });
    return service;
  });
  return pool;
}

function takePart(pool: Pool, service: Service, server: Server): readonly (CheckPart | undefined)[] {
  return server.model.checks.map((model, index) => {
    if (isTold(model)) return undefined;
    const subscriber = { service, server, index };
    return { check: pool.roster.rejoin(model, subscriber), subscriber };
  });
}

/** One model for each check that is run. */
function checkModels(model: DirectorModel): ReadonlyMap<string, CheckModel> {
  const models = new Map<string, CheckModel>();
  for (const { realServers } of model.virtualServers) {
    for (const { checks } of realServers) {
      for (const check of checks) if (!isTold(check)) models.set(sharingKey(check), check);
    }
  }
  return models;
}
