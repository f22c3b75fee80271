/**
 * One simulated machine: kernel, supervisor and the vrrp process with its loop around a real engine. The loop hands over
 * what has arrived before it says that a deadline was reached, and has one timer, armed at `nextDeadline`.
 */
import { bytesToIp } from "../src/base/ip.ts";
import { bytesToMac } from "../src/base/mac.ts";
import { equalPlain } from "../src/base/plain.ts";
import type { Prng } from "../src/base/prng.ts";
import type { Instant, Micros } from "../src/base/time.ts";
import type { VirtualAddressModel, VrrpModel } from "../src/model/model.ts";
import type { Engine } from "../src/ports/engine.ts";
import type { SendAdvertisement, VrrpAction } from "../src/vrrp/action.ts";
import type { Measurement, VrrpInput } from "../src/vrrp/input.ts";
import type { VrrpSnapshot } from "../src/vrrp/snapshot.ts";
import { neighbourSight } from "../src/wire/neighbour-sight.ts";
import type { ModelChange } from "./changes.ts";
import { changeModel } from "./changes.ts";
import type { Planned, VirtualClock } from "./clock.ts";
import { kernelAcceptsIpv6, withKernelChecksum } from "./independent.ts";
import { FakeKernel } from "./kernel.ts";
import type { SimLog } from "./log.ts";
import { clone, linkState, ownAddresses } from "./machine.ts";
import type { Damage, LanHost, LanPacket, LanSegment } from "./network.ts";
import { Senses } from "./senses.ts";
import type { LoopMood, RouterSpec } from "./spec.ts";
import { LAN_INTERFACE, TRACKED_INTERFACE } from "./spec.ts";
import { SimSupervisor } from "./supervisor.ts";
import { describeAction, describeInput } from "./text.ts";
import type { InstanceView } from "./view.ts";
import { firstView, noteAction } from "./view.ts";
import { Violation } from "./violation.ts";

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
  /** States by instance name before the call; after it they stand in `node.views`. */
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
const MOST_ROUNDS = 1_000;

export class RouterNode implements LanHost {
  readonly spec: RouterSpec;
  readonly kernel: FakeKernel;
  mood: LoopMood;
  readonly senses = new Senses();
  /** In force in the process, or what it would start with. */
  model: VrrpModel;
  /** Addresses of any model it has had. */
  readonly everHeld = new Map<string, VirtualAddressModel>();
  /** When a script last began to be followed: its first results are on their way. */
  scriptsSince: Instant = 0;
  /** Started and not ended; a paused one runs. */
  engine: VrrpEngine | undefined;
  readonly views = new Map<string, InstanceView>();
  /** The kernel refused to give up addresses when the daemon stopped: they are the operator's business now. */
  leftBehind = false;
  /** How old the snapshot was that this life began with; 0 for a cold start. */
  awayFor: Micros = 0;
  startedAt: Instant = 0;
  /** The configuration file. */
  #file: VrrpModel;
  readonly #context: NodeContext;
  readonly #random: Prng;
  readonly #supervisor = new SimSupervisor();
  #powered = false;
  #paused: "process" | "machine" | undefined;
  #resumeAt: Instant = 0;
  #inbox: { readonly input: VrrpInput; readonly damage: Damage }[] = [];
  #wake: Planned | undefined;
  /** Counts lives of the process: what was planned for an earlier one is void. */
  #life = 0;
  #lastSnapshot: VrrpSnapshot | undefined;
  #stopAskedAt: Instant | undefined;

  constructor(spec: RouterSpec, context: NodeContext, random: Prng, mood: LoopMood) {
    this.spec = spec;
    this.model = spec.model;
    this.#file = spec.model;
    this.#noteAddresses();
    this.mood = mood;
    this.#context = context;
    this.#random = random;
    this.kernel = new FakeKernel(context.clock, random, spec.promotesSecondaries, (input) =>
      this.#tell(input),
    );
  }

  get name(): string {
    return this.spec.name;
  }

  get now(): Instant {
    return this.#context.clock.now;
  }

  get attached(): boolean {
    return this.#powered && this.kernel.isRunning(LAN_INTERFACE);
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
    this.kernel.reset([]);
  }

  /**
   * The vrrp process dies. The supervisor removes its addresses at half of Master_Down_Interval, unless it is back and
   * master again by then: with a snapshot (`warm`) of this moment (`fresh`) or of the last state change.
   */
  kill(warm: boolean, fresh: boolean): void {
    const { engine } = this;
    if (engine === undefined || this.#paused === "machine") return;
    const snapshot = fresh ? clone(engine.snapshot(this.now)) : this.#lastSnapshot;
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
    this.#tell({ kind: "StopRequested", release: true, by: "the simulator" });
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
      this.#wakeAt(this.now);
    });
  }

  setCarrier(interfaceName: string, running: boolean): void {
    const link = this.kernel.link(interfaceName);
    if (!this.#powered || link === undefined || link.running === running) return;
    this.#note(`${interfaceName} ${running ? "has" : "lost"} carrier`);
    this.kernel.setLink(linkState(this.spec, interfaceName, running));
  }

  /** Someone deletes the first virtual address, and the first route. */
  deleteAddress(): void {
    for (const instance of this.model.instances) {
      const address = instance.virtualAddresses[0];
      if (address === undefined || !this.kernel.hasAddress(address.interface, address.address)) continue;
      this.#note(`someone deletes ${address.address}`);
      this.kernel.deleteByOther(address.interface, address.address);
      const [item] = instance.routing;
      if (item !== undefined) this.kernel.deleteRoutingByOther(item.key);
    }
  }

  /** The file is edited, if there is a change, and a process that runs reads it. */
  reload(change?: ModelChange): void {
    const [script] = this.spec.scripts;
    if (change !== undefined && script !== undefined) this.#file = changeModel(this.#file, change, script);
    if (this.engine === undefined) this.#adoptModel(this.#file);
    else this.#tellConfiguration();
  }

  /** A steward counts, or reads a file, and tells what is new. */
  measure(tracker: Measurement["tracker"], value: number): void {
    if (!this.senses.measure(tracker, value)) return;
    for (const measurement of this.senses.measurements(this.model))
      if (measurement.tracker === tracker) this.#tell({ kind: "TrackerMeasured", ...measurement });
  }

  setBfd(up: boolean): void {
    this.senses.bfdUp = up;
    this.#tell(this.senses.bfdNews());
  }

  #tellConfiguration(): void {
    const model = clone(this.#file);
    this.#tell({ kind: "ConfigChanged", model, measured: this.senses.measurements(model) });
  }

  #adoptModel(model: VrrpModel): void {
    if (model.trackScripts.length > 0 && this.model.trackScripts.length === 0) this.scriptsSince = this.now;
    this.model = model;
    this.#noteAddresses();
  }

  #noteAddresses(): void {
    for (const { virtualAddresses, excludedAddresses } of this.model.instances)
      for (const one of [...virtualAddresses, ...excludedAddresses])
        this.everHeld.set(`${one.interface} ${one.address}`, one);
  }

  /** Before a new configuration counts: instances that it brings begin. */
  #meetModel(model: VrrpModel): void {
    this.#adoptModel(model);
    for (const instance of model.instances) {
      const view = this.views.get(instance.name);
      if (view === undefined) this.views.set(instance.name, firstView(instance, undefined, this.now));
      else view.model = instance;
    }
  }

  /** After it counts: those that it has no more are gone. */
  #leaveModel(model: VrrpModel): void {
    const names = new Set(model.instances.map(({ name }) => name));
    for (const name of [...this.views.keys()]) if (!names.has(name)) this.views.delete(name);
  }

  /** Runs `replace` on the engine; the engine it returns goes on from here. */
  replaceEngine(replace: (engine: VrrpEngine) => VrrpEngine): void {
    if (this.engine === undefined || this.#paused !== undefined) return;
    this.engine = replace(this.engine);
    this.#arm();
  }

  receive(packet: LanPacket, _from: string, damage: Damage): void {
    if (this.engine === undefined || this.#paused === "machine") return;
    if (packet.kind !== "vrrp") {
      this.#receiveFrame(packet.bytes);
      return;
    }
    const { family, source, destination, hopLimit } = packet;
    const isIpv6 = family === "ipv6";
    if (isIpv6 && !kernelAcceptsIpv6(packet.payload, source, destination)) return;
    if (this.#inbox.length >= SOCKET_BUFFER) return;
    const payload = packet.payload.slice();
    this.#tell(
      {
        kind: "PacketReceived",
        interface: LAN_INTERFACE,
        family,
        source,
        destination,
        hopLimit,
        payload,
        checksumVerified: isIpv6,
      },
      damage,
    );
  }

  /** As the card and the edge do: what is for another station is not heard, what is about nobody's address not told. */
  #receiveFrame(bytes: Uint8Array): void {
    const isForAll = ((bytes[0] ?? 0) & 1) !== 0;
    if (!isForAll && bytesToMac(bytes, 0) !== this.spec.mac) return;
    const ip = bytes.subarray(14);
    if (bytes[12] === 8 && bytes[13] === 0) {
      const from = bytesToIp(ip.subarray(12, 16));
      if (ip[9] === 1 && ip[20] === 0)
        this.#tell({ kind: "EchoAnswered", from, to: bytesToIp(ip.subarray(16, 20)) });
      return;
    }
    const sight = neighbourSight(bytes);
    if (sight !== undefined) this.#tell({ kind: "NeighbourSeen", interface: LAN_INTERFACE, ...sight });
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
    this.#adoptModel(snapshot?.model ?? this.#file);
    this.scriptsSince = this.now;
    for (const model of this.model.instances)
      this.views.set(model.name, firstView(model, snapshot, this.now));
    for (const checker of checkers) checker.started?.(this, snapshot === undefined ? "cold" : "warm");
    // As the edge does: what the kernel has comes first, then the configuration.
    for (const link of this.kernel.links) this.#tell({ kind: "LinkChanged", link });
    for (const address of this.kernel.addresses)
      this.#tell({ kind: "AddressAdded", address, origin: "other" });
    this.#tell(this.senses.bfdNews());
    if (snapshot !== undefined) this.#tellWhatIsNew(snapshot);
    else this.#tellConfiguration();
    for (const script of this.spec.scripts) this.#runScript(script.name, script.interval, this.#life);
    this.#wakeAt(this.now);
  }

  /** What has changed while nobody listened: a dump shows what has vanished. */
  #tellWhatIsNew(snapshot: VrrpSnapshot): void {
    for (const measurement of this.senses.measurements(snapshot.model))
      this.#tell({ kind: "TrackerMeasured", ...measurement });
    if (!equalPlain(snapshot.model, clone(this.#file))) this.#tellConfiguration();
    for (const address of snapshot.addresses) {
      if (this.kernel.hasAddress(address.interface, address.address)) continue;
      this.#tell({ kind: "AddressRemoved", address, origin: "other" });
    }
  }

  #end(how: "killed" | "stopped" | "power"): void {
    if (this.engine === undefined) return;
    this.engine = undefined;
    this.#life++;
    this.#inbox = [];
    this.#paused = undefined;
    this.#lastSnapshot = undefined;
    this.#wake?.cancel();
    this.#wake = undefined;
    this.views.clear();
    for (const checker of this.#context.checkers) checker.ended?.(this, how);
  }

  #runScript(name: string, interval: Micros, life: number): void {
    if (life !== this.#life) return;
    if (this.#paused !== "machine" && this.model.trackScripts.some((followed) => followed.name === name)) {
      const ok = this.senses.scriptsOk;
      this.#tell({
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
  #tell(input: VrrpInput, damage?: Damage): void {
    if (this.engine === undefined) return;
    this.#inbox.push({ input, damage });
    this.#wakeAt(this.now + this.#random.integer(0, this.mood.latencyMax));
  }

  #wakeAt(at: Instant): void {
    if (this.#wake !== undefined && this.#wake.at <= at) return;
    this.#wake?.cancel();
    this.#wake = this.#context.clock.at(at, () => {
      this.#wake = undefined;
      this.#turn();
    });
  }

  #turn(): void {
    if (this.engine === undefined || this.#paused !== undefined) return;
    const { now } = this;
    const inbox = this.#inbox;
    this.#inbox = [];
    for (const { input, damage } of inbox) this.#handle(now, input, damage);
    for (let round = 0; ; round++) {
      const deadline = this.engine?.nextDeadline();
      if (deadline === undefined || deadline > now) break;
      if (round > MOST_ROUNDS) throw new Violation("progress", `${this.name} stays at deadline ${deadline}`);
      this.#handle(now, { kind: "ClockReached" }, undefined);
    }
    if (this.engine === undefined) return;
    for (const checker of this.#context.checkers) checker.turnEnded?.(this);
    this.#arm();
  }

  #arm(): void {
    const deadline = this.engine?.nextDeadline();
    if (deadline === undefined) return;
    this.#wakeAt(Math.max(deadline, this.now) + this.#random.integer(0, this.mood.latenessMax));
  }

  #handle(now: Instant, input: VrrpInput, damage: Damage): void {
    const { engine } = this;
    if (engine === undefined) return;
    const { log, checkers } = this.#context;
    if (input.kind === "StopRequested") this.#stopAskedAt ??= now;
    const deadlineBefore = engine.nextDeadline();
    const before = new Map(Array.from(this.views, ([name, view]) => [name, { ...view }]));
    if (input.kind === "ConfigChanged") this.#meetModel(input.model);
    const actions = engine.handle(now, input);
    const text = describeInput(input, damage);
    if (text !== undefined) log.add(now, this.name, text);
    for (const action of actions) noteAction(this.views, action, now);
    for (const checker of checkers) {
      checker.handled?.({ node: this, now, input, damage, actions, before, deadlineBefore });
    }
    // The buffer is used again: nobody may look at it after `handle`.
    if (input.kind === "PacketReceived") input.payload.fill(0xee);
    for (const action of actions) this.#execute(action);
    if (input.kind === "ConfigChanged") this.#leaveModel(input.model);
    if (actions.some((action) => action.kind === "Emit" && action.event.kind === "StateChanged")) {
      this.#lastSnapshot = this.engine === undefined ? undefined : clone(engine.snapshot(now));
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
        this.#supervisor.noteRequest(action);
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
    const { family, from, to, hopLimit } = action;
    const payload = family === "ipv6" ? withKernelChecksum(action.payload, from, to) : action.payload.slice();
    const packet: LanPacket = { kind: "vrrp", family, source: from, destination: to, hopLimit, payload };
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
