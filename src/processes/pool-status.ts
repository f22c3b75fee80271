/** Makes of the checker's snapshot what is shown of it. */
import type { Instant } from "../base/time.ts";
import type { CheckMemory, DirectorSnapshot, ServerMemory } from "../director/memory.ts";
import { probeName, serverName } from "../director/names.ts";
import type { PoolOrder } from "../director/pool-order.ts";
import { sharingKey } from "../director/roster.ts";
import type { CheckModel, RealServerModel, VirtualServerModel } from "../model/director-models.ts";
import type { CheckStatus, PoolStatus, ServerStatus, ServiceStatus } from "../observe/pool-view.ts";
import type { CheckerSnapshot } from "./messages.ts";

type ServiceMemories = DirectorSnapshot["services"][number];

export function poolStatus({ director, plane }: CheckerSnapshot): PoolStatus {
  const checks = new Map(director.checks.map(({ key, memory }) => [key, memory]));
  const services = (director.model?.virtualServers ?? []).flatMap((model, index) => {
    const memories = director.services[index];
    return memories === undefined ? [] : [serviceStatus(model, memories, director, checks)];
  });
  return { plane, at: director.at, services };
}

function serviceStatus(
  model: VirtualServerModel,
  { memory, servers }: ServiceMemories,
  { surroundings }: DirectorSnapshot,
  checks: ReadonlyMap<string, CheckMemory>,
): ServiceStatus {
  const { key, name, scheduler, quorum, hysteresis, sorryServer } = model;
  const orders = surroundings.orders.filter(({ virtualServer }) => virtualServer === key);
  return {
    key,
    name,
    scheduler,
    quorumUp: memory.quorumUp,
    quorum,
    hysteresis,
    weight: memory.weight,
    suspended: memory.suspended,
    sorryServer: sorryServer && { name: serverName(model, sorryServer), inUse: !memory.quorumUp },
    changedAt: memory.changedAt,
    cause: memory.cause,
    servers: model.realServers.flatMap((server, index) => {
      const own = servers[index];
      return own === undefined ? [] : [serverStatus(model, server, own, orders, checks)];
    }),
  };
}

function serverStatus(
  service: VirtualServerModel,
  model: RealServerModel,
  memory: ServerMemory,
  orders: readonly PoolOrder[],
  checks: ReadonlyMap<string, CheckMemory>,
): ServerStatus {
  const { up, weight, connections, drained, changedAt, cause } = memory;
  return {
    key: model.key,
    name: serverName(service, model),
    forwarding: model.forwarding.method,
    up,
    weight,
    configuredWeight: model.weight,
    orders: orders
      .filter(({ realServer }) => realServer === model.key)
      .map(({ kind, by, why, since }) => ({ kind, by, why, since })),
    connections,
    drained,
    changedAt,
    cause,
    checks: model.checks.map((check, index) => checkStatus(check, memory, index, checks)),
  };
}

function checkStatus(
  model: CheckModel,
  { verdicts, changedAt }: ServerMemory,
  index: number,
  checks: ReadonlyMap<string, CheckMemory>,
): CheckStatus {
  const verdict = verdicts[index];
  const run = checks.get(sharingKey(model));
  const told = verdict?.known === true ? toldOutcome(verdict.ok, changedAt) : undefined;
  return {
    name: probeName(model.probe),
    ok: verdict?.known === true ? verdict.ok : undefined,
    failures: run?.failures ?? 0,
    blocked: run?.blocked,
    last: run === undefined ? told : run.last,
  };
}

/** Of a check that is told rather than run: a file, a session. */
function toldOutcome(ok: boolean, at: Instant | undefined): CheckStatus["last"] {
  return at === undefined
    ? undefined
    : { at, ok, detail: ok ? "is well" : "is not well", excerpt: undefined };
}
