/** Going on from a snapshot: as the original would, or, when time has passed, as one that must be heard again at once. */

import { copyPlain } from "../base/plain.ts";
import type { Micros } from "../base/time.ts";
import type { VrrpModel } from "../model/model.ts";
import { repeatDropping } from "./accept-mode.ts";
import { advertise } from "./advert.ts";
import { announce } from "./announce.ts";
import { passAhSequence } from "./authenticate.ts";
import { heldBy, isDesired, request } from "./held.ts";
import type { Holder, Instance, StaticHolder } from "./instance.ts";
import { makeInstance, makeStaticHolder, masterDownOf } from "./instance.ts";
import type { EngineMemory } from "./memory.ts";
import type { EngineInternal, SlimMemory, VrrpSnapshot } from "./snapshot.ts";
import { fullMemory } from "./snapshot.ts";
import { isLeaving } from "./statics.ts";
import type { Surroundings } from "./surroundings.ts";
import { emptySurroundings, noteAddress } from "./surroundings.ts";
import type { Turn } from "./turn.ts";
import { factAt } from "./turn.ts";
import { verify } from "./verify.ts";

/** What an engine consists of. */
export interface Restored {
  readonly model: VrrpModel;
  readonly memory: EngineMemory;
  readonly surroundings: Surroundings;
  readonly instances: readonly Instance[];
  readonly statics: StaticHolder;
  readonly outstanding: Turn["outstanding"];
}

/** The parts of an engine. `internal` is trusted: only {@link viewOf} writes it. */
export function readSnapshot(snapshot: VrrpSnapshot): Restored {
  const internal = copyPlain(snapshot.internal) as EngineInternal;
  const statics = makeStaticHolder(internal.memory.statics);
  const surroundings = emptySurroundings(statics.records);
  surroundings.gateways = snapshot.gateways;
  for (const link of snapshot.links) surroundings.links.set(link.name, link);
  for (const address of snapshot.addresses) noteAddress(surroundings, address);
  for (const judgement of snapshot.model.trackScripts) surroundings.judgements.set(judgement.name, judgement);
  for (const { name, counter, known, ok, last } of snapshot.scripts) {
    surroundings.scripts.set(name, { counter, known, ok, last });
  }
  for (const { name, up, why, at } of snapshot.bfds) surroundings.bfds.set(name, { up, why, at });
  for (const { tracker, name, value, previous, at } of snapshot.measured) {
    const known = tracker === "file" ? surroundings.files : surroundings.processes;
    known.set(name, { value, previous, at });
  }
  for (const quorum of snapshot.model.trackProcesses) surroundings.quorums.set(quorum.name, quorum);
  for (const [key, address] of snapshot.hosts) surroundings.hosts.set(key, address);
  const models = new Map(snapshot.model.instances.map((model) => [model.key, model]));
  const instances: Instance[] = [];
  for (const { key, internal: memory } of snapshot.instances) {
    const model = models.get(key);
    if (model !== undefined) instances.push(makeInstance(model, fullMemory(memory as SlimMemory, model)));
  }
  for (const { model, memory } of internal.retired) instances.push(makeInstance(model, memory, true));
  return {
    model: snapshot.model,
    memory: internal.memory,
    surroundings,
    instances,
    statics,
    outstanding: outstandingOf([statics, ...instances]),
  };
}

/**
 * An instance that was away for `downFor`. A master speaks at once and makes sure of its addresses, unless it was away so
 * long that another is about to take over (and the supervisor has taken the addresses out). A backup has heard nothing
 * meanwhile and listens for a whole Master_Down_Interval.
 */
export function resumeInstance(turn: Turn, instance: Instance, downFor: Micros): void {
  const { model, memory } = instance;
  const { phase } = memory;
  if (phase.kind === "BACKUP") {
    phase.masterDownAt = turn.now + masterDownOf(instance);
    phase.wanted = undefined;
  } else if (phase.kind === "MASTER" && isLost(instance, downFor)) {
    const cause = [factAt(turn.now, { kind: "restored", downFor })];
    turn.wishes.push({ instance, to: "BACKUP", cause, resigns: false, due: turn.now });
  } else if (phase.kind === "MASTER") {
    phase.handover = undefined;
    passAhSequence(instance, phase.advertAt, turn.now);
    advertise(turn, instance);
    phase.advertAt = turn.now + model.advertisementInterval;
    phase.listening = false;
    repeatDropping(turn, instance);
    const wanted = heldBy(instance).filter((record) => isDesired(instance, record));
    request(turn, instance, "add", wanted);
    const addresses = wanted.filter((record) => record.kind === "address");
    verify(turn, instance, addresses);
    announce(turn, instance, addresses, model.garp.masterRepeat);
  }
  if (phase.kind === "MASTER") return;
  request(turn, instance, "remove", heldBy(instance).filter(isLeaving));
  repeatDropping(turn, instance);
}

/** Whether another is about to take over, from it or from a member of its sync group. */
function isLost(instance: Instance, downFor: Micros): boolean {
  return (instance.group?.members ?? [instance]).some(
    (member) => member.memory.phase.kind === "MASTER" && downFor > masterDownOf(member) / 2,
  );
}

function outstandingOf(holders: readonly Holder[]): Turn["outstanding"] {
  const outstanding: Turn["outstanding"] = new Map();
  for (const holder of holders) {
    for (const { actionId } of heldBy(holder)) {
      if (actionId === 0) continue;
      const known = outstanding.get(actionId);
      if (known === undefined) outstanding.set(actionId, { holder, waiting: 1 });
      else known.waiting++;
    }
  }
  return outstanding;
}
