/** From verdicts and orders to the states of servers and quorums, and what is told of a change. */
import type { SorryServerModel } from "../model/director-models.ts";
import type { DirectorCause, DirectorFact } from "./cause.ts";
import type { Conclusion } from "./check.ts";
import type { VerdictMemory } from "./memory.ts";
import { probeName, serverName } from "./names.ts";
import { checkMail, type Occasion, quorumNotices, serverNotices } from "./notify.ts";
import { nextQuorum, quorumBound } from "./quorum.ts";
import { effectiveWeight, isUp } from "./real-server.ts";
import {
  type Check,
  type CheckPart,
  liveWeight,
  type Server,
  type Service,
  type Subscriber,
  sorryInUse,
  verdictOf,
} from "./service.ts";
import type { Turn } from "./turn.ts";
import { emit, factNow } from "./turn.ts";

/** Tells a server what a run of one of its checks came to. Returns whether the service is to be looked at again. */
export function hear(turn: Turn, subscriber: Subscriber, check: Check, conclusion: Conclusion): boolean {
  const { service, server, index } = subscriber;
  const { last } = check.memory;
  const model = server.model.checks[index];
  if (last === undefined || model === undefined) return false;
  if (!last.ok && (conclusion.kind === "retry" || model.logAllFailures)) {
    emit(turn, {
      kind: "CheckFailed",
      virtualServer: service.model.name,
      realServer: server.name,
      check: probeName(check.probe),
      detail: last.detail,
      left: conclusion.kind === "retry" ? conclusion.left : 0,
    });
  }
  return conclusion.kind === "retry" ? false : relearn(turn, { check, subscriber });
}

/** Takes what a check says by now, if it has run. Returns whether the server changed. */
export function relearn(turn: Turn, part: CheckPart): boolean {
  const { check, subscriber } = part;
  const fact = factOf(check);
  const verdict = verdictOf(check);
  if (fact === undefined || verdict === undefined) return false;
  return takeVerdict(turn, subscriber.service, subscriber.server, subscriber.index, verdict, fact);
}

/** What the last run of a check came to. */
export function factOf(check: Check): DirectorFact | undefined {
  const { last, failures } = check.memory;
  return (
    last && {
      at: last.at,
      kind: "check",
      check: probeName(check.probe),
      ok: last.ok,
      detail: last.detail,
      excerpt: last.excerpt,
      times: last.ok ? 1 : failures,
    }
  );
}

/** Takes what one check says; `fact` is why. Returns whether the server changed. */
export function takeVerdict(
  turn: Turn,
  service: Service,
  server: Server,
  index: number,
  verdict: VerdictMemory,
  fact: DirectorFact,
): boolean {
  const before = server.memory.verdicts[index];
  if (before === undefined || isSameVerdict(before, verdict)) return false;
  const { up, told } = server.memory;
  server.memory = { ...server.memory, verdicts: server.memory.verdicts.with(index, verdict) };
  const hasChanged = settleServer(turn, service, server, fact);
  if (server.memory.up !== up) return true;
  // One that began down has said nothing until its check has.
  if (!before.known && !verdict.ok && !told) changeServer(turn, service, server, false, [fact], "change");
  else if (before.ok !== verdict.ok && !turn.noCheckMail) turn.out.push(...checkMail(service, server, fact));
  return hasChanged;
}

function isSameVerdict(a: VerdictMemory, b: VerdictMemory): boolean {
  return (
    a.ok === b.ok &&
    a.known === b.known &&
    a.contribution.sets === b.contribution.sets &&
    a.contribution.adds === b.contribution.adds
  );
}

/** Brings state and weight of a server in line with its verdicts and orders. Returns whether one of them changed. */
export function settleServer(turn: Turn, service: Service, server: Server, fact: DirectorFact): boolean {
  const { model, orders, memory } = server;
  const up = isUp(memory.verdicts, orders);
  const weight = effectiveWeight(model, memory.verdicts, orders);
  if (orders.drain === undefined && (memory.drained || memory.connections !== undefined)) {
    server.memory = { ...memory, drained: false, connections: undefined };
  }
  if (weight !== memory.weight) {
    const { weight: from } = memory;
    const change = factNow(turn, { kind: "weight", realServer: server.name, from, to: weight });
    server.memory = { ...server.memory, weight, weightCause: [change, fact] };
    if (up === memory.up) {
      emit(turn, {
        kind: "WeightChanged",
        virtualServer: service.model.name,
        realServer: server.name,
        up,
        from: memory.weight,
        to: weight,
        cause: [fact],
      });
    }
  }
  if (up !== memory.up) changeServer(turn, service, server, up, [fact], "change");
  return up !== memory.up || weight !== memory.weight || server.memory.drained !== memory.drained;
}

/** A server is up or down from now on: everybody is told. */
export function changeServer(
  turn: Turn,
  service: Service,
  server: Server,
  up: boolean,
  cause: DirectorCause,
  occasion: Occasion,
): void {
  const { now } = turn;
  server.memory = { ...server.memory, up, told: true, changedAt: now, cause };
  emit(turn, {
    kind: "ServerChanged",
    virtualServer: service.model.name,
    realServer: server.name,
    up,
    weight: server.memory.weight,
    inhibited: server.model.inhibitOnFailure,
    cause,
  });
  turn.out.push(...serverNotices(service, server, up, cause[0], occasion));
}

/**
 * Holds the live weight against the quorum. `cause` is what changed the weight, the immediate fact first; `sorry` is the
 * sorry server that was in use before.
 */
export function settleQuorum(
  turn: Turn,
  service: Service,
  cause: DirectorCause,
  occasion: "change" | "start",
  sorry: SorryServerModel | undefined,
): void {
  const { model, memory } = service;
  const weight = liveWeight(service.servers);
  if (weight !== memory.weight) service.memory = { ...memory, weight };
  const up = nextQuorum(memory.quorumUp, weight, model);
  const startsDown = occasion === "start" && !up && model.sorryServer !== undefined;
  if (up !== memory.quorumUp || startsDown) {
    const bound = quorumBound(memory.quorumUp, model);
    changeQuorum(turn, service, up, [factNow(turn, { kind: "quorum", weight, bound }), ...cause], occasion);
  }
  const next = sorryInUse(service);
  if ((sorry === undefined) === (next === undefined)) return;
  const which = next ?? sorry;
  if (which === undefined) return;
  emit(turn, {
    kind: "SorryServer",
    virtualServer: model.name,
    sorryServer: serverName(model, which),
    inUse: next !== undefined,
    inhibited: which.inhibit,
  });
}

/** The quorum is there or lost from now on: everybody is told. */
export function changeQuorum(
  turn: Turn,
  service: Service,
  up: boolean,
  cause: DirectorCause,
  occasion: Occasion,
): void {
  const { model } = service;
  service.memory = { ...service.memory, quorumUp: up, changedAt: turn.now, cause };
  emit(turn, {
    kind: "QuorumChanged",
    virtualServer: model.name,
    up,
    quorum: model.quorum,
    hysteresis: model.hysteresis,
    weight: service.memory.weight,
    starting: occasion === "start",
    cause,
  });
  turn.out.push(...quorumNotices(service, up, occasion));
}
