/** The director's engine: all services, their checks and the kernel's table behind one pure `handle`. */
import { unreachable } from "../base/assert.ts";
import { equalPlain } from "../base/plain.ts";
import { Prng } from "../base/prng.ts";
import { formatSpan, type Instant, type Micros, seconds } from "../base/time.ts";
import type { DirectorModel } from "../model/director-models.ts";
import type { Engine } from "../ports/engine.ts";
import type { DirectorAction } from "./action.ts";
import { concludeRun } from "./check.ts";
import { countConnections, isDraining } from "./drain.ts";
import type { CheckResult, DirectorInput } from "./input.ts";
import type { DirectorSnapshot, StopMemory, SyncMemory } from "./memory.ts";
import { markService, Pool } from "./pool.ts";
import { configureServices } from "./reload.ts";
import { restorePool } from "./restore.ts";
import { type Check, sorryInUse, subscribersOf } from "./service.ts";
import { hear, settleQuorum } from "./settle.ts";
import { releaseTable, STOP_TIMEOUT, sayFarewell } from "./stop.ts";
import { Surroundings } from "./surroundings.ts";
import { settleSuspension } from "./suspension.ts";
import { afterLoss, FRESH_TABLE, TABLE_LIMITS, TableKeeper, type TableLimits } from "./table-keeper.ts";
import { type Changes, catchUp, noteChange, takeOrders, tellFollower } from "./told.ts";
import type { Turn } from "./turn.ts";
import { emit } from "./turn.ts";

export interface DirectorEngineOptions extends Partial<TableLimits> {
  /** Of the first runs of checks, and of jitter. */
  readonly seed: number;
}

export type DirectorEngine = Engine<DirectorInput, DirectorAction, DirectorSnapshot>;

/** A check that begins later than this after its time was kept from running. */
const LATE: Micros = seconds(5);
const NOTHING: readonly DirectorAction[] = [];

/** An engine without services. Results that wait are to be told before `ClockReached`. */
export function createDirectorEngine(options: DirectorEngineOptions): DirectorEngine {
  const surroundings = new Surroundings({ orders: [], held: [], files: [], sessions: [], masters: [] });
  return new TheEngine(options, undefined, new Pool(surroundings), undefined);
}

/**
 * An engine that goes on from a snapshot, which may have been JSON in between. At the snapshot's own instant it behaves as
 * the original would. Where `now` is later, runs and requests under way have been lost: checks that missed their time run
 * as after a start, and the kernel's table is looked at first.
 */
export function restoreDirectorEngine(
  snapshot: DirectorSnapshot,
  now: Instant,
  options: Partial<TableLimits> = {},
): DirectorEngine {
  const random = new Prng(snapshot.engine.random);
  const isLater = now > snapshot.at;
  const pool = restorePool(snapshot);
  if (isLater) pool.roster.resumeAll(now, random);
  const table = isLater ? afterLoss(snapshot.table, now) : snapshot.table;
  return new TheEngine({ ...options, seed: random.state }, snapshot.model, pool, { ...snapshot, table });
}

class TheEngine implements DirectorEngine {
  readonly #turn: Turn;
  readonly #pool: Pool;
  readonly #table: TableKeeper;
  #model: DirectorModel | undefined;
  #sync: SyncMemory | undefined;
  #stop: StopMemory | undefined;

  constructor(
    options: DirectorEngineOptions,
    model: DirectorModel | undefined,
    pool: Pool,
    snapshot: DirectorSnapshot | undefined,
  ) {
    this.#turn = {
      now: 0,
      random: new Prng(options.seed),
      out: [],
      noCheckMail: model?.noCheckMail ?? false,
    };
    this.#model = model;
    this.#pool = pool;
    this.#sync = snapshot?.engine.syncDaemon;
    this.#stop = snapshot?.engine.stop;
    this.#table = new TableKeeper(
      { ...TABLE_LIMITS, ...options },
      snapshot?.table ?? FRESH_TABLE,
      (endpoint) => pool.wanted(endpoint),
    );
  }

  handle(now: Instant, input: DirectorInput): readonly DirectorAction[] {
    const turn = this.#turn;
    turn.now = now;
    if (this.#stop?.phase !== "stopped") {
      this.#decide(input);
      this.#advance();
    }
    if (turn.out.length === 0) return NOTHING;
    const { out } = turn;
    turn.out = [];
    return out;
  }

  nextDeadline(): Instant | undefined {
    if (this.#stop !== undefined) return this.#stop.phase === "stopped" ? undefined : this.#stop.giveUpAt;
    const check = this.#pool.roster.deadline;
    const table = this.#table.deadline;
    if (check === undefined || table === undefined) return check ?? table;
    return Math.min(check, table);
  }

  snapshot(now: Instant): DirectorSnapshot {
    const { services, roster, surroundings } = this.#pool;
    return {
      at: now,
      model: this.#model,
      services: services.map(({ memory, servers }) => ({
        memory,
        servers: servers.map((server) => server.memory),
      })),
      checks: roster.all.map(({ key, memory }) => ({ key, memory })),
      table: this.#table.memory,
      surroundings: surroundings.memory,
      engine: { random: this.#turn.random.state, syncDaemon: this.#sync, stop: this.#stop },
    };
  }

  #decide(input: DirectorInput): void {
    const turn = this.#turn;
    switch (input.kind) {
      case "ConfigChanged":
        this.#configure(input.model);
        return;
      case "CheckFinished":
        this.#finish(input.check, input.run, input.result);
        return;
      case "TableRead":
        this.#table.tableRead(turn, input.services);
        for (const service of countConnections(turn, this.#pool, input.services))
          markService(this.#table, service);
        return;
      case "TableReadFailed":
        this.#table.tableReadFailed(turn, input.error);
        return;
      case "TableDisturbed":
        this.#table.look(turn.now);
        return;
      case "ActionDone":
        this.#table.actionDone(turn, input.id);
        return;
      case "ActionFailed":
        this.#table.actionFailed(turn, input.id, input.refusals);
        return;
      case "AddressHeld":
        this.#holdAddress(input.address, input.held);
        return;
      case "FileMeasured":
        this.#pool.surroundings.files.set(input.file, input.value);
        this.#tell(`file ${input.file}`);
        return;
      case "BfdChanged":
        this.#pool.surroundings.sessions.set(input.session, input.up);
        this.#tell(`bfd ${input.session}`);
        return;
      case "InstanceChanged":
        if (input.master) this.#pool.surroundings.masters.add(input.instance);
        else this.#pool.surroundings.masters.delete(input.instance);
        this.#followInstance();
        return;
      case "PoolOrdersChanged":
        this.#settle((changes) => takeOrders(turn, this.#pool, input.orders, changes));
        return;
      case "ClockReached":
        this.#reachDeadlines();
        return;
      case "StopRequested":
        this.#beginStop(input.release, input.by);
        return;
      default:
        unreachable(input);
    }
  }

  /** What follows from all that was decided: the next request about the table, or the next step of the stop. */
  #advance(): void {
    const turn = this.#turn;
    if (this.#stop !== undefined) {
      this.#advanceStop(this.#stop);
      return;
    }
    if (this.#model === undefined) return;
    if (isDraining(this.#pool)) this.#table.watch(turn.now);
    this.#table.advance(turn);
  }

  #configure(model: DirectorModel): void {
    if (this.#stop !== undefined) return;
    const turn = this.#turn;
    const before = this.#model;
    this.#model = model;
    turn.noCheckMail = model.noCheckMail;
    if (before === undefined) this.#table.begin(turn.now, model.flushAtStart);
    if (!equalPlain(before?.timeouts, model.timeouts))
      turn.out.push({ kind: "SetTimeouts", timeouts: model.timeouts });
    configureServices(turn, this.#pool, this.#table, model, before !== undefined);
    this.#followInstance();
  }

  #finish(id: string, run: number, result: CheckResult): void {
    const check = this.#pool.roster.find(id);
    if (check === undefined || check.memory.startedAt === undefined || check.memory.run !== run) return;
    this.#conclude(check, result);
  }

  #conclude(check: Check, result: CheckResult): void {
    const turn = this.#turn;
    const before = check.memory;
    const conclusion = concludeRun(check, turn.now, result, turn.random);
    this.#pool.roster.ended(turn, check, before);
    if (conclusion.kind === "not-run") return;
    this.#settle((changes) => {
      for (const subscriber of subscribersOf(check)) {
        const { service, server } = subscriber;
        if (service.memory.suspended) continue;
        if (hear(turn, subscriber, check, conclusion)) noteChange(turn, changes, service, server);
      }
    });
  }

  /** Lets servers change, and then looks at the services of those that did, each once. */
  #settle(change: (changes: Changes) => void): void {
    const changes: Changes = new Map();
    change(changes);
    for (const [service, cause] of changes) {
      settleQuorum(this.#turn, service, cause, "change", sorryInUse(service));
      markService(this.#table, service);
    }
  }

  #tell(source: string): void {
    this.#settle((changes) => {
      for (const follower of this.#pool.followers(source))
        tellFollower(this.#turn, this.#pool, follower, changes);
    });
  }

  #holdAddress(address: string, held: boolean): void {
    const { surroundings } = this.#pool;
    if (held) surroundings.held.add(address);
    else surroundings.held.delete(address);
    this.#settle((changes) => {
      for (const service of this.#pool.at(address)) {
        if (!settleSuspension(this.#turn, this.#pool, service) || service.memory.suspended) continue;
        catchUp(this.#turn, this.#pool, service, changes);
      }
    });
  }

  #followInstance(): void {
    const daemon = this.#model?.syncDaemon;
    const next = daemon && { daemon, role: this.#pool.surroundings.syncRole(daemon) };
    if (equalPlain(next, this.#sync)) return;
    const last = this.#sync;
    this.#sync = next;
    if (next !== undefined) this.#turn.out.push({ kind: "SetSyncDaemon", ...next });
    else if (last !== undefined)
      this.#turn.out.push({ kind: "SetSyncDaemon", daemon: last.daemon, role: "none" });
  }

  #reachDeadlines(): void {
    const turn = this.#turn;
    const { roster } = this.#pool;
    let isLateTold = false;
    for (;;) {
      const check = roster.due(turn.now);
      if (check === undefined) return;
      const { id, run, startedAt, dueAt = turn.now } = check.memory;
      const late = turn.now - dueAt;
      if (startedAt !== undefined) {
        emit(turn, { kind: "CheckOverdue", check: id, overdue: late });
        turn.out.push({ kind: "CancelCheck", check: id, run });
        this.#conclude(check, lostRun(turn.now - startedAt));
        continue;
      }
      // One word for all of them: it is the process that was late.
      if (late > LATE && !isLateTold) emit(turn, { kind: "CheckOverdue", check: id, overdue: late });
      isLateTold ||= late > LATE;
      roster.start(turn, check);
    }
  }

  #beginStop(release: boolean, by: string): void {
    const turn = this.#turn;
    if (this.#stop !== undefined) return;
    sayFarewell(turn, this.#pool, by);
    this.#stop = { by, phase: "waiting", giveUpAt: turn.now + STOP_TIMEOUT };
    if (!release) this.#endStop(this.#stop);
  }

  #advanceStop(stop: StopMemory): void {
    const turn = this.#turn;
    if (stop.phase === "stopped") return;
    if (turn.now >= stop.giveUpAt) this.#endStop(stop);
    else if (stop.phase === "waiting" && this.#table.isIdle) {
      this.#stop = { ...stop, phase: "releasing" };
      releaseTable(turn, this.#table, this.#model);
      if (this.#table.isIdle) this.#endStop(stop);
    } else if (this.#table.isIdle) this.#endStop(stop);
  }

  #endStop(stop: StopMemory): void {
    const { out } = this.#turn;
    this.#stop = { ...stop, phase: "stopped" };
    if (this.#sync !== undefined)
      out.push({ kind: "SetSyncDaemon", daemon: this.#sync.daemon, role: "none" });
    if (this.#model?.timeouts !== undefined) out.push({ kind: "SetTimeouts", timeouts: undefined });
    out.push({ kind: "Stopped" });
  }
}

/** What a run comes to that never came back. */
function lostRun(after: Micros): CheckResult {
  const detail = `the check did not end within ${formatSpan(after)}`;
  return { ok: false, detail, weightChange: 0, duration: after, excerpt: undefined };
}
