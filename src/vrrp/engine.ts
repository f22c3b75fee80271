/** The VRRP engine: all instances of the process behind one pure `handle`. */
import { unreachable } from "../base/assert.ts";
import { DeadlineHeap } from "../base/deadline-heap.ts";
import { formatOsError } from "../base/result.ts";
import { addressKey } from "../base/routing.ts";
import type { Instant } from "../base/time.ts";
import type { VrrpModel } from "../model/model.ts";
import type { Engine } from "../ports/engine.ts";
import { settleDropping } from "./accept-mode.ts";
import type { VrrpAction } from "./action.ts";
import { ActionList } from "./action-list.ts";
import {
  announce,
  announcementsAt,
  announceSources,
  announceStation,
  sendAnnouncements,
} from "./announce.ts";
import { holdOff, reachDeadlines, reconsider } from "./automaton.ts";
import type { CauseFact } from "./cause.ts";
import { awaiting, holdsNothing, retryDue, settleDone, settleFailed } from "./held.ts";
import { noteHosts } from "./hosts.ts";
import type { InterfaceAddress, LinkState, Measurement, RemovalOrigin, VrrpInput } from "./input.ts";
import type { Instance, SyncGroup } from "./instance.ts";
import { deadlineOf, earlier, freshStatistics, isInstance, makeStaticHolder } from "./instance.ts";
import { debounce, forgetHeld, heldLinksAt, releaseHeld } from "./link-delay.ts";
import { freshEngineMemory } from "./memory.ts";
import { changeOrders, expireOrders, ordersExpireAt, takeOrders } from "./order-book.ts";
import { noteItemRemoval, noteReleased, noteRemoval } from "./ownership.ts";
import { receivePacket } from "./reception.ts";
import { configureInstances, reconsiderMembers } from "./reload.ts";
import type { Restored } from "./restore.ts";
import { readSnapshot, resumeInstance } from "./restore.ts";
import { Roster, virtualAddressesOf } from "./roster.ts";
import { noteNeighbour } from "./sightings.ts";
import type { VrrpSnapshot } from "./snapshot.ts";
import { detach, viewOf } from "./snapshot.ts";
import { livesBy } from "./source-address.ts";
import { noticeStalls } from "./stall.ts";
import { endSilence, planStartup } from "./startup.ts";
import { resumeStatics, reviveOnLink } from "./statics.ts";
import { beginStop, finishStop } from "./stop.ts";
import { emptySurroundings, forgetAddress, linkProblem, noteAddress } from "./surroundings.ts";
import { agree, closeGroup, groupsOf, makeGroups } from "./sync-group.ts";
import type { Limits } from "./timers.ts";
import { DEFAULT_LIMITS } from "./timers.ts";
import { applyTransition, tellStates } from "./transition.ts";
import type { Turn } from "./turn.ts";
import { factAt } from "./turn.ts";
import { hearVerdict } from "./verdict-news.ts";
import { noteEcho, pursueQuestions } from "./verify.ts";

export interface VrrpEngine extends Engine<VrrpInput, VrrpAction, VrrpSnapshot> {
  /** A snapshot that shares the engine's memory, for whoever writes it as text at once: it holds until the next `handle`. */
  view(now: Instant): VrrpSnapshot;
}

/** Bounds that differ from the usual ones. */
export type VrrpEngineOptions = Partial<Limits>;

/**
 * An engine that knows nothing yet. What the loop owes it:
 *
 * - Links and addresses come before the first `ConfigChanged`: an instance whose link is unknown begins in FAULT, and
 *   only addresses known by then are recognised as left over from an earlier life.
 * - Packets that wait come before `ClockReached`. Timers run out by `ClockReached` only, so a process that was not
 *   scheduled for a while hears what was said meanwhile before it takes the silence for a dead master.
 * - Requests to the kernel run in the order in which they were made, and each address of one is answered for once, in
 *   whatever state the engine is by then. An answer that never comes is asked for again after `actionTimeout`.
 * - A returned list belongs to the caller, the bytes within it to the engine: they are sent or copied at once.
 */
export function createVrrpEngine(options: VrrpEngineOptions = {}): VrrpEngine {
  const memory = freshEngineMemory();
  const statics = makeStaticHolder(memory.statics);
  return new InstancesEngine(options, {
    memory,
    model: {
      instances: [],
      syncGroups: [],
      garpGroups: [],
      trackScripts: [],
      trackFiles: [],
      trackProcesses: [],
      fifo: false,
      noMailOnFault: false,
      startupDelay: 0,
      statics: { addresses: [], routing: [] },
    },
    surroundings: emptySurroundings(statics.records),
    statics,
    instances: [],
    outstanding: new Map(),
  });
}

/**
 * An engine that goes on from a snapshot, which may have been JSON in between. At the snapshot's own instant it behaves as
 * the original would. Where `now` is later, the process was away: with its first input a master advertises at once and
 * requests its addresses anew, or is BACKUP if it was away for more than half of Master_Down_Interval; a backup listens for
 * a whole Master_Down_Interval. What changed around it meanwhile is told as inputs.
 */
export function restoreVrrpEngine(
  snapshot: VrrpSnapshot,
  now: Instant,
  options: VrrpEngineOptions = {},
): VrrpEngine {
  const restored = readSnapshot(snapshot);
  if (now > snapshot.at) restored.memory.restoredFrom ??= snapshot.at;
  return new InstancesEngine(options, restored);
}

class InstancesEngine implements VrrpEngine {
  readonly #turn: Turn;
  #model: VrrpModel;
  #roster: Roster;
  #deadlines: DeadlineHeap;
  #groups: readonly SyncGroup[] = [];

  constructor(options: VrrpEngineOptions, parts: Restored) {
    this.#model = parts.model;
    this.#roster = new Roster(parts.instances);
    this.#deadlines = new DeadlineHeap(0);
    this.#turn = {
      now: 0,
      limits: { ...DEFAULT_LIMITS, ...options },
      out: new ActionList(),
      memory: parts.memory,
      surroundings: parts.surroundings,
      outstanding: parts.outstanding,
      statics: parts.statics,
      virtualAddresses: this.#roster.virtualAddresses,
      garpGroups: new Map(),
      instances: parts.instances,
      touched: new Set(),
      questionsLeft: 0,
      fifo: parts.model.fifo,
      noMailOnFault: parts.model.noMailOnFault,
      wishes: [],
    };
    this.#enrol(parts.instances);
  }

  handle(now: Instant, input: VrrpInput): readonly VrrpAction[] {
    const turn = this.#turn;
    turn.now = now;
    turn.questionsLeft = turn.limits.questionBatch;
    turn.touched.clear();
    if (turn.memory.stop?.done === true) return turn.out.take();
    if (turn.memory.restoredFrom !== undefined) this.#resume(turn.memory.restoredFrom);
    if (noticeStalls(turn, this.#deadlines.earliest())) this.#apply();
    this.#decide(input);
    this.#apply(input.kind === "ConfigChanged" ? this.#groups : undefined);
    sendAnnouncements(turn, this.#roster);
    for (const instance of turn.touched) pursueQuestions(turn, instance);
    finishStop(turn);
    for (const instance of turn.touched) this.#deadlines.set(instance.slot, deadlineOf(instance));
    return turn.out.take();
  }

  nextDeadline(): Instant | undefined {
    const { memory } = this.#turn;
    if (memory.stop?.done === true) return undefined;
    const own = earlier(
      earlier(memory.restoredFrom, heldLinksAt(memory)),
      earlier(memory.startupUntil, memory.stop?.giveUpAt),
    );
    const held = earlier(this.#deadlines.earliest(), memory.statics.heldAt);
    const others = earlier(announcementsAt(memory), ordersExpireAt(memory));
    return earlier(earlier(held, others), own);
  }

  snapshot(now: Instant): VrrpSnapshot {
    return detach(this.view(now));
  }

  view(now: Instant): VrrpSnapshot {
    const { memory, surroundings } = this.#turn;
    return viewOf(now, this.#model, memory, surroundings, this.#roster.all);
  }

  /** Carries out all that has been decided; up to here nothing has. `regrouped`: groups whose members may be others. */
  #apply(regrouped?: readonly SyncGroup[]): void {
    const turn = this.#turn;
    if (turn.wishes.length === 0 && regrouped === undefined) return;
    const groups = regrouped ?? groupsOf(turn.wishes);
    const transitions = agree(turn, groups);
    turn.wishes.length = 0;
    for (const transition of transitions) applyTransition(turn, transition);
    for (const group of groups) closeGroup(turn, group, transitions);
  }

  #decide(input: VrrpInput): void {
    const turn = this.#turn;
    switch (input.kind) {
      case "ConfigChanged":
        this.#configure(input.model, input.measured ?? []);
        return;
      case "PacketReceived":
        this.#touch(receivePacket(turn, this.#roster, input));
        return;
      case "LinkChanged":
        this.#changeLink(input.link.name, input.link);
        return;
      case "LinkRemoved":
        this.#changeLink(input.name, undefined);
        return;
      case "AddressAdded":
        this.#addAddress(input.address, input.origin);
        return;
      case "AddressRemoved":
        this.#removeAddress(input.address, input.origin);
        return;
      case "ScriptFinished":
      case "BfdChanged":
      case "TrackerMeasured":
        if (hearVerdict(turn, input)) this.#touchAll();
        return;
      case "ClearStatistics":
        for (const { memory } of this.#roster.all) Object.assign(memory.statistics, freshStatistics());
        return;
      case "StatesWanted":
        tellStates(turn);
        return;
      case "HostsResolved":
        noteHosts(turn, input.hosts);
        return;
      case "WallClockSet":
        turn.memory.wallClockOffset = input.offset;
        return;
      case "BootTimeKnown":
        turn.memory.bootedAt = input.at;
        return;
      case "ClockReached":
        this.#reachClock();
        return;
      case "RoutingRemoved":
        noteItemRemoval(turn, this.#roster, input.item);
        this.#judgeStatics(input.item, "somebody has deleted it");
        return;
      case "ActionDone":
      case "ActionFailed":
        this.#settleAction(input);
        return;
      case "NeighbourSeen":
        noteNeighbour(turn, this.#roster, input);
        return;
      case "EchoAnswered":
        for (const instance of this.#roster.all) noteEcho(turn, instance, input.from, input.to);
        return;
      case "GatewaysChanged":
        turn.surroundings.gateways = input.gateways;
        return;
      case "OrdersChanged":
        changeOrders(turn, input.orders);
        this.#touchAll();
        return;
      case "DroppingDone":
      case "DroppingFailed":
        this.#touch(settleDropping(turn, input));
        return;
      case "StopRequested":
        if (turn.memory.stop === undefined) beginStop(turn, input.release, input.by);
        this.#touchAll();
        return;
      default:
        unreachable(input);
    }
  }

  #configure(model: VrrpModel, measured: readonly Measurement[]): void {
    const turn = this.#turn;
    if (turn.memory.stop !== undefined) return;
    const isReload = turn.memory.configured;
    const fact = factAt(turn.now, isReload ? { kind: "configured", what: "reload" } : { kind: "started" });
    const wasSilent = turn.memory.startupUntil !== undefined;
    planStartup(turn.memory, model, turn.now);
    const running = this.#roster.all;
    const models = [...running.map((instance) => instance.model), ...model.instances];
    turn.virtualAddresses = virtualAddressesOf(models);
    this.#model = model;
    turn.fifo = model.fifo;
    turn.noMailOnFault = model.noMailOnFault;
    this.#enrol(configureInstances(turn, running, model, measured, fact));
    reconsiderMembers(turn, fact);
    turn.memory.configured = true;
    takeOrders(turn);
    if (wasSilent && turn.memory.startupUntil === undefined) endSilence(turn, fact);
    this.#touchAll();
  }

  #enrol(instances: readonly Instance[]): void {
    this.#roster = new Roster(instances);
    this.#turn.virtualAddresses = this.#roster.virtualAddresses;
    this.#turn.instances = instances;
    this.#turn.garpGroups = new Map(
      this.#model.garpGroups.flatMap((group) => group.interfaces.map((name) => [name, group])),
    );
    this.#groups = makeGroups(this.#model.syncGroups, instances, this.#turn.memory.groups);
    this.#deadlines = new DeadlineHeap(instances.length);
    for (const instance of instances) this.#deadlines.set(instance.slot, deadlineOf(instance));
  }

  #changeLink(name: string, link: LinkState | undefined): void {
    const { memory, surroundings, now } = this.#turn;
    const delays = this.#model.linkDelays ?? [];
    if (link === undefined) forgetHeld(memory, name);
    this.#countLink(name, link && debounce(memory, delays, surroundings.links.get(name), link, now));
  }

  /** What a link is from now on. */
  #countLink(name: string, link: LinkState | undefined): void {
    const turn = this.#turn;
    const { links } = turn.surroundings;
    const known = links.get(name);
    const before = linkProblem(known);
    if (link === undefined) links.delete(name);
    else links.set(name, link);
    const problem = linkProblem(link);
    const up = problem === undefined;
    if (up && link?.mac !== undefined && link.mac !== known?.mac) announceStation(turn, name, link.mac);
    if (problem === before) return;
    if (up) for (const holder of [turn.statics, ...this.#roster.all]) reviveOnLink(turn, holder, name);
    this.#reconsiderAll(factAt(turn.now, { kind: "interface", name, up, reason: problem ?? "up" }));
    if (up) announceSources(turn, name);
  }

  /** Our own virtual addresses come and go with every change of state, and are nobody's source address. */
  #addAddress(address: InterfaceAddress, origin: "self" | "other"): void {
    const turn = this.#turn;
    noteAddress(turn.surroundings, address);
    if (origin === "self" && turn.virtualAddresses.has(address.address)) return;
    const { address: ip, interface: name } = address;
    this.#reconsiderAll(factAt(turn.now, { kind: "address-added", address: ip, interface: name }), name);
  }

  #removeAddress(address: InterfaceAddress, origin: RemovalOrigin): void {
    const turn = this.#turn;
    forgetAddress(turn.surroundings, address);
    if (origin === "self" && turn.virtualAddresses.has(address.address)) return;
    if (origin !== "self") {
      noteRemoval(turn, this.#roster, address, origin);
      this.#judgeStatics(addressKey(address), "somebody has deleted it");
    }
    const { address: ip, interface: name } = address;
    this.#reconsiderAll(factAt(turn.now, { kind: "address-removed", address: ip, interface: name }), name);
  }

  #settleAction(answer: Extract<VrrpInput, { kind: "ActionDone" | "ActionFailed" }>): void {
    const turn = this.#turn;
    const { id, epoch, item } = answer;
    const found = awaiting(turn, id, epoch, item);
    if (found === undefined) return;
    const { holder, record } = found;
    if (answer.kind === "ActionFailed") settleFailed(turn, holder, record, answer.error);
    const recovered = answer.kind === "ActionDone" && settleDone(turn, holder, record);
    if (record.state === "absent") noteReleased(turn, holder, item);
    if (!isInstance(holder)) {
      this.#judgeStatics(item, answer.kind === "ActionDone" ? "it is there" : formatOsError(answer.error));
      return;
    }
    this.#touch(holder);
    if (record.kind !== "address") return;
    if (recovered) announce(turn, holder, [record], holder.model.garp.masterRepeat);
    if (answer.kind === "ActionDone" || !holdsNothing(holder)) return;
    const what = `adding ${record.model.address}`;
    holdOff(turn, holder, factAt(turn.now, { kind: "action-failed", what, error: answer.error }));
  }

  /** Instances whose `track_group` names a static entry follow what has become of it. */
  #judgeStatics(item: string, why: string): void {
    const turn = this.#turn;
    for (const instance of this.#roster.all) {
      if (!instance.model.trackStatics.includes(item)) continue;
      reconsider(turn, instance, factAt(turn.now, { kind: "static-entry", item, why }));
      this.#touch(instance);
    }
  }

  #reachClock(): void {
    const turn = this.#turn;
    const { memory } = turn;
    if (memory.startupUntil !== undefined && memory.startupUntil <= turn.now) {
      memory.startupUntil = undefined;
      this.#reconsiderAll(factAt(turn.now, { kind: "configured", what: "the startup delay is over" }));
    }
    if (memory.statics.heldAt !== undefined && memory.statics.heldAt <= turn.now)
      retryDue(turn, turn.statics);
    if (expireOrders(turn)) this.#touchAll();
    for (const link of releaseHeld(memory, turn.surroundings.links, turn.now))
      this.#countLink(link.name, link);
    const due: Instance[] = [];
    for (let slot = this.#dueSlot(); slot !== undefined; slot = this.#dueSlot()) {
      this.#deadlines.set(slot, undefined);
      const instance = this.#roster.all[slot];
      if (instance === undefined) continue;
      due.push(instance);
      reachDeadlines(turn, instance);
    }
    for (const instance of due) this.#touch(instance);
  }

  /** The instance that is due first, by its number. */
  #dueSlot(): number | undefined {
    const earliest = this.#deadlines.earliest();
    return earliest !== undefined && earliest <= this.#turn.now ? this.#deadlines.first() : undefined;
  }

  #resume(since: Instant): void {
    const turn = this.#turn;
    turn.memory.restoredFrom = undefined;
    resumeStatics(turn, turn.statics);
    for (const instance of this.#roster.all) resumeInstance(turn, instance, turn.now - since);
    this.#apply();
    this.#touchAll();
  }

  /** All instances, or those on one interface. */
  #reconsiderAll(fact: CauseFact, name?: string): void {
    for (const instance of this.#roster.all) {
      if (name === undefined || livesBy(instance.model, name)) reconsider(this.#turn, instance, fact);
    }
    this.#touchAll();
  }

  #touch(instance: Instance | undefined): void {
    if (instance !== undefined) this.#turn.touched.add(instance);
  }

  #touchAll(): void {
    for (const instance of this.#roster.all) this.#turn.touched.add(instance);
  }
}
