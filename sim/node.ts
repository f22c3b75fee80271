/**
 * One simulated machine: kernel, supervisor and the vrrp process, which is a loop around a real engine.
 */
import { equalPlain } from "../src/base/plain.ts";
import type { Prng } from "../src/base/prng.ts";
import type { Instant, Micros } from "../src/base/time.ts";
import type { VrrpModel } from "../src/model/model.ts";
import type { Engine } from "../src/ports/engine.ts";
import type { SendAdvertisement, VrrpAction } from "../src/vrrp/action.ts";
import type { VrrpInput } from "../src/vrrp/input.ts";
import type { VrrpSnapshot } from "../src/vrrp/snapshot.ts";
import type { VirtualClock } from "./clock.ts";
import { Configured, leaveModel, meetModel } from "./configured.ts";
import { FakeKernel } from "./kernel.ts";
import type { SimLog } from "./log.ts";
import type { LoopOwner } from "./loop.ts";
import { Loop } from "./loop.ts";
import { clone, deleteFirsts, hear, linkState, ownAddresses, WALL_CLOCK } from "./machine.ts";
import type { Damage, LanHost, LanPacket, LanSegment } from "./network.ts";
import { packetOf } from "./packets.ts";
import { Senses } from "./senses.ts";
import type { LoopMood, ModelChange, RouterSpec } from "./spec.ts";
import { LAN_INTERFACE, TRACKED_INTERFACE } from "./spec.ts";
import { StandingOrders } from "./standing-orders.ts";
import { SimSupervisor } from "./supervisor.ts";
import { describeAction, describeInput } from "./text.ts";
import type { InstanceView } from "./view.ts";
import { firstView, noteAction, viewNamed } from "./view.ts";

export type VrrpEngine = Engine<VrrpInput, VrrpAction, VrrpSnapshot>;

/** Where engines come from: the real ones, or a test's. */
export interface EngineFactory {
  create(): VrrpEngine;
  restore(snapshot: VrrpSnapshot, now: Instant): VrrpEngine;
}

/** One call of an engine's `handle`. */
export interface Handling {
  readonly node: RouterNode;
  readonly now: Instant;
  readonly input: VrrpInput;
  readonly damage: Damage;
  readonly actions: readonly VrrpAction[];
  /** States by key before the call; after it they stand in `node.views`. */
  readonly before: ReadonlyMap<string, Readonly<InstanceView>>;
  readonly deadlineBefore: Instant | undefined;
}

/** Judges what it sees; throws Violation. */
export interface Checker {
  readonly name: string;
  started?(node: RouterNode, how: "cold" | "warm"): void;
  handled?(handling: Handling): void;
  /** The loop has done all there was to do. */
  turnEnded?(node: RouterNode): void;
  /** What the process is has been put down, for a warm start. */
  saved?(node: RouterNode): void;
  sent?(node: RouterNode, action: SendAdvertisement, packet: LanPacket): void;
  /** The process is gone: killed, stopped, or without power. */
  ended?(node: RouterNode, how: "killed" | "stopped" | "power"): void;
}

/** What the nodes of one world share. */
export interface NodeContext {
  readonly clock: VirtualClock;
  readonly segment: LanSegment;
  readonly log: SimLog;
  readonly factory: EngineFactory;
  readonly checkers: readonly Checker[];
  /** How long engines wait for the kernel before they stop without an answer. */
  readonly stopTimeout: Micros;
}

/** Packets a socket holds for a process that does not read. */
const SOCKET_BUFFER = 200;

export class RouterNode implements LanHost, LoopOwner {
  readonly spec: RouterSpec;
  readonly kernel: FakeKernel;
  mood: LoopMood;
  readonly senses = new Senses();
  readonly orders = new StandingOrders();
  readonly configured: Configured;
  /** Started and not ended; a paused one runs. */
  engine: VrrpEngine | undefined;
  /** By the key of the instance: a reload may give it another name. */
  readonly views = new Map<string, InstanceView>();
  /** The kernel refused to give up addresses when the daemon stopped: they are the operator's business now. */
  leftBehind = false;
  /** How old the snapshot was that this life began with; 0 for a cold start. */
  awayFor: Micros = 0;
  startedAt: Instant = 0;
  /** Whether a warm start goes on from the moment of death, or from what was put down before. */
  resumes: "moment" | "saved" = "moment";
  readonly #context: NodeContext;
  readonly #random: Prng;
  readonly #supervisor = new SimSupervisor();
  #powered = false;
  #wallOffset: Micros = WALL_CLOCK;
  #paused: "process" | "machine" | undefined;
  #resumeAt: Instant = 0;
  readonly #loop: Loop;
  readonly #refused: ModelChange[] = [];
  /** Counts lives of the process: what was planned for an earlier one is void. */
  #life = 0;
  #lastSnapshot: VrrpSnapshot | undefined;
  #stopAskedAt: Instant | undefined;

  constructor(spec: RouterSpec, context: NodeContext, random: Prng, mood: LoopMood) {
    this.spec = spec;
    this.configured = new Configured(spec);
    this.mood = mood;
    this.#context = context;
    this.#random = random;
    this.kernel = new FakeKernel(context.clock, random, spec.promotesSecondaries, (input) =>
      this.tell(input),
    );
    this.#loop = new Loop(this, context.clock, random);
  }

  get name(): string {
    return this.spec.name;
  }

  /** In force in the process, or what it would start with. */
  get model(): VrrpModel {
    return this.configured.model;
  }

  get now(): Instant {
    return this.#context.clock.now;
  }

  get attached(): boolean {
    return this.#powered && this.kernel.isRunning(LAN_INTERFACE);
  }

  get isAwake(): boolean {
    return this.engine !== undefined && this.#paused === undefined;
  }

  get powered(): boolean {
    return this.#powered;
  }

  get paused(): boolean {
    return this.#paused !== undefined;
  }

  /** The machine boots and the daemon starts. */
  powerOn(): void {
    if (this.#powered) return;
    this.#powered = true;
    this.#note("power on");
    this.kernel.reset(ownAddresses(this.spec));
    this.kernel.setLink(linkState(this.spec, LAN_INTERFACE, true));
    this.kernel.setLink(linkState(this.spec, TRACKED_INTERFACE, true));
    this.#later(this.spec.bootTime, () => this.#start(undefined));
  }

  powerOff(): void {
    if (!this.#powered) return;
    this.#note("power off");
    this.leftBehind = false;
    this.#powered = false;
    this.#end("power");
    this.#supervisor.forget();
    this.orders.takeBack(this.now);
    this.kernel.reset([]);
  }

  /**
   * The vrrp process dies. The supervisor removes its addresses at half of Master_Down_Interval, unless it is back and
   * master again by then: with a snapshot (`warm`) of this moment (`fresh`) or of the last state change.
   */
  kill(warm: boolean, fresh: boolean): void {
    const { engine } = this;
    if (engine === undefined || this.#paused === "machine") return;
    // The supervisor knows that nothing worth another snapshot has happened since the last one.
    const last = this.#lastSnapshot && { ...this.#lastSnapshot, at: this.now };
    const snapshot = fresh ? clone(engine.snapshot(this.now)) : last;
    this.resumes = fresh ? "moment" : "saved";
    this.#note(`process killed, ${warm ? "warm" : "cold"} restart`);
    const release = this.#supervisor.deadline(engine.snapshot(this.now));
    this.#end("killed");
    this.kernel.abandon();
    const life = this.#life;
    this.#context.clock.at(release, () => {
      // Another death since then has its own deadline.
      if (!this.#powered || (this.#life !== life && this.engine === undefined)) return;
      this.#supervisor.release(this.kernel, this.views);
    });
    this.#later(this.spec.bootTime, () => {
      // Later than that the supervisor would start it cold; the engine must be right either way.
      this.#start(warm && (this.now < release || this.#random.chance(0.5)) ? snapshot : undefined);
    });
  }

  /** The daemon is told to end and to release what it has. */
  stop(): void {
    if (this.engine === undefined) return;
    this.tell({ kind: "StopRequested", release: true, by: "the simulator" });
  }

  /** Starts the daemon again after it has ended by a stop. */
  startAgain(): void {
    if (this.#powered && this.engine === undefined) this.#start(undefined);
  }

  pause(what: "process" | "machine", span: Micros): void {
    if (this.engine === undefined || this.#paused !== undefined) return;
    this.#note(`${what} paused for ${span}`);
    this.#paused = what;
    this.#resumeAt = this.now + span;
    const life = this.#life;
    this.#context.clock.at(this.#resumeAt, () => {
      if (life !== this.#life) return;
      this.#note("resumed");
      this.#paused = undefined;
      this.#loop.wakeAt(this.now);
    });
  }

  /** Sets the wall clock forward, or back, but not before 1970. */
  stepClock(by: Micros): void {
    this.#wallOffset = Math.max(0, this.#wallOffset + by);
    this.tell({ kind: "WallClockSet", offset: this.#wallOffset });
  }

  setCarrier(interfaceName: string, running: boolean): void {
    const link = this.kernel.link(interfaceName);
    if (!this.#powered || link === undefined || link.running === running) return;
    this.#note(`${interfaceName} ${running ? "has" : "lost"} carrier`);
    this.kernel.setLink(linkState(this.spec, interfaceName, running));
  }

  /** Someone deletes the first virtual address, and the first route. */
  deleteAddress(): void {
    for (const address of deleteFirsts(this.kernel, this.model)) this.#note(`someone deletes ${address}`);
  }

  /** The file is edited, if there is a change, and a process that runs reads it. */
  reload(change?: ModelChange): void {
    if (this.orders.isFrozen(this.now)) {
      if (change !== undefined) this.#refused.push(change);
      return;
    }
    if (change !== undefined) this.configured.edit(change);
    if (this.engine === undefined) this.configured.adopt(this.configured.file, this.now);
    else this.#tellConfiguration();
  }

  /** What was refused during a freeze is tried again. */
  reloadRefused(): void {
    for (const change of this.#refused.splice(0)) this.reload(change);
  }

  #tellConfiguration(): void {
    const model = clone(this.configured.file);
    this.tell({ kind: "ConfigChanged", model, measured: this.senses.measurements(model) });
  }

  /** Runs `replace` on the engine; the engine it returns goes on from here. */
  replaceEngine(replace: (engine: VrrpEngine) => VrrpEngine): void {
    if (this.engine === undefined || this.#paused !== undefined) return;
    this.engine = replace(this.engine);
    this.#loop.arm();
  }

  receive(packet: LanPacket, _from: string, damage: Damage): void {
    if (this.engine === undefined || this.#paused === "machine") return;
    const heard = hear(packet, this.spec);
    if (heard === undefined) return;
    if (packet.kind !== "vrrp") this.tell(heard);
    else if (this.#loop.waiting < SOCKET_BUFFER) this.tell(heard, damage);
  }

  #start(snapshot: VrrpSnapshot | undefined): void {
    if (!this.#powered || this.engine !== undefined) return;
    this.#life++;
    this.leftBehind = false;
    this.startedAt = this.now;
    this.#stopAskedAt = undefined;
    this.awayFor = snapshot === undefined ? 0 : this.now - snapshot.at;
    this.#note(snapshot === undefined ? "cold start" : "warm start");
    const { factory, checkers } = this.#context;
    this.engine = snapshot === undefined ? factory.create() : factory.restore(clone(snapshot), this.now);
    this.views.clear();
    this.configured.adopt(snapshot?.model ?? this.configured.file, this.now);
    this.configured.scriptsSince = this.now;
    for (const model of this.model.instances) this.views.set(model.key, firstView(model, snapshot, this.now));
    for (const checker of checkers) checker.started?.(this, snapshot === undefined ? "cold" : "warm");
    this.#save(snapshot);
    // As the edge does: what the kernel has comes first, then the configuration.
    for (const link of this.kernel.links) this.tell({ kind: "LinkChanged", link });
    for (const address of this.kernel.addresses)
      this.tell({ kind: "AddressAdded", address, origin: "other" });
    this.tell({ kind: "WallClockSet", offset: this.#wallOffset });
    this.tell(this.senses.bfdNews());
    this.orders.noteStart(snapshot === undefined ? "cold" : "warm");
    if (this.orders.areGiven) this.tell(this.orders.news(this.now));
    if (snapshot !== undefined) this.#tellWhatIsNew(snapshot);
    else this.#tellConfiguration();
    for (const script of this.spec.scripts) this.#runScript(script.name, script.interval, this.#life);
    this.#loop.wakeAt(this.now);
  }

  /** What has changed while nobody listened: a dump shows what has vanished. */
  #tellWhatIsNew(snapshot: VrrpSnapshot): void {
    for (const measurement of this.senses.measurements(snapshot.model))
      this.tell({ kind: "TrackerMeasured", ...measurement });
    if (!equalPlain(snapshot.model, clone(this.configured.file))) this.#tellConfiguration();
    for (const address of snapshot.addresses) {
      if (this.kernel.hasAddress(address.interface, address.address)) continue;
      this.tell({ kind: "AddressRemoved", address, origin: "other" });
    }
  }

  /** What the supervisor has for another life; the one that this life began with, until there is a newer one. */
  #save(snapshot: VrrpSnapshot | undefined): void {
    this.#lastSnapshot = snapshot;
    if (snapshot !== undefined) for (const checker of this.#context.checkers) checker.saved?.(this);
  }

  #end(how: "killed" | "stopped" | "power"): void {
    if (this.engine === undefined) return;
    this.engine = undefined;
    this.#life++;
    this.#loop.end();
    this.#paused = undefined;
    this.#lastSnapshot = undefined;
    this.views.clear();
    for (const checker of this.#context.checkers) checker.ended?.(this, how);
  }

  #runScript(name: string, interval: Micros, life: number): void {
    if (life !== this.#life) return;
    if (this.#paused !== "machine" && this.configured.follows(name)) {
      const ok = this.senses.scriptsOk;
      this.tell({
        kind: "ScriptFinished",
        script: name,
        ok,
        exitCode: ok ? 0 : 1,
        signal: undefined,
        timedOut: false,
        duration: 1_000,
      });
    }
    this.#later(interval, () => this.#runScript(name, interval, life));
  }

  /** Puts a fact before the process, if there is one. */
  tell(input: VrrpInput, damage?: Damage): void {
    if (this.engine === undefined) return;
    this.#loop.add(input, damage);
  }

  nextDeadline(): Instant | undefined {
    return this.engine?.nextDeadline();
  }

  turnEnded(): void {
    for (const checker of this.#context.checkers) checker.turnEnded?.(this);
  }

  handle(now: Instant, input: VrrpInput, damage: Damage): void {
    const { engine } = this;
    if (engine === undefined) return;
    const { log, checkers } = this.#context;
    if (input.kind === "StopRequested") this.#stopAskedAt ??= now;
    const deadlineBefore = engine.nextDeadline();
    const before = new Map(Array.from(this.views, ([name, view]) => [name, { ...view }]));
    if (input.kind === "ConfigChanged") {
      this.configured.adopt(input.model, now);
      meetModel(this.views, input.model, now);
    }
    const actions = engine.handle(now, input);
    const text = describeInput(input, damage);
    if (text !== undefined) log.add(now, this.name, text);
    for (const action of actions) noteAction(this.views, action, now);
    this.orders.noteHandled(input, now);
    for (const view of this.views.values()) view.ordered = this.orders.areFelt(this.model, view.model.name);
    for (const checker of checkers) {
      checker.handled?.({ node: this, now, input, damage, actions, before, deadlineBefore });
    }
    // The buffer is used again: nobody may look at it after `handle`.
    if (input.kind === "PacketReceived")
      for (const bytes of [input.payload, input.ipHeader]) bytes?.fill(0xee);
    for (const action of actions) this.#execute(action);
    if (input.kind === "ConfigChanged") leaveModel(this.views, input.model);
    if (actions.some((action) => action.kind === "Emit" && action.event.kind === "StateChanged")) {
      this.#save(this.engine === undefined ? undefined : clone(engine.snapshot(now)));
    }
  }

  #execute(action: VrrpAction): void {
    const text = describeAction(action);
    if (text !== undefined) this.#note(text);
    switch (action.kind) {
      case "SendAdvertisement":
        this.#sendAdvertisement(action);
        return;
      case "AddAddresses":
      case "RemoveAddresses":
      case "AddRouting":
      case "RemoveRouting":
        this.#supervisor.noteRequest(
          viewNamed(this.views, action.instance)?.model.key ?? action.instance,
          action,
        );
        this.kernel.submit(action);
        return;
      case "SendFrames":
        if (action.interface !== LAN_INTERFACE) return;
        for (const bytes of action.frames)
          this.#context.segment.send(this, { kind: "frame", bytes: bytes.slice() });
        return;
      case "AskNeighbours":
        for (const bytes of action.frames)
          this.#context.segment.send(this, { kind: "neighbour", bytes: bytes.slice() });
        return;
      case "Stopped":
        // It may give up on a kernel that refuses, or that has not answered in time.
        this.leftBehind =
          this.kernel.mood.removeErrno !== undefined ||
          this.now - (this.#stopAskedAt ?? this.now) >= this.#context.stopTimeout;
        this.#end("stopped");
        return;
      default:
        return;
    }
  }

  #sendAdvertisement(action: SendAdvertisement): void {
    const packet = packetOf(action);
    for (const checker of this.#context.checkers) checker.sent?.(this, action, packet);
    this.#context.segment.send(this, packet);
  }

  /** After a while, if the machine has power then. */
  #later(span: Micros, run: () => void): void {
    this.#context.clock.at(this.now + span, run);
  }

  #note(text: string): void {
    this.#context.log.add(this.now, this.name, text);
  }
}
