/**
 * Masters that do not accept packets to their addresses (`no_accept`, strict mode; RFC 9568 section 6.1, Accept_Mode). What
 * is dropped is asked for as a whole: the last request says all that is to be dropped for the instance. It comes before the
 * addresses and goes after them, and nothing else waits for it.
 */
import { equalPlain } from "../base/plain.ts";
import { formatOsError } from "../base/result.ts";
import type { VrrpInput } from "./input.ts";
import type { Instance } from "./instance.ts";
import type { AddressRecord } from "./memory.ts";
import { backoff } from "./timers.ts";
import type { Turn } from "./turn.ts";
import { emit } from "./turn.ts";

type DroppingAnswer = Extract<VrrpInput, { kind: "DroppingDone" | "DroppingFailed" }>;

/** Asks for all addresses of a new master, or those it has after a change, to be dropped. */
export function dropPackets(turn: Turn, instance: Instance): void {
  if (instance.model.noAccept) request(turn, instance, true);
}

/** Asks for nothing to be dropped any more, if anything was. */
export function acceptPackets(turn: Turn, instance: Instance): void {
  const { dropping } = instance.memory;
  if (dropping === undefined) return;
  if (dropping.wanted || dropping.actionId === 0) request(turn, instance, false);
}

/** After a change of its model: a master drops for the addresses it has now, or for none. */
export function adjustDropping(turn: Turn, instance: Instance): void {
  const { dropping } = instance.memory;
  if (!instance.model.noAccept) acceptPackets(turn, instance);
  else if (dropping?.wanted !== true || !equalPlain(dropping.keys, keysOf(instance))) {
    dropPackets(turn, instance);
  }
}

/** The same once more, for what is not known to have been done: after a refusal, a lost answer, or a new life. */
export function repeatDropping(turn: Turn, instance: Instance): void {
  const { dropping } = instance.memory;
  if (dropping !== undefined) request(turn, instance, dropping.wanted);
}

/** The instance that waits for this answer, if it is not stale. */
export function settleDropping(turn: Turn, answer: DroppingAnswer): Instance | undefined {
  const { id, epoch } = answer;
  const instance = turn.instances.find(({ memory: { dropping } }) => dropping?.actionId === id);
  const dropping = instance?.memory.dropping;
  if (instance === undefined || dropping === undefined || dropping.actionEpoch !== epoch) return undefined;
  dropping.actionId = 0;
  if (answer.kind === "DroppingFailed") {
    const { error } = answer;
    dropping.attempts++;
    dropping.error = formatOsError(error);
    dropping.retryAt = turn.now + backoff(dropping.attempts);
    const { wanted, retryAt } = dropping;
    emit(turn, instance, { kind: "AcceptRulesFailed", drops: wanted, error, retryAt });
    return instance;
  }
  emit(turn, instance, { kind: "AcceptRulesChanged", drops: dropping.wanted });
  if (dropping.wanted) Object.assign(dropping, { attempts: 0, error: undefined, retryAt: undefined });
  else instance.memory.dropping = undefined;
  return instance;
}

function request(turn: Turn, instance: Instance, wanted: boolean): void {
  const { memory, model } = instance;
  const id = turn.memory.nextActionId++;
  memory.dropping = {
    wanted,
    keys: wanted ? keysOf(instance) : [],
    actionId: id,
    actionEpoch: memory.epoch,
    retryAt: turn.now + turn.limits.actionTimeout,
    attempts: memory.dropping?.wanted === wanted ? memory.dropping.attempts : 0,
    error: memory.dropping?.error,
  };
  turn.out.dropPackets({
    kind: "DropPackets",
    id,
    epoch: memory.epoch,
    instance: model.name,
    key: model.key,
    addresses: wanted ? droppedOf(instance).map((record) => record.model) : [],
  });
}

function droppedOf({ memory }: Instance): readonly AddressRecord[] {
  return memory.addresses.filter(({ retired }) => !retired);
}

function keysOf(instance: Instance): readonly string[] {
  return droppedOf(instance)
    .map(({ key }) => key)
    .sort();
}
