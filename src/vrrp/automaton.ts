/**
 * The automaton of one instance: what an advertisement, a deadline, or a change around it makes of its state. Decisions
 * become wishes; `transition.ts` carries them out.
 *
 *     INIT ---> BACKUP <---> MASTER       any ---> FAULT ---> BACKUP (the owner: MASTER)       any ---> STOP
 */
import type { IpAddress } from "../base/ip.ts";
import type { Micros } from "../base/time.ts";
import type { VrrpHeader } from "../wire/vrrp.ts";
import { repeatDropping } from "./accept-mode.ts";
import { advertise, speakLast } from "./advert.ts";
import { announce, extraAnnouncements, isAnnouncing } from "./announce.ts";
import { syncAhSequence } from "./authenticate.ts";
import type { Cause, CauseFact } from "./cause.ts";
import { backupObeys, isPreemptDelayPending, masterYields } from "./election.ts";
import { retryDue } from "./held.ts";
import type { PacketReceived } from "./input.ts";
import type { Instance } from "./instance.ts";
import { masterDownOf } from "./instance.ts";
import type { BackupPhase, Fault, Hold, MasterPhase } from "./memory.ts";
import { fifoLine } from "./notify.ts";
import { orderFault, reachHandover, sparesMaster, yieldByOrder } from "./orders.ts";
import { considerRival, DEMOTED_PRIORITY } from "./owner-conflict.ts";
import { noteRival, reclaim } from "./rival.ts";
import { sourceAddressFor } from "./source-address.ts";
import { obeyTogether } from "./sync-group.ts";
import { backoff, isStall, nextAdvertAt, OWNER_PRIORITY, skewTime, TROUBLE_MEMORY } from "./timers.ts";
import { assess, priorityFacts } from "./tracking.ts";
import { tellOthers } from "./transition.ts";
import type { Turn } from "./turn.ts";
import { emit, factAt, reportOnce } from "./turn.ts";
import { pursueQuestions, verify } from "./verify.ts";

/** An advertisement that passed all checks. */
export function receiveAdvertisement(
  turn: Turn,
  instance: Instance,
  packet: PacketReceived,
  header: VrrpHeader,
): void {
  const { memory } = instance;
  memory.statistics.advertisementsReceived++;
  if (header.priority === 0) memory.statistics.priorityZeroReceived++;
  if (memory.phase.kind === "MASTER") receiveAsMaster(turn, instance, memory.phase, packet, header);
  else if (memory.phase.kind === "BACKUP") receiveAsBackup(turn, instance, memory.phase, packet, header);
}

/** RFC 9568 section 6.4.3, receiving. */
function receiveAsMaster(
  turn: Turn,
  instance: Instance,
  phase: MasterPhase,
  packet: PacketReceived,
  header: VrrpHeader,
): void {
  const { model, memory } = instance;
  if (phase.handover !== undefined) {
    if (header.priority > 0) {
      yieldByOrder(turn, instance, phase, advertisementFact(turn, instance, packet, header), packet.source);
      rememberMaster(turn, instance, packet, header);
    }
    return;
  }
  if (header.priority === 0) {
    advertiseNow(turn, instance, phase);
    return;
  }
  const ownAddress = memory.sourceAddress ?? packet.source;
  const yields = (): boolean =>
    masterYields(header.priority, memory.effectivePriority, packet.source, ownAddress);
  considerRival(turn, instance, packet, header, !yields());
  if (yields()) {
    syncAhSequence(instance, packet, -1);
    speakLast(turn, instance, header.advertisementInterval);
    const fact = advertisementFact(turn, instance, packet, header);
    const cause = [fact, ...priorityFacts(model, turn.surroundings, memory.effectivePriority, turn.now)];
    turn.wishes.push({ instance, to: "BACKUP", cause, resigns: false, due: turn.now });
    rememberMaster(turn, instance, packet, header);
    return;
  }
  reportLowerPriority(turn, instance, packet, header);
  syncAhSequence(instance, packet, 1);
  tellOthers(turn, instance, "MASTER_RX_LOWER_PRI");
  const { lowerPrioDelay } = model.garp;
  // One that listened announces along with its advertisement.
  if (phase.listening && lowerPrioDelay > 0) phase.lowerPriorityBurstAt ??= turn.now + lowerPrioDelay;
  if (model.lowerPrioNoAdvert) endListening(turn, instance, phase);
  else advertiseNow(turn, instance, phase);
  for (const member of instance.group?.members ?? [instance]) announceAgain(turn, member, packet.source);
}

/** The LAN may have believed a lesser master: of a sync group, each member's LAN. */
function announceAgain(turn: Turn, instance: Instance, rival: IpAddress): void {
  const { model, memory } = instance;
  const { phase } = memory;
  noteRival(turn, instance, `master ${rival}`);
  if (phase.kind !== "MASTER" || isAnnouncing(turn.memory, instance)) return;
  const { lowerPrioRepeat, lowerPrioDelay } = model.garp;
  announce(turn, instance, memory.addresses, lowerPrioRepeat);
  if (lowerPrioDelay > 0) phase.lowerPriorityBurstAt ??= turn.now + lowerPrioDelay;
  turn.touched.add(instance);
}

/** RFC 9568 section 6.4.2, receiving. */
function receiveAsBackup(
  turn: Turn,
  instance: Instance,
  phase: BackupPhase,
  packet: PacketReceived,
  header: VrrpHeader,
): void {
  const { model, memory } = instance;
  const own = memory.effectivePriority;
  if (header.priority === 0) {
    memory.lastHeard = turn.now;
    phase.resigned = advertisementFact(turn, instance, packet, header);
    phase.masterDownAt = turn.now + skewTime(model.version, own, memory.masterInterval);
    return;
  }
  if (header.priority >= own) phase.preemptAt = undefined;
  else if (model.preemptDelay > 0) phase.preemptAt ??= turn.now + model.preemptDelay;
  const delayed = isPreemptDelayPending(phase.preemptAt, turn.now);
  if (!backupObeys(header.priority, own, model.preempt && !sparesMaster(instance), delayed)) {
    // The timer runs on: preemption comes with its end, not at once.
    phase.discarded = advertisementFact(turn, instance, packet, header);
    reportLowerPriority(turn, instance, packet, header);
    return;
  }
  phase.discarded = undefined;
  phase.resigned = undefined;
  phase.wanted = undefined;
  rememberMaster(turn, instance, packet, header);
  phase.masterDownAt = turn.now + masterDownOf(instance);
  if (instance.group?.joining === true) {
    obeyTogether(turn, instance, advertisementFact(turn, instance, packet, header));
  }
}

/** All deadlines of the instance that have passed. */
export function reachDeadlines(turn: Turn, instance: Instance): void {
  const { memory } = instance;
  const { phase } = memory;
  if (memory.heldAt !== undefined && memory.heldAt <= turn.now) {
    retryDue(turn, instance);
  }
  if (memory.dropping?.retryAt !== undefined && memory.dropping.retryAt <= turn.now) {
    repeatDropping(turn, instance);
  }
  if (phase.kind === "MASTER") {
    reachAsMaster(turn, instance, phase);
    pursueQuestions(turn, instance);
  } else if (phase.kind === "BACKUP" && phase.masterDownAt <= turn.now) missMaster(turn, instance, phase);
  else if (phase.kind === "FAULT" && memory.hold !== undefined && memory.hold.until <= turn.now) {
    const { since, attempt } = memory.hold;
    memory.hold = undefined;
    reconsider(turn, instance, factAt(turn.now, { kind: "retry", waited: turn.now - since, attempt }));
  }
}

function reachAsMaster(turn: Turn, instance: Instance, phase: MasterPhase): void {
  const { model, memory } = instance;
  if (phase.listening && phase.advertAt > turn.now) return;
  reachHandover(turn, instance, phase);
  if (phase.handover === undefined && phase.advertAt <= turn.now) {
    const late = turn.now - phase.advertAt;
    if (isStall(late, masterDownOf(instance)))
      emit(turn, instance, { kind: "Stalled", late, reaction: "advertises at once" });
    advertise(turn, instance);
    phase.advertAt = nextAdvertAt(phase.advertAt, turn.now, model.advertisementInterval);
    endListening(turn, instance, phase);
  }
  const { garp } = model;
  if (phase.secondBurstAt !== undefined && phase.secondBurstAt <= turn.now) {
    phase.secondBurstAt = undefined;
    announce(turn, instance, memory.addresses, garp.masterRepeat);
  }
  if (phase.lowerPriorityBurstAt !== undefined && phase.lowerPriorityBurstAt <= turn.now) {
    phase.lowerPriorityBurstAt = undefined;
    announce(turn, instance, memory.addresses, garp.lowerPrioRepeat);
  }
  if (phase.refreshAt !== undefined && phase.refreshAt <= turn.now) {
    phase.refreshAt = turn.now + garp.masterRefresh;
    announce(turn, instance, memory.addresses, garp.masterRefreshRepeat);
  }
  if (phase.extraAt !== undefined && phase.extraAt <= turn.now) {
    phase.extraAt = garp.extra === undefined ? undefined : turn.now + garp.extra.interval;
    announce(turn, instance, extraAnnouncements(model, memory.addresses), 1);
  }
  if (phase.reclaimAt !== undefined && phase.reclaimAt <= turn.now) reclaim(turn, instance, phase);
}

/** The master-down timer has run out while we were awake. */
function missMaster(turn: Turn, instance: Instance, phase: BackupPhase): void {
  const { model, memory } = instance;
  const timer = factAt(turn.now, {
    kind: "master-down-timer",
    interval: masterDownOf(instance),
    lastHeard: memory.lastHeard,
    lastFrom: memory.masterAddress,
    dropped: { ...memory.droppedSince },
  });
  const cause: CauseFact[] = [timer];
  if (phase.preemptAt !== undefined) {
    cause.push({ at: phase.preemptAt, kind: "preempt-delay-over", delay: model.preemptDelay });
  }
  if (phase.resigned !== undefined) cause.push(phase.resigned);
  if (phase.discarded !== undefined) {
    cause.push(phase.discarded);
    cause.push(...priorityFacts(model, turn.surroundings, memory.effectivePriority, turn.now));
  }
  turn.wishes.push({ instance, to: "MASTER", cause, resigns: false, due: phase.masterDownAt });
}

/**
 * Looks at links, addresses and scripts anew after a change of them; `fact` is that change. Decides on FAULT, on leaving
 * it, and on the start out of INIT.
 */
export function reconsider(turn: Turn, instance: Instance, fact: CauseFact): void {
  const { model, memory } = instance;
  const { surroundings } = turn;
  if (instance.retired || memory.phase.kind === "STOP") return;
  const source = sourceAddressFor(model, surroundings, turn.virtualAddresses);
  if (source !== memory.sourceAddress) {
    memory.sourceAddress = source;
    instance.adverts = undefined;
  }
  const found = assess(model, surroundings, source !== undefined, turn.now);
  if (!memory.frozen || memory.phase.kind === "INIT")
    adoptPriority(turn, instance, memory.demoted ? DEMOTED_PRIORITY : found.effectivePriority, fact);
  const old = new Map(memory.faults.map((fault) => [fault.key, fault]));
  const ordered = orderFault(turn, instance);
  const faults = [
    ...found.faults.filter(({ key, tracker }) => !(memory.frozen && tracker === true) || old.has(key)),
    ...(memory.hold === undefined ? [] : [holdFault(memory.hold)]),
    ...(ordered === undefined ? [] : [ordered]),
  ];
  const fresh = faults.filter(({ key }) => !old.has(key));
  memory.faults = faults.map((fault) => old.get(fault.key) ?? fault);
  const follows = instance.group !== undefined && old.size === 0 && !memory.waiting;
  memory.waiting = found.waiting || turn.memory.startupUntil !== undefined;
  if (memory.phase.kind === "INIT") {
    if (memory.waiting) return;
    if (memory.faults.length > 0) fail(turn, instance, [...memory.faults.map((fault) => fault.fact), fact]);
    else begin(turn, instance, [fact]);
  } else if (memory.phase.kind === "FAULT") {
    // Who only followed its group waits for the member that did not.
    if (memory.faults.length === 0 && !follows) begin(turn, instance, [fact]);
  } else if (fresh.length > 0) {
    fail(
      turn,
      instance,
      fresh.map((fault) => fault.fact),
    );
  }
}

/** FAULT for a while, each time longer, because addresses cannot be held. */
export function holdOff(turn: Turn, instance: Instance, fact: CauseFact): void {
  const { memory } = instance;
  const { lastHold } = memory;
  const recent = lastHold !== undefined && turn.now - lastHold.at < TROUBLE_MEMORY;
  const attempt = recent ? lastHold.attempt + 1 : 1;
  const until = turn.now + backoff(attempt);
  memory.hold = { until, since: turn.now, attempt, fact };
  memory.lastHold = { at: until, attempt };
  memory.faults = [...memory.faults, holdFault(memory.hold)];
  fail(turn, instance, [fact]);
}

/** The competition begins: the address owner is master at once, all others listen for a full Master_Down_Interval. */
function begin(turn: Turn, instance: Instance, cause: Cause): void {
  const { model, memory } = instance;
  if (model.priority === OWNER_PRIORITY && !memory.demoted && !sparesMaster(instance)) {
    const owner = factAt(turn.now, { kind: "address-owner" });
    turn.wishes.push({ instance, to: "MASTER", cause: [owner, ...cause], resigns: false, due: turn.now });
  } else {
    turn.wishes.push({ instance, to: "BACKUP", cause, resigns: false, due: turn.now });
  }
}

function fail(turn: Turn, instance: Instance, cause: Cause): void {
  turn.wishes.push({ instance, to: "FAULT", cause, resigns: true, due: turn.now });
}

/** Takes effect with the next advertisement, sent or received. */
function adoptPriority(turn: Turn, instance: Instance, priority: number, fact: CauseFact): void {
  const { memory } = instance;
  const from = memory.effectivePriority;
  if (from === priority) return;
  memory.effectivePriority = priority;
  instance.adverts = undefined;
  if (memory.phase.kind === "INIT") return;
  emit(turn, instance, { kind: "PriorityChanged", from, to: priority, cause: [fact] });
  const { kind } = memory.phase;
  const wanted = instance.model.notifyPriorityChanges || instance.group?.model.notifyPriorityChanges;
  if (!turn.fifo || !wanted) return;
  if (kind !== "MASTER" && kind !== "BACKUP") return;
  turn.out.writeFifo(fifoLine("INSTANCE", instance.model.name, `${kind}_PRIORITY`, priority));
}

function advertiseNow(turn: Turn, instance: Instance, phase: MasterPhase): void {
  advertise(turn, instance);
  phase.advertAt = turn.now + instance.model.advertisementInterval;
  endListening(turn, instance, phase);
}

/** A master that slept, and knows now that it is one, announces and asks: the LAN may have learnt another router meanwhile. */
function endListening(turn: Turn, instance: Instance, phase: MasterPhase): void {
  if (!phase.listening) return;
  phase.listening = false;
  verify(turn, instance, instance.memory.addresses);
  announce(turn, instance, instance.memory.addresses, instance.model.garp.masterRepeat);
}

/** Version 3 backups live by the master's interval. */
function rememberMaster(turn: Turn, instance: Instance, packet: PacketReceived, header: VrrpHeader): void {
  const { model, memory } = instance;
  const interval: Micros = model.version === 3 ? header.advertisementInterval : memory.masterInterval;
  const isNew = memory.masterAddress !== packet.source;
  if (isNew) memory.reported = [];
  memory.droppedSince = {};
  memory.lastHeard = turn.now;
  if (!isNew && memory.masterPriority === header.priority && memory.masterInterval === interval) return;
  memory.masterAddress = packet.source;
  memory.masterPriority = header.priority;
  memory.masterInterval = interval;
  emit(turn, instance, { kind: "MasterHeard", source: packet.source, priority: header.priority, interval });
}

function reportLowerPriority(
  turn: Turn,
  instance: Instance,
  packet: PacketReceived,
  header: VrrpHeader,
): void {
  if (reportOnce(instance, `lower priority ${packet.source}`) === undefined) return;
  emit(turn, instance, {
    kind: "LowerPriorityAdvert",
    source: packet.source,
    priority: header.priority,
  });
}

function advertisementFact(
  turn: Turn,
  instance: Instance,
  packet: PacketReceived,
  header: VrrpHeader,
): CauseFact {
  const { memory } = instance;
  return factAt(turn.now, {
    kind: "advertisement",
    from: packet.source,
    priority: header.priority,
    ourPriority: memory.effectivePriority,
    ourAddress: memory.sourceAddress,
  });
}

function holdFault(hold: Hold): Fault {
  return { key: `hold ${hold.since}`, fact: hold.fact };
}
