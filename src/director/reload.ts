/**
 * A new configuration: services are matched by key, their servers and checks by theirs, and what did not change is not
 * touched. The state of what stays is kept.
 */
import { present } from "../base/assert.ts";
import { equalPlain } from "../base/plain.ts";
import type { DirectorModel, RealServerModel, VirtualServerModel } from "../model/director-models.ts";
import type { DirectorFact } from "./cause.ts";
import type { VerdictMemory } from "./memory.ts";
import type { Pool } from "./pool.ts";
import { markService } from "./pool.ts";
import { allGood } from "./real-server.ts";
import type { CheckPart, Server, Service } from "./service.ts";
import { assumed, beginWith, freshServer, freshService, isTold, sorryInUse, verdictOf } from "./service.ts";
import { changeQuorum, changeServer, factOf, settleQuorum, settleServer } from "./settle.ts";
import { leaveChecks, regulate, tellSuspension } from "./suspension.ts";
import type { TableKeeper } from "./table-keeper.ts";
import { catchUp, toldFact } from "./told.ts";
import type { Turn } from "./turn.ts";
import { factNow } from "./turn.ts";

/** Makes the pool that of these models. */
export function configureServices(
  turn: Turn,
  pool: Pool,
  table: TableKeeper,
  { virtualServers: models, notifyAtStart }: DirectorModel,
  isReload: boolean,
): void {
  // Checks end when all is settled: what one service gives up another may want.
  const leaving: (CheckPart | undefined)[] = [];
  const wanted = new Set(models.map(({ key }) => key));
  for (const service of pool.services) {
    if (wanted.has(service.model.key)) continue;
    retire(turn, service, leaving);
    markService(table, service);
  }
  const fact = factNow(
    turn,
    isReload ? { kind: "configured", what: "a reload changed the configuration" } : { kind: "started" },
  );
  let changed = pool.services.length !== models.length;
  const services = models.map((model) => {
    const known = pool.find(model.key);
    if (known !== undefined && equalPlain(known.model, model)) return known;
    changed = true;
    if (known !== undefined) markService(table, known);
    const service = known ?? freshService(model);
    if (known === undefined) start(turn, pool, service, notifyAtStart, fact);
    else change(turn, pool, service, model, notifyAtStart, leaving);
    markService(table, service);
    return service;
  });
  if (changed || services.some((service, index) => service !== pool.services[index]))
    pool.services = services;
  leaveChecks(turn, pool.roster, leaving);
}

function start(turn: Turn, pool: Pool, service: Service, notifies: boolean, fact: DirectorFact): void {
  const { model } = service;
  const suspended = pool.surroundings.suspends(model);
  service.memory = { ...service.memory, suspended };
  if (suspended) tellSuspension(turn, service, true);
  service.servers = model.realServers.map((server) =>
    startServer(turn, pool, service, server, notifies, fact),
  );
  settleQuorum(turn, service, [fact], "start", undefined);
}

/** What nothing is known of is as its checks' `alpha` says; what is known already counts at once. */
function startServer(
  turn: Turn,
  pool: Pool,
  service: Service,
  model: RealServerModel,
  notifies: boolean,
  fact: DirectorFact,
): Server {
  const server = freshServer(service.model, model, pool.surroundings.ordersOf(service.model.key, model.key));
  server.parts = joinChecks(turn, pool, service, server, undefined);
  const wasUp = server.memory.up;
  const known = server.memory.verdicts.map((_, index) => knownVerdict(pool, server, index));
  beginWith(
    server,
    server.memory.verdicts.map((verdict, index) => known[index] ?? verdict),
  );
  const failed = known.findIndex((verdict) => verdict?.ok === false);
  // Its own first checks would have told: its scripts hear of what others knew before.
  if (failed >= 0)
    changeServer(turn, service, server, false, [knownFact(turn, pool, server, failed)], "change");
  else if (server.memory.up && !wasUp) changeServer(turn, service, server, true, [fact], "change");
  else if (notifies && server.memory.up) changeServer(turn, service, server, true, [fact], "start");
  return server;
}

/** Gives a service that stays its new model. */
function change(
  turn: Turn,
  pool: Pool,
  service: Service,
  model: VirtualServerModel,
  notifies: boolean,
  leaving: (CheckPart | undefined)[],
): void {
  const sorry = sorryInUse(service);
  const before = new Map(service.servers.map((server) => [server.model.key, server]));
  const wasSuspended = service.memory.suspended;
  const suspended = pool.surroundings.suspends(model);
  service.model = model;
  service.memory = { ...service.memory, suspended };
  if (suspended !== wasSuspended) tellSuspension(turn, service);
  const fact = factNow(turn, { kind: "configured", what: "a reload changed the configuration" });
  const servers = model.realServers.map((next) => {
    const known = before.get(next.key);
    before.delete(next.key);
    if (known === undefined) return startServer(turn, pool, service, next, notifies, fact);
    if (!equalPlain(known.model, next)) changeServerModel(turn, pool, service, known, next, leaving);
    return known;
  });
  for (const server of before.values()) retireServer(turn, service, server, leaving);
  service.servers = servers;
  for (const server of servers) {
    for (const part of server.parts) if (part !== undefined) regulate(turn, pool.roster, part.check);
    settleServer(turn, service, server, fact);
  }
  if (wasSuspended && !suspended) catchUp(turn, pool, service, new Map());
  settleQuorum(turn, service, [fact], "change", sorry);
}

/** A check whose parameters are the same goes on; another one begins where the server stands. */
function changeServerModel(
  turn: Turn,
  pool: Pool,
  service: Service,
  server: Server,
  next: RealServerModel,
  leaving: (CheckPart | undefined)[],
): void {
  const { model, parts, memory } = server;
  const places = new Map(model.checks.map(({ key }, index) => [key, index]));
  const wasGood = allGood(memory.verdicts);
  server.model = next;
  server.parts = joinChecks(turn, pool, service, server, (key) => parts[places.get(key) ?? -1]);
  leaving.push(...parts);
  const verdicts = next.checks.map(
    ({ key }, index): VerdictMemory =>
      memory.verdicts[places.get(key) ?? -1] ?? knownVerdict(pool, server, index) ?? assumed(wasGood),
  );
  server.memory = { ...memory, verdicts };
}

/** Takes part in every check of the server's model that is run. */
function joinChecks(
  turn: Turn,
  pool: Pool,
  service: Service,
  server: Server,
  before: ((key: string) => CheckPart | undefined) | undefined,
): readonly (CheckPart | undefined)[] {
  return server.model.checks.map((model, index) => {
    if (isTold(model)) return undefined;
    const subscriber = { service, server, index };
    const check = pool.roster.join(turn, model, subscriber, before?.(model.key)?.check.memory);
    regulate(turn, pool.roster, check);
    return { check, subscriber };
  });
}

function knownVerdict(pool: Pool, server: Server, index: number): VerdictMemory | undefined {
  const model = server.model.checks[index];
  const part = server.parts[index];
  if (part !== undefined) return verdictOf(part.check);
  return model && pool.surroundings.toldVerdict(model);
}

/** Why {@link knownVerdict} is what it is. */
function knownFact(turn: Turn, pool: Pool, server: Server, index: number): DirectorFact {
  const model = present(server.model.checks[index], "check");
  const part = server.parts[index];
  return part === undefined
    ? toldFact(turn, pool, model, present(pool.surroundings.toldVerdict(model), "verdict"))
    : present(factOf(part.check), "run");
}

function retire(turn: Turn, service: Service, leaving: (CheckPart | undefined)[]): void {
  for (const server of service.servers) retireServer(turn, service, server, leaving);
  service.memory = { ...service.memory, weight: 0 };
  const fact = factNow(turn, { kind: "configured", what: "a reload removed it" });
  if (service.memory.quorumUp) changeQuorum(turn, service, false, [fact], "removal");
}

function retireServer(
  turn: Turn,
  service: Service,
  server: Server,
  leaving: (CheckPart | undefined)[],
): void {
  leaving.push(...server.parts);
  const fact = factNow(turn, { kind: "configured", what: "a reload removed it" });
  if (server.memory.up) changeServer(turn, service, server, false, [fact], "removal");
}
