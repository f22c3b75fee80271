/**
 * Makes the kernel's table follow the rules: one request at a time, only differences, and what is refused is tried again.
 * It remembers what the kernel has of ours and looks at it now and then.
 */

import { equalPlain } from "../base/plain.ts";
import type { OsError } from "../base/result.ts";
import type { Instant, Micros } from "../base/time.ts";
import { seconds } from "../base/time.ts";
import { endpointKey } from "./desired.ts";
import type { TableMemory, TableRequest } from "./memory.ts";
import { stepText } from "./names.ts";
import { afterSteps, reconcile, stepDestination, stepEndpoint, withoutCounters } from "./reconcile.ts";
import { backoff, Refusals } from "./refusals.ts";
import type { FoundService, TableChange, TableRefusal, TableService } from "./table.ts";
import type { Turn } from "./turn.ts";
import { emit } from "./turn.ts";

export interface TableLimits {
  /** Between two looks at the kernel's table. */
  readonly verifyInterval: Micros;
  /** The same while a server is being drained. */
  readonly drainInterval: Micros;
  /** An answer that has not come by then is lost. */
  readonly requestTimeout: Micros;
  /** Steps of one request, unless one service has more: what comes meanwhile does not wait for all of a long list. */
  readonly batch: number;
}

export const TABLE_LIMITS: TableLimits = {
  verifyInterval: seconds(60),
  drainInterval: seconds(2),
  requestTimeout: seconds(30),
  batch: 2_000,
};

export const FRESH_TABLE: TableMemory = {
  request: undefined,
  nextId: 1,
  loaded: false,
  flushDue: false,
  readAt: undefined,
  readFailures: 0,
  pending: [],
  doubtful: [],
  refusals: [],
  known: [],
};

/** What a new process makes of the memory of one that died: what it asked for may or may not have been done. */
export function afterLoss(memory: TableMemory, now: Instant): TableMemory {
  const { request, pending, doubtful } = memory;
  const asked = request?.kind === "change" ? request.changes.map(stepEndpoint) : [];
  return {
    ...memory,
    request: undefined,
    flushDue: memory.flushDue || request?.kind === "flush",
    readAt: now,
    pending: [...new Set([...pending, ...asked])],
    doubtful: [...new Set([...doubtful, ...asked])],
  };
}

/** What the rules ask for at an endpoint. */
export type Wanted = (endpoint: string) => TableService | undefined;

function earliest(a: Instant | undefined, b: Instant | undefined): Instant | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return Math.min(a, b);
}

interface Refused {
  readonly step: TableChange;
  readonly error: OsError;
}

/** One word for each kind of error: a kernel without what it takes refuses thousands of steps. */
function tellRefused(turn: Turn, refused: readonly Refused[]): void {
  const byErrno = new Map<string, Refused[]>();
  for (const one of refused) {
    const same = byErrno.get(one.error.errno);
    if (same === undefined) byErrno.set(one.error.errno, [one]);
    else same.push(one);
  }
  for (const [first, ...others] of byErrno.values()) {
    if (first === undefined) continue;
    const more = others.length === 0 ? "" : ` and ${others.length} more`;
    emit(turn, { kind: "TableRefused", what: `${stepText(first.step)}${more}`, error: first.error });
  }
}

export class TableKeeper {
  readonly #limits: TableLimits;
  readonly #known: Map<string, TableService>;
  readonly #pending: Set<string>;
  readonly #doubtful: Set<string>;
  readonly #refusals: Refusals;
  #request: TableRequest | undefined;
  #nextId: number;
  #loaded: boolean;
  #flushDue: boolean;
  #readAt: Instant | undefined;
  #readFailures: number;
  readonly #wanted: Wanted;

  constructor(limits: TableLimits, memory: TableMemory, wanted: Wanted) {
    this.#limits = limits;
    this.#wanted = wanted;
    this.#known = new Map(memory.known.map((service) => [endpointKey(service.endpoint), service]));
    this.#pending = new Set(memory.pending);
    this.#doubtful = new Set(memory.doubtful);
    this.#refusals = new Refusals(memory.refusals);
    this.#request = memory.request;
    this.#nextId = memory.nextId;
    this.#loaded = memory.loaded;
    this.#flushDue = memory.flushDue;
    this.#readAt = memory.readAt;
    this.#readFailures = memory.readFailures;
  }

  get memory(): TableMemory {
    return {
      request: this.#request,
      nextId: this.#nextId,
      loaded: this.#loaded,
      flushDue: this.#flushDue,
      readAt: this.#readAt,
      readFailures: this.#readFailures,
      pending: [...this.#pending],
      doubtful: [...this.#doubtful],
      refusals: this.#refusals.list,
      known: [...this.#known.values()],
    };
  }

  get isIdle(): boolean {
    return this.#request === undefined;
  }

  /** Whether the kernel has what the rules ask for, as far as we know. */
  get isSettled(): boolean {
    return this.isIdle && this.#loaded && this.#pending.size === 0 && this.#refusals.isEmpty;
  }

  get deadline(): Instant | undefined {
    if (this.#request !== undefined) return this.#request.since + this.#limits.requestTimeout;
    return earliest(this.#readAt, this.#refusals.retryAt);
  }

  begin(now: Instant, flush: boolean): void {
    this.#flushDue = flush;
    this.#readAt = now;
  }

  /** What stands at this endpoint may have to change. */
  mark(endpoint: string): void {
    this.#pending.add(endpoint);
  }

  /** It is read as soon as nothing else is under way. */
  look(now: Instant): void {
    if (this.#loaded) this.#readAt = now;
  }

  /** Somebody waits for connections to end. */
  watch(now: Instant): void {
    this.#readAt = Math.min(this.#readAt ?? now, now + this.#limits.drainInterval);
  }

  /** The next request, if none is under way and there is something to ask for. */
  advance(turn: Turn): void {
    const { now } = turn;
    if (this.#request !== undefined && now >= this.#request.since + this.#limits.requestTimeout) {
      this.#lose(turn, this.#request);
    }
    if (this.#request !== undefined) return;
    if (this.#flushDue) {
      this.flush(turn);
    } else if (this.#readAt !== undefined && now >= this.#readAt) {
      this.#request = { since: now, kind: "read" };
      turn.out.push({ kind: "ReadTable" });
    } else if (this.#loaded) {
      for (const endpoint of this.#refusals.takeDue(now)) this.#pending.add(endpoint);
      this.#change(turn, this.#nextSteps(now));
    }
  }

  /** Everything in the table goes, whoever made it. */
  flush(turn: Turn): void {
    this.#flushDue = false;
    const id = this.#nextId++;
    this.#request = { since: turn.now, kind: "flush", id };
    turn.out.push({ kind: "FlushTable", id });
  }

  /** All of ours goes, in one request; `whole` leaves it to the kernel to take the servers out with their service. */
  release(turn: Turn, whole: boolean): void {
    const steps = [...this.#known.values()].flatMap((known) => reconcile(known, undefined).removals);
    this.#pending.clear();
    this.#change(turn, whole ? steps.filter(({ kind }) => kind === "DeleteService") : steps);
  }

  /** Takes the kernel's table as it was read. Whether it was what we thought it was is told from the second time on. */
  tableRead(turn: Turn, services: readonly FoundService[]): void {
    if (this.#request?.kind !== "read") return;
    this.#readFailures = 0;
    this.#endRead(turn);
    const found = new Map(services.map((service) => [endpointKey(service.endpoint), service]));
    let differences = 0;
    for (const endpoint of this.#interesting(found)) {
      const known = this.#known.get(endpoint);
      const service = found.get(endpoint);
      const now = service && withoutCounters(service);
      if (equalPlain(known, now)) continue;
      const { puts, removals } = reconcile(now, known);
      if (puts.length + removals.length === 0) continue;
      differences += puts.length + removals.length;
      this.#learn(endpoint, now);
      this.#pending.add(endpoint);
      // What was refused may have been so for this.
      this.#refusals.forgetAll(endpoint);
    }
    this.#doubtful.clear();
    if (this.#loaded && differences > 0) emit(turn, { kind: "TableDiffered", changes: differences });
    this.#loaded = true;
  }

  /** Without knowing what is there it goes on all the same: the steps heal themselves. */
  tableReadFailed(turn: Turn, error: OsError): void {
    if (this.#request?.kind !== "read") return;
    this.#readFailures++;
    this.#endRead(turn);
    this.#readAt = turn.now + Math.min(this.#limits.verifyInterval, backoff(this.#readFailures));
    this.#loaded = true;
    if (this.#readFailures === 1) emit(turn, { kind: "TableRefused", what: "reading the table", error });
  }

  actionDone(turn: Turn, id: number): void {
    const request = this.#take(id);
    if (request?.kind === "flush") this.#known.clear();
    if (request?.kind === "change") this.#applied(turn, request.changes, []);
  }

  actionFailed(turn: Turn, id: number, refusals: readonly TableRefusal[]): void {
    const request = this.#take(id);
    const [first] = refusals;
    if (request?.kind === "flush" && first !== undefined) {
      emit(turn, { kind: "TableRefused", what: "flushing the table", error: first.error });
    }
    if (request?.kind === "change") this.#applied(turn, request.changes, refusals);
  }

  #take(id: number): TableRequest | undefined {
    const request = this.#request;
    if (request === undefined || request.kind === "read" || request.id !== id) return undefined;
    this.#request = undefined;
    return request;
  }

  /** Nobody knows what became of it: the next look tells. */
  #lose(turn: Turn, request: TableRequest): void {
    this.#request = undefined;
    this.#readAt = turn.now;
    const isRepeated = request.kind === "read" && this.#readFailures > 0;
    if (request.kind === "flush") this.#flushDue = true;
    if (request.kind === "read") {
      this.#readFailures++;
      this.#readAt = turn.now + backoff(this.#readFailures);
      this.#loaded = true;
    } else if (request.kind === "change") {
      for (const endpoint of request.changes.map(stepEndpoint)) {
        this.#pending.add(endpoint);
        this.#doubtful.add(endpoint);
      }
    }
    if (isRepeated) return;
    const subject = request.kind;
    emit(turn, {
      kind: "TableRefused",
      what: "no answer from the kernel",
      error: { call: "netlink", errno: "ETIMEDOUT", subject },
    });
  }

  #endRead(turn: Turn): void {
    this.#request = undefined;
    this.#readAt = turn.now + this.#limits.verifyInterval;
  }

  /**
   * Endpoints that are ours: those that we know of, those that the rules ask for, and those of a request without an answer,
   * which may have been carried out before the rules changed.
   */
  #interesting(found: ReadonlyMap<string, FoundService>): readonly string[] {
    const endpoints = new Set([...this.#known.keys(), ...this.#doubtful]);
    for (const endpoint of found.keys()) if (this.#wanted(endpoint) !== undefined) endpoints.add(endpoint);
    return [...endpoints];
  }

  /** Puts of several endpoints, and then their removals. */
  #nextSteps(now: Instant): readonly TableChange[] {
    const puts: TableChange[] = [];
    const removals: TableChange[] = [];
    for (const endpoint of this.#pending) {
      if (puts.length + removals.length >= this.#limits.batch) break;
      this.#pending.delete(endpoint);
      const steps = reconcile(this.#known.get(endpoint), this.#wanted(endpoint));
      const { waiting } = this.#refusals.sift(endpoint, steps, now);
      if (waiting === undefined) {
        for (const step of steps.puts) puts.push(step);
        for (const step of steps.removals) removals.push(step);
      } else {
        puts.push(...steps.puts.filter((step) => !waiting(step)));
        removals.push(...steps.removals.filter((step) => !waiting(step)));
      }
    }
    for (const step of removals) puts.push(step);
    return puts;
  }

  #change(turn: Turn, changes: readonly TableChange[]): void {
    if (changes.length === 0) return;
    const id = this.#nextId++;
    this.#request = { since: turn.now, kind: "change", id, changes };
    turn.out.push({ kind: "ChangeTable", id, changes });
  }

  #applied(turn: Turn, changes: readonly TableChange[], refused: readonly TableRefusal[]): void {
    const refusedAt = new Map(refused.map(({ index, error }) => [index, error]));
    const done = new Map<string, TableChange[]>();
    const missing = new Set<string>();
    const news: Refused[] = [];
    changes.forEach((step, index) => {
      const endpoint = stepEndpoint(step);
      const error = refusedAt.get(index);
      if (error !== undefined) {
        // Without its service a destination must fail as well.
        const follows = step.kind === "AddDestination" && missing.has(endpoint);
        if (!follows && this.#isNews(turn, step)) news.push({ step, error });
        if (step.kind === "AddService") missing.add(endpoint);
        return;
      }
      const steps = done.get(endpoint);
      if (steps === undefined) done.set(endpoint, [step]);
      else steps.push(step);
      this.#refusals.forget(endpoint, stepDestination(step));
    });
    for (const [endpoint, steps] of done) {
      this.#learn(endpoint, afterSteps(this.#known.get(endpoint), steps));
    }
    const taken = changes.length - refusedAt.size;
    if (taken > 0) emit(turn, { kind: "TableChanged", changes: taken });
    tellRefused(turn, news);
  }

  /** A step that stays refused is told of once. The table may not be what we think. */
  #isNews(turn: Turn, step: TableChange): boolean {
    const attempts = this.#refusals.refuse(stepEndpoint(step), stepDestination(step), turn.now);
    if (attempts === 1) this.#readAt = turn.now;
    return attempts === 1;
  }

  #learn(endpoint: string, service: TableService | undefined): void {
    if (service === undefined) this.#known.delete(endpoint);
    else this.#known.set(endpoint, service);
  }
}
