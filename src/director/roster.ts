/** All checks that are run: identical ones once, each at its time. */
import { present } from "../base/assert.ts";
import { DeadlineHeap } from "../base/deadline-heap.ts";
import type { Prng } from "../base/prng.ts";
import type { Instant } from "../base/time.ts";
import type { CheckModel, CheckTiming, ProbeModel } from "../model/director-models.ts";
import type { DirectorAction } from "./action.ts";
import { BlockedChecks } from "./blocked.ts";
import { beginRun, firstRunAt, freshCheckMemory } from "./check.ts";
import type { CheckMemory } from "./memory.ts";
import { checkName } from "./names.ts";
import { longestRun } from "./run-bound.ts";
import type { Check, Subscriber } from "./service.ts";
import type { Turn } from "./turn.ts";

/** Equal for checks whose runs would find the same, at the same times. */
export function sharingKey(check: CheckModel): string {
  const { delayLoop, warmup, retry, delayBeforeRetry, jitter } = check.timing;
  return `${delayLoop} ${warmup} ${retry} ${delayBeforeRetry} ${jitter} ${JSON.stringify(check.probe)}`;
}

export class CheckRoster {
  readonly #byKey = new Map<string, Check>();
  readonly #byId = new Map<string, Check>();
  readonly #blocked = new BlockedChecks();
  /** By slot, in the order in which they were made. */
  #slots: (Check | undefined)[] = [];
  #heap = new DeadlineHeap(0);
  #capacity = 0;

  get all(): readonly Check[] {
    return this.#slots.filter((check) => check !== undefined);
  }

  get deadline(): Instant | undefined {
    return this.#heap.earliest();
  }

  find(id: string): Check | undefined {
    return this.#byId.get(id);
  }

  /** The check with its deadline passed that comes next, if there is one. */
  due(now: Instant): Check | undefined {
    const deadline = this.#heap.earliest();
    if (deadline === undefined || deadline > now) return undefined;
    return this.#slots[this.#heap.first() ?? -1];
  }

  /** The deadline of this check may have changed. */
  schedule(check: Check): void {
    this.#heap.set(check.slot, check.memory.dueAt);
  }

  /** Joins a server to the check that its model asks for; one that nobody runs yet begins, where `before` left off. */
  join(turn: Turn, model: CheckModel, subscriber: Subscriber, before: CheckMemory | undefined): Check {
    const key = sharingKey(model);
    const { probe, timing } = model;
    const check = this.#byKey.get(key) ?? this.#add(key, probe, timing, this.#begin(turn, model, before));
    check.subscribers.add(subscriber);
    return check;
  }

  leave(turn: Turn, check: Check, subscriber: Subscriber): void {
    check.subscribers.delete(subscriber);
    if (check.subscribers.size > 0) return;
    turn.out.push(...cancelled(check));
    this.#unblock(turn, check);
    this.#heap.set(check.slot, undefined);
    this.#slots[check.slot] = undefined;
    this.#byKey.delete(check.key);
    this.#byId.delete(check.memory.id);
  }

  /** Puts back a check of a snapshot. */
  restore(key: string, model: CheckModel, memory: CheckMemory): Check {
    this.#blocked.restore(memory.blocked);
    return this.#add(key, model.probe, model.timing, memory);
  }

  /** Joins a server to a check that is there. */
  rejoin(model: CheckModel, subscriber: Subscriber): Check {
    const check = present(this.#byKey.get(sharingKey(model)), "check");
    check.subscribers.add(subscriber);
    return check;
  }

  /** After a time without this process: what was under way has been lost, and what was missed is spread again. */
  resumeAll(now: Instant, random: Prng): void {
    for (const check of this.all) {
      const { startedAt, dueAt } = check.memory;
      if (dueAt === undefined || (startedAt === undefined && dueAt > now)) continue;
      check.memory = { ...check.memory, startedAt: undefined, dueAt: firstRunAt(check.timing, now, random) };
      this.schedule(check);
    }
  }

  start(turn: Turn, check: Check): void {
    beginRun(check, turn.now);
    this.schedule(check);
    const { id, run } = check.memory;
    turn.out.push({ kind: "StartCheck", check: id, run, probe: check.probe, limit: longestRun(check.probe) });
  }

  /** Nobody wants its results for now. */
  suspend(turn: Turn, check: Check): void {
    turn.out.push(...cancelled(check));
    check.memory = { ...check.memory, startedAt: undefined, dueAt: undefined };
    this.#unblock(turn, check);
    this.schedule(check);
  }

  /** A run has ended, and its check's memory says in what. */
  ended(turn: Turn, check: Check, before: CheckMemory): void {
    this.#blocked.moved(turn, check, before.blocked);
    this.schedule(check);
  }

  resume(check: Check, now: Instant, random: Prng): void {
    if (check.memory.dueAt !== undefined) return;
    check.memory = { ...check.memory, dueAt: firstRunAt(check.timing, now, random) };
    this.schedule(check);
  }

  #unblock(turn: Turn, check: Check): void {
    const { blocked } = check.memory;
    check.memory = { ...check.memory, blocked: undefined };
    this.#blocked.moved(turn, check, blocked);
  }

  #begin(turn: Turn, model: CheckModel, before: CheckMemory | undefined): CheckMemory {
    const fresh = freshCheckMemory(this.#freeId(model.probe), model.timing, turn.now, turn.random);
    if (before === undefined) return fresh;
    const { ok, failures, contribution, last } = before;
    return { ...fresh, ok, failures, contribution, last };
  }

  #freeId(probe: ProbeModel): string {
    const name = checkName(probe);
    let id = name;
    for (let number = 2; this.#byId.has(id); number++) id = `${name} #${number}`;
    return id;
  }

  #add(key: string, probe: ProbeModel, timing: CheckTiming, memory: CheckMemory): Check {
    if (this.#slots.length === this.#capacity) this.#compact();
    const check: Check = { key, probe, timing, subscribers: new Set(), slot: this.#slots.length, memory };
    this.#slots.push(check);
    this.#byKey.set(key, check);
    this.#byId.set(memory.id, check);
    this.schedule(check);
    return check;
  }

  /** Closes the gaps and makes room for as many again: the order stays. */
  #compact(): void {
    const checks = this.all;
    this.#slots = [...checks];
    this.#capacity = Math.max(16, 2 * checks.length);
    this.#heap = new DeadlineHeap(this.#capacity);
    checks.forEach((check, slot) => {
      check.slot = slot;
      this.schedule(check);
    });
  }
}

function cancelled(check: Check): readonly DirectorAction[] {
  const { id, run, startedAt } = check.memory;
  return startedAt === undefined ? [] : [{ kind: "CancelCheck", check: id, run }];
}
