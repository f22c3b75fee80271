/** A new configuration for a running engine: instances are matched by key, and what did not change is not touched. */
import { equalPlain } from "../base/plain.ts";
import type { TrackScriptJudgement, VrrpInstanceModel, VrrpModel } from "../model/model.ts";
import { adjustDropping } from "./accept-mode.ts";
import { advertise } from "./advert.ts";
import { announce } from "./announce.ts";
import { reconsider } from "./automaton.ts";
import type { CauseFact } from "./cause.ts";
import { removeAll, request } from "./held.ts";
import { changeHoldings, isHeld } from "./holdings.ts";
import type { Measurement } from "./input.ts";
import type { Instance } from "./instance.ts";
import { adoptModel, freshMemory, makeInstance, masterDownOf } from "./instance.ts";
import { configureMeasured } from "./measured.ts";
import type { HeldRecord, ScriptMemory } from "./memory.ts";
import { configureStatics } from "./statics.ts";
import { OWNER_PRIORITY } from "./timers.ts";
import { freshScript } from "./tracking.ts";
import type { Turn } from "./turn.ts";
import { factAt } from "./turn.ts";
import { tellFollowers } from "./verdict-news.ts";
import { verify } from "./verify.ts";

/**
 * The instances of the new model in its order, and behind them those that are only left to be cleaned up. Removals come
 * before additions, so that an address can move from one instance to another.
 */
export function configureInstances(
  turn: Turn,
  running: readonly Instance[],
  model: VrrpModel,
  measured: readonly Measurement[],
  fact: CauseFact,
): readonly Instance[] {
  const isReload = turn.memory.configured;
  const byKey = new Map(running.filter(({ retired }) => !retired).map((known) => [known.model.key, known]));
  const wanted = new Set(model.instances.map(({ key }) => key));
  configureScripts(turn, model, isReload);
  const news = configureMeasured(turn.surroundings, model, measured, turn.now);
  configureStatics(turn, turn.statics, model.statics);
  const leaving = running.filter(({ model: { key } }) => !wanted.has(key));
  for (const instance of leaving) retire(turn, instance);

  const changed: { readonly instance: Instance; readonly fresh: readonly HeldRecord[] }[] = [];
  const instances: Instance[] = [];
  const started: Instance[] = [];
  const unchanged: Instance[] = [];
  for (const next of model.instances) {
    const known = byKey.get(next.key);
    if (known === undefined) started.push(start(turn, next));
    else if (!equalPlain(known.model, next))
      changed.push({ instance: known, fresh: change(turn, known, next) });
    else unchanged.push(known);
    const instance = known ?? started.at(-1);
    if (instance !== undefined) instances.push(instance);
  }
  for (const { instance, fresh } of changed) goOn(turn, instance, fresh, fact);
  for (const instance of started) reconsider(turn, instance, fact);
  for (const one of news) tellFollowers(turn, unchanged, one);
  return [...instances, ...leaving];
}

/** Who followed a sync group into FAULT, and is sound, may begin now that the groups are others. */
export function reconsiderMembers(turn: Turn, fact: CauseFact): void {
  const decided = new Set(turn.wishes.map(({ instance }) => instance));
  for (const instance of turn.instances) {
    const { phase, faults } = instance.memory;
    if (phase.kind === "BACKUP" && instance.group === undefined) phase.wanted = undefined;
    if (phase.kind !== "FAULT" || faults.length > 0 || decided.has(instance)) continue;
    reconsider(turn, instance, fact);
  }
}

/** Verdicts survive by name. A script that a reload brings counts as successful until it has run. */
function configureScripts(turn: Turn, model: VrrpModel, isReload: boolean): void {
  const { scripts, judgements } = turn.surroundings;
  const names = new Set(model.trackScripts.map(({ name }) => name));
  for (const name of [...scripts.keys()].filter((known) => !names.has(known))) scripts.delete(name);
  judgements.clear();
  for (const judgement of model.trackScripts) {
    judgements.set(judgement.name, judgement);
    const known = scripts.get(judgement.name);
    if (known === undefined) {
      const fresh = freshScript(judgement);
      scripts.set(judgement.name, isReload ? { ...fresh, known: true } : fresh);
    } else {
      known.counter = fitCounter(known, judgement);
    }
  }
}

/** The counter of a script whose `rise` and `fall` may have changed: on the side of the verdict it had. */
function fitCounter(script: ScriptMemory, judgement: TrackScriptJudgement): number {
  const { rise, fall } = judgement;
  if (!script.known) return freshScript(judgement).counter;
  return script.ok
    ? Math.max(rise, Math.min(script.counter, rise + fall - 1))
    : Math.min(script.counter, rise - 1);
}

/** A new instance. What an earlier life left of its addresses goes at once, unless the owner is to hold them. */
function start(turn: Turn, model: VrrpInstanceModel): Instance {
  const memory = freshMemory(model, (address) => isHeld(turn.surroundings, address));
  const instance = makeInstance(model, memory);
  if (model.priority !== OWNER_PRIORITY) removeAll(turn, instance);
  return instance;
}

function retire(turn: Turn, instance: Instance): void {
  if (instance.retired) return;
  instance.retired = true;
  instance.memory.hold = undefined;
  const deleted = instance.model.notify.saysDeleted;
  if (instance.memory.phase.kind === "FAULT" && !deleted) return;
  const cause = [factAt(turn.now, { kind: "removed-by-reload" })];
  turn.wishes.push({
    instance,
    to: "FAULT",
    cause,
    resigns: true,
    due: turn.now,
    ...(deleted && { notifyAs: "DELETED" }),
  });
}

/** Takes over the new model and removes what it no longer has. Returns what is new. */
function change(turn: Turn, instance: Instance, next: VrrpInstanceModel): readonly HeldRecord[] {
  const { memory } = instance;
  const before = instance.model;
  adoptModel(instance, next);
  memory.demoted &&= next.priority === OWNER_PRIORITY;
  memory.oldChecksum &&= next.unicast?.oldChecksum === "auto";
  if (next.version === 2 || memory.phase.kind === "MASTER" || before.version !== next.version) {
    memory.masterInterval = next.advertisementInterval;
  }
  return changeHoldings(turn, instance, next);
}

/** Goes on with the new model: a master says so first, unless it slept and listens, and holds and announces what is new. */
function goOn(turn: Turn, instance: Instance, fresh: readonly HeldRecord[], fact: CauseFact): void {
  const { model, memory } = instance;
  const { phase } = memory;
  reconsider(turn, instance, fact);
  if (phase.kind === "MASTER") {
    if (phase.handover === undefined && !phase.listening) {
      advertise(turn, instance);
      phase.advertAt = turn.now + model.advertisementInterval;
    }
    const { extra } = model.garp;
    phase.extraAt = extra === undefined ? undefined : (phase.extraAt ?? turn.now + extra.interval);
    adjustDropping(turn, instance);
    if (fresh.length === 0) return;
    request(turn, instance, "add", fresh);
    const addresses = fresh.filter((record) => record.kind === "address");
    if (addresses.length === 0) return;
    verify(turn, instance, addresses);
    announce(turn, instance, addresses, model.garp.masterRepeat);
    if (model.garp.masterDelay > 0) phase.secondBurstAt = turn.now + model.garp.masterDelay;
    return;
  }
  request(
    turn,
    instance,
    "remove",
    fresh.filter(({ state }) => state === "present"),
  );
  if (phase.kind === "BACKUP") {
    phase.masterDownAt = Math.min(phase.masterDownAt, turn.now + masterDownOf(instance));
  }
}
