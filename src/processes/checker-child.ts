/**
 * The checker child: the director's engine with probes and the kernel's table on one side and the supervisor on the other.
 * Nothing here can hold up an election; while it is gone the kernel balances on by the table as it was.
 */
import { randomInt } from "node:crypto";
import { equalPlain } from "../base/plain.ts";
import type { Instant, Micros } from "../base/time.ts";
import { seconds } from "../base/time.ts";
import type { DirectorAction } from "../director/action.ts";
import type { DirectorEvent } from "../director/event.ts";
import type { DirectorInput } from "../director/input.ts";
import type { DirectorSnapshot } from "../director/memory.ts";
import { DirectorExecutor } from "../host/execute-director.ts";
import type { Loop, Timer } from "../host/loop.ts";
import { createLoop } from "../host/loop.ts";
import type { DirectorModel, LvsTimeouts, VirtualServerModel } from "../model/director-models.ts";
import { NO_SCHEDULING, type SchedulingModel } from "../model/scheduling-model.ts";
import { NO_PLANE, type PlaneStatus } from "../observe/pool-view.ts";
import type { Engine } from "../ports/engine.ts";
import type { StartProbe } from "../ports/probe.ts";
import { changeServices } from "../supervise/service-texts.ts";
import type { Measurement } from "../vrrp/input.ts";
import { deliveryOf } from "./event-log.ts";
import { HeldAddresses } from "./held-addresses.ts";
import type { CheckerSlice, CheckerSnapshot, Followed, FromChecker, ToChecker } from "./messages.ts";
import { parseToChecker } from "./messages.ts";
import type { OpenedPlane, WantedPlane } from "./open-plane.ts";
import type { ParentChannel } from "./parent-channel.ts";
import { openParentChannel } from "./parent-channel.ts";
import { PassageWatch } from "./passage-watch.ts";
import { poolFifoLine } from "./pool-fifo.ts";
import { applyScheduling, CHECKER_PROCESS } from "./scheduling.ts";
import { writeSnapshot } from "./snapshot-text.ts";

/** Least time between two snapshots, which may cost a tenth of the time at most. */
const SNAPSHOT_SPACING: Micros = seconds(1);
const SNAPSHOT_SHARE = 10;
/** Checks that are due within so much time begin together: one turn of the loop for all of them. */
const GRAIN: Micros = 10_000;
/** A stop must end, whatever the kernel does. */
const STOP_LIMIT: Micros = seconds(4);
/** How long running scripts may go on once a newer state waits. */
const NOTIFY_TIMEOUT: Micros = seconds(30);

type StartMessage = ToChecker & { readonly kind: "Start" };
type ConfigureMessage = Pick<StartMessage, "generation" | "slice" | "services" | "measured">;
/** A configuration message with its services put together. */
interface Configuration {
  readonly generation: number;
  readonly slice: CheckerSlice;
  readonly services: ReadonlyMap<string, VirtualServerModel>;
  readonly measured: readonly Measurement[];
}
type DirectorEngine = Engine<DirectorInput, DirectorAction, DirectorSnapshot>;

/** What the child is made of; a test puts others in their place. */
export interface CheckerParts {
  createEngine(seed: number): DirectorEngine;
  restoreEngine(snapshot: DirectorSnapshot, now: Instant): DirectorEngine;
  /** Calls back once, whatever happens: where there is no data plane, with one that refuses. */
  openPlane(loop: Loop, director: WantedPlane, done: (opened: OpenedPlane) => void): void;
  startProbe(loop: Loop): StartProbe;
}

export function runCheckerChild(parts: CheckerParts): void {
  new CheckerChild(parts).begin();
}

class CheckerChild {
  readonly #parts: CheckerParts;
  readonly #loop: Loop = createLoop();
  readonly #engineTimer: Timer;
  readonly #snapshotTimer: Timer;
  readonly #stopTimer: Timer;
  readonly #held: HeldAddresses;
  readonly #passage: PassageWatch;
  #channel: ParentChannel<FromChecker> | undefined;
  #start: StartMessage | undefined;
  /** The newest configuration; before the data plane is open it is simply the first. */
  #configuration: Configuration | undefined;
  #plane: OpenedPlane | undefined;
  #executor: DirectorExecutor | undefined;
  #engine: DirectorEngine | undefined;
  #stopRequested: string | undefined;
  #mail = false;
  #scheduled: SchedulingModel = NO_SCHEDULING;
  #clockPending = false;
  #wokenAt: Instant = 0;
  #snapshotAt: Instant = 0;
  #snapshotCost: Micros = 0;
  #snapshotDue = false;
  #snapshotInWriting = false;

  constructor(parts: CheckerParts) {
    this.#parts = parts;
    this.#engineTimer = this.#loop.timer(() => this.#deadlinePassed());
    this.#snapshotTimer = this.#loop.timer(() => this.#sendSnapshot());
    this.#stopTimer = this.#loop.timer(() => this.#end());
    this.#held = new HeldAddresses(this.#loop, (input) => this.#handle(input));
    this.#passage = new PassageWatch(this.#loop, (word) => this.#post(word));
  }

  begin(): void {
    this.#channel = openParentChannel<ToChecker, FromChecker>(this.#loop, parseToChecker, {
      message: (message) => this.#receive(message),
      terminated: (by) => this.#stop(by),
    });
    this.#post({ kind: "Hello" });
  }

  #receive(message: ToChecker): void {
    switch (message.kind) {
      case "Start":
        this.#begin(message);
        return;
      case "Configure":
        this.#configuration = this.#read(message);
        this.#configure(this.#configuration);
        return;
      case "Measured":
        this.#measure(message.measured);
        return;
      case "Followed":
        this.#follow(message.followed);
        return;
      case "SnapshotWanted":
        this.#answerPool();
        return;
      case "Ping":
        this.#post({ kind: "Pong" });
        return;
      case "Stop":
        this.#stop(message.by);
        return;
    }
  }

  #begin(message: StartMessage): void {
    this.#start = message;
    const first = this.#read(message);
    this.#configuration = first;
    this.#parts.openPlane(this.#loop, first.slice.director, (opened) => {
      this.#plane = opened;
      if (this.#stopRequested === undefined) this.#run(opened, message, first);
      else this.#end();
    });
  }

  #read({ generation, slice, services, measured }: ConfigureMessage): Configuration {
    const before = this.#configuration?.services ?? new Map<string, VirtualServerModel>();
    const read = (line: string): VirtualServerModel => JSON.parse(line) as VirtualServerModel;
    const parsed = JSON.parse(slice) as CheckerSlice;
    return { generation, slice: parsed, services: changeServices(before, services, read), measured };
  }

  /** `first` is what the last life ran with. */
  #run({ plane, status }: OpenedPlane, message: StartMessage, first: Configuration): void {
    const last = message.snapshot === null ? undefined : (JSON.parse(message.snapshot) as CheckerSnapshot);
    this.#executor = new DirectorExecutor(
      plane,
      this.#parts.startProbe(this.#loop),
      { tls: first.slice.director.tls },
      last?.timeoutsFound,
      {
        input: (input) => this.#handle(input),
        notify: ({ subject, state, command }) =>
          this.#post({
            kind: "Notify",
            request: { subject, state, commands: [command], timeout: NOTIFY_TIMEOUT },
          }),
        mail: (subject, body) => {
          if (this.#mail) this.#post({ kind: "Mail", subject, body });
        },
        event: (event) => this.#event(event),
        stopped: () => this.#end(),
        trouble: (what, error) =>
          this.#post({
            kind: "Degraded",
            what: `${what}: ${error.call} ${error.errno}`,
            consequence: "the kernel keeps what it had",
            remedy: "look at the setting, and at what this kernel has",
          }),
      },
    );
    this.#engine =
      last === undefined
        ? this.#parts.createEngine(randomInt(2 ** 32))
        : this.#parts.restoreEngine({ ...last.director, model: modelOf(first) }, this.#loop.now());
    this.#tellPlane(status);
    if (last !== undefined) this.#held.resume(last.director.surroundings.held);
    for (const followed of message.followed) this.#follow(followed);
    this.#configure(this.#configuration ?? first);
  }

  #tellPlane({ name, why }: PlaneStatus): void {
    this.#event({ kind: "PlaneChosen", at: this.#loop.now(), plane: name, why });
    if (name !== NO_PLANE) return;
    this.#post({
      kind: "Degraded",
      what: `virtual servers are not in the kernel: ${why}`,
      consequence: "servers are checked, but no connection is forwarded",
      remedy: "load ip_vs, or run buoy where there is IPVS",
    });
  }

  #configure(configuration: Configuration): void {
    if (this.#engine === undefined || this.#stopRequested !== undefined) return;
    const { generation, slice, measured } = configuration;
    const model = modelOf(configuration);
    this.#mail = slice.mail;
    this.#executor?.configure({ tls: model.tls });
    this.#schedule(model.process);
    this.#measure(measured);
    this.#handle({ kind: "PoolOrdersChanged", orders: slice.orders });
    this.#handle({ kind: "ConfigChanged", model });
    this.#held.configure(model);
    this.#passage.configure(model, this.#plane?.status.name ?? NO_PLANE);
    this.#post({ kind: "Applied", generation });
    this.#snapshotSoon();
  }

  #schedule(wishes: SchedulingModel): void {
    if (equalPlain(wishes, this.#scheduled)) return;
    this.#scheduled = wishes;
    for (const trouble of applyScheduling(wishes, CHECKER_PROCESS))
      this.#post({ kind: "Degraded", ...trouble });
  }

  #measure(measured: readonly Measurement[]): void {
    for (const { tracker, name, value } of measured) {
      if (tracker === "file") this.#handle({ kind: "FileMeasured", file: name, value });
    }
  }

  #follow({ what, name, on }: Followed): void {
    if (what === "session") this.#handle({ kind: "BfdChanged", session: name, up: on });
    else this.#handle({ kind: "InstanceChanged", instance: name, master: on });
  }

  #handle(input: DirectorInput): void {
    const engine = this.#engine;
    if (engine === undefined) return;
    this.#executor?.execute(engine.handle(this.#loop.now(), input));
    const deadline = engine.nextDeadline();
    this.#engineTimer.set(deadline === undefined ? undefined : Math.max(deadline, this.#wokenAt + GRAIN));
  }

  /** Results that have come in are taken before checks count as overdue: `setImmediate` runs after all of them. */
  #deadlinePassed(): void {
    if (this.#clockPending) return;
    this.#clockPending = true;
    setImmediate(() => {
      this.#clockPending = false;
      this.#wokenAt = this.#loop.now();
      this.#handle({ kind: "ClockReached" });
    });
  }

  #event(event: DirectorEvent): void {
    const line = poolFifoLine(event);
    if (line !== undefined) this.#post({ kind: "Fifo", line });
    const journal = { source: "director", event } as const;
    this.#channel?.outbox.post({ kind: "Event", at: event.at, event: journal }, deliveryOf(journal));
    this.#snapshotSoon();
  }

  #snapshotSoon(): void {
    if (this.#snapshotDue) return;
    this.#snapshotDue = true;
    if (!this.#snapshotInWriting) this.#armSnapshot();
  }

  #armSnapshot(): void {
    const spacing = Math.max(SNAPSHOT_SPACING, this.#snapshotCost * SNAPSHOT_SHARE);
    this.#snapshotTimer.set(this.#snapshotAt + spacing);
  }

  /** The model is left out: the supervisor has it. */
  #sendSnapshot(): void {
    const [snapshot, generation] = [this.#snapshot(), this.#configuration?.generation];
    if (snapshot === undefined || generation === undefined) return;
    const { model: _, ...director } = snapshot.director;
    // What changes while it is written is in the next one.
    this.#snapshotDue = false;
    this.#snapshotInWriting = true;
    writeSnapshot(this.#loop, { ...snapshot, director }, (text, spent) => {
      this.#snapshotInWriting = false;
      this.#snapshotAt = this.#loop.now();
      this.#channel?.outbox.post({ kind: "Snapshot", generation, text }, "latest");
      this.#snapshotCost = spent;
      if (this.#snapshotDue) this.#armSnapshot();
    });
  }

  #answerPool(): void {
    const snapshot = this.#snapshot();
    if (snapshot === undefined) return;
    writeSnapshot(this.#loop, snapshot, (text) =>
      this.#channel?.outbox.post({ kind: "Pool", text }, "latest"),
    );
  }

  #snapshot(): CheckerSnapshot | undefined {
    const [engine, plane, executor] = [this.#engine, this.#plane, this.#executor];
    if (engine === undefined || plane === undefined || executor === undefined) return undefined;
    const director = engine.snapshot(this.#loop.now());
    return {
      director,
      plane: plane.status,
      timeoutsFound: executor.timeoutsFound satisfies LvsTimeouts | undefined,
    };
  }

  #stop(by: string): void {
    if (this.#stopRequested !== undefined) return;
    this.#stopRequested = by;
    this.#stopTimer.set(this.#loop.now() + STOP_LIMIT);
    if (this.#engine !== undefined)
      this.#handle({ kind: "StopRequested", release: this.#start?.release !== false, by });
    // Where the data plane is being opened, its answer ends the process.
    else if (this.#start === undefined) this.#end();
  }

  /** Leaves when everything said has reached the supervisor. */
  #end(): void {
    for (const timer of [this.#engineTimer, this.#snapshotTimer, this.#stopTimer]) timer.close();
    this.#held.close();
    this.#passage.close();
    this.#executor?.close();
    const leave = (): void => {
      if (this.#channel?.outbox.drained === false) setTimeout(leave, 1);
      else process.exit(0);
    };
    leave();
  }

  #post(message: FromChecker): void {
    this.#channel?.outbox.post(message);
  }
}

function modelOf({ slice, services }: Configuration): DirectorModel {
  return { ...slice.director, virtualServers: [...services.values()] };
}
