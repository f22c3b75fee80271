/** A new configuration for a running engine: instances are matched by key, and what did not change is not touched. */
import { equalPlain } from "../base/plain.ts";
import type {
  TrackScriptJudgement,
  VirtualAddressModel,
  VrrpInstanceModel,
  VrrpModel,
} from "../model/model.ts";
import { markAbsent, removeAll, request } from "./addresses.ts";
import { advertise } from "./advert.ts";
import { announce } from "./announce.ts";
import { reconsider } from "./automaton.ts";
import type { CauseFact } from "./cause.ts";
import type { Measurement } from "./input.ts";
import type { Instance } from "./instance.ts";
import { adoptModel, freshMemory, freshRecord, makeInstance, masterDownOf } from "./instance.ts";
import { tellFollowers } from "./measure.ts";
import { configureMeasured } from "./measured.ts";
import type { AddressRecord, ScriptMemory } from "./memory.ts";
import { addressKey } from "./memory.ts";
import { OWNER_PRIORITY } from "./timers.ts";
import { freshScript } from "./tracking.ts";
import type { Turn } from "./turn.ts";
import { factAt } from "./turn.ts";

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
  const leaving = running.filter(({ model: { key } }) => !wanted.has(key));
  for (const instance of leaving) retire(turn, instance);

  const changed: { readonly instance: Instance; readonly fresh: readonly AddressRecord[] }[] = [];
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
  const memory = freshMemory(model, (address) => isHeld(turn, address));
  const instance = makeInstance(model, memory);
  if (model.priority !== OWNER_PRIORITY) removeAll(turn, instance);
  return instance;
}

function retire(turn: Turn, instance: Instance): void {
  if (instance.retired) return;
  instance.retired = true;
  instance.memory.hold = undefined;
  const deleted = instance.model.notify.deleted !== undefined;
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

/** Takes over the new model and removes what it no longer has. Returns the addresses that are new. */
function change(turn: Turn, instance: Instance, next: VrrpInstanceModel): readonly AddressRecord[] {
  const { memory } = instance;
  const before = instance.model;
  adoptModel(instance, next);
  if (next.version === 2 || memory.phase.kind === "MASTER" || before.version !== next.version) {
    memory.masterInterval = next.advertisementInterval;
  }
  const wanted = new Map<string, { readonly model: VirtualAddressModel; readonly excluded: boolean }>();
  for (const model of next.excludedAddresses) wanted.set(addressKey(model), { model, excluded: true });
  for (const model of next.virtualAddresses) wanted.set(addressKey(model), { model, excluded: false });

  const gone = memory.addresses.filter(({ key }) => !wanted.has(key));
  for (const record of gone) record.retired = true;
  request(
    turn,
    instance,
    "RemoveAddresses",
    gone.filter(({ state }) => state !== "absent" && state !== "removing"),
  );
  for (const record of gone.filter(({ state }) => state === "absent")) markAbsent(instance, record);

  const fresh: AddressRecord[] = [];
  for (const [key, { model, excluded }] of wanted) {
    const known = instance.records.get(key);
    const record = known ?? freshRecord(model, excluded);
    const same = known !== undefined && !known.retired && equalPlain(known.model, model);
    record.model = model;
    record.excluded = excluded;
    record.retired = false;
    if (same) continue;
    fresh.push(record);
    if (known !== undefined) continue;
    memory.addresses.push(record);
    instance.records.set(key, record);
    if (isHeld(turn, model)) record.state = "present";
  }
  return fresh;
}

/** Goes on with the new model: a master says so first, and holds and announces what is new. */
function goOn(turn: Turn, instance: Instance, fresh: readonly AddressRecord[], fact: CauseFact): void {
  const { model, memory } = instance;
  const { phase } = memory;
  reconsider(turn, instance, fact);
  if (phase.kind === "MASTER") {
    advertise(turn, instance);
    phase.advertAt = turn.now + model.advertisementInterval;
    if (fresh.length === 0) return;
    request(turn, instance, "AddAddresses", fresh);
    announce(turn, instance, fresh, model.garp.masterRepeat);
    if (model.garp.masterDelay > 0) phase.secondBurstAt = turn.now + model.garp.masterDelay;
    return;
  }
  request(
    turn,
    instance,
    "RemoveAddresses",
    fresh.filter(({ state }) => state === "present"),
  );
  if (phase.kind === "BACKUP") {
    phase.masterDownAt = Math.min(phase.masterDownAt, turn.now + masterDownOf(instance));
  }
}

function isHeld(turn: Turn, address: VirtualAddressModel): boolean {
  const known = turn.surroundings.addresses.get(address.interface) ?? [];
  return known.some((one) => one.address === address.address && one.prefixLength === address.prefixLength);
}
