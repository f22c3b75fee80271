/**
 * The automaton of one session (RFC 5880 sections 6.2 and 6.8): asynchronous mode, without echo and authentication.
 *
 *     Down ---> Init ---> Up       Down ---> Up       Init, Up ---> Down       any ---> AdminDown (our own stop)
 */
import type { Prng } from "../base/prng.ts";
import type { Instant, Micros } from "../base/time.ts";
import type { BfdModel } from "../model/model.ts";
import type { BfdPacket, BfdState } from "../wire/bfd.ts";
import {
  BFD_DIAGNOSTIC_ADMIN_DOWN,
  BFD_DIAGNOSTIC_NEIGHBOUR_DOWN,
  BFD_DIAGNOSTIC_NONE,
  BFD_DIAGNOSTIC_TIME_EXPIRED,
  BFD_LENGTH,
  encodeBfd,
} from "../wire/bfd.ts";
import type { BfdAction } from "./action.ts";
import type { BfdEventDetail, BfdReason } from "./event.ts";
import type { SessionMemory } from "./memory.ts";

export interface Session {
  model: BfdModel;
  readonly memory: SessionMemory;
  /** The packet's bytes, used again for each one. */
  readonly bytes: Uint8Array;
}

/** What one call of `handle` works with. */
export interface Turn {
  now: Instant;
  readonly random: Prng;
  out: BfdAction[];
  /** A random discriminator, not zero and no other session's. */
  newDiscriminator(): number;
}

/** Jitter takes 10 to 25 % off an interval, as keepalived does; section 6.8.7 allows 0 to 25. */
const LEAST_JITTER = 0.1;
const MOST_JITTER = 0.25;
/** Section 6.8.1: Required Min RX of a neighbour that has not spoken. */
const INITIAL_REMOTE_MIN_RX: Micros = 1;
/** A lost packet must not make the neighbour wait for its detection time. */
const FAREWELLS = 3;

export function makeSession(model: BfdModel, memory: SessionMemory): Session {
  return { model, memory, bytes: new Uint8Array(BFD_LENGTH) };
}

export function startSession(turn: Turn, model: BfdModel): Session {
  const session = makeSession(model, {
    state: "Down",
    diagnostic: BFD_DIAGNOSTIC_NONE,
    localDiscriminator: turn.newDiscriminator(),
    remoteDiscriminator: 0,
    remoteState: "Down",
    remoteDiagnostic: BFD_DIAGNOSTIC_NONE,
    remoteDemand: false,
    remoteMultiplier: 0,
    remoteMinTx: 0,
    remoteMinRx: INITIAL_REMOTE_MIN_RX,
    desiredMinTx: model.idleTx,
    requiredMinRx: model.requiredMinRx,
    effectiveMinTx: model.idleTx,
    effectiveMinRx: model.requiredMinRx,
    polling: false,
    transmitAt: undefined,
    detectAt: undefined,
    lastHeard: undefined,
    lastChange: undefined,
    reason: { kind: "configured" },
    reportedUp: false,
    reportedTransmit: 0,
    reportedDetection: 0,
    statistics: { sent: 0, received: 0, wentUp: 0, wentDown: 0 },
  });
  if (!model.passive) send(turn, session);
  return session;
}

/** Takes over a new model; state and timers stay, and what changes on the wire is agreed on by a poll sequence. */
export function adoptModel(turn: Turn, session: Session, model: BfdModel): void {
  const { memory } = session;
  session.model = model;
  setDesiredMinTx(session, memory.state === "Up" ? model.desiredMinTx : model.idleTx);
  setRequiredMinRx(session, model.requiredMinRx);
  if (isSilent(session)) memory.transmitAt = undefined;
  else send(turn, session);
}

/** Section 6.8.6, from the point where the session is known. */
export function receive(turn: Turn, session: Session, packet: BfdPacket, from: string): void {
  const { memory } = session;
  memory.statistics.received++;
  memory.lastHeard = turn.now;
  memory.remoteDiscriminator = packet.myDiscriminator;
  memory.remoteState = packet.state;
  memory.remoteDiagnostic = packet.diagnostic;
  memory.remoteDemand = packet.demand;
  memory.remoteMultiplier = packet.multiplier;
  memory.remoteMinTx = packet.desiredMinTx;
  memory.remoteMinRx = packet.requiredMinRx;
  if (packet.final && memory.polling) {
    memory.polling = false;
    memory.effectiveMinTx = memory.desiredMinTx;
    memory.effectiveMinRx = memory.requiredMinRx;
  }
  const before = memory.state;
  const next = nextState(before, packet.state);
  if (next !== before) {
    const { state: remoteState, diagnostic: remoteDiagnostic } = packet;
    enter(turn, session, next, BFD_DIAGNOSTIC_NEIGHBOUR_DOWN, {
      kind: "packet",
      from,
      remoteState,
      remoteDiagnostic,
    });
  }
  memory.detectAt = turn.now + (detectionTime(session) ?? 0);
  if (packet.poll) send(turn, session, true);
  else if (next !== before) send(turn, session);
  else hasten(turn, session);
  reportTimers(turn, session);
}

/** Section 6.2, and 6.8.6 for a neighbour's AdminDown. */
export function nextState(own: BfdState, remote: BfdState): BfdState {
  switch (own) {
    case "AdminDown":
      return "AdminDown";
    case "Down":
      return remote === "Down" ? "Init" : remote === "Init" ? "Up" : "Down";
    case "Init":
      return remote === "AdminDown" ? "Down" : remote === "Down" ? "Init" : "Up";
    case "Up":
      return remote === "AdminDown" || remote === "Down" ? "Down" : "Up";
  }
}

/** What has become due: first the silence of the neighbour, then our own packet. */
export function reachDeadlines(turn: Turn, session: Session): void {
  const { memory } = session;
  if (memory.detectAt !== undefined && turn.now >= memory.detectAt) expire(turn, session);
  if (memory.transmitAt !== undefined && turn.now >= memory.transmitAt) send(turn, session);
}

/** Section 6.8.4: the neighbour is silent. What we knew of it is forgotten, after it was told. */
function expire(turn: Turn, session: Session): void {
  const { memory } = session;
  const interval = detectionTime(session) ?? 0;
  memory.detectAt = undefined;
  if (memory.state === "Init" || memory.state === "Up") {
    const { lastHeard } = memory;
    const reason: BfdReason = { kind: "detection-time", interval, lastHeard };
    enter(turn, session, "Down", BFD_DIAGNOSTIC_TIME_EXPIRED, reason);
    send(turn, session);
  }
  memory.remoteDiscriminator = 0;
  memory.remoteState = "Down";
  memory.remoteDemand = false;
  memory.remoteMinRx = INITIAL_REMOTE_MIN_RX;
  if (isSilent(session)) memory.transmitAt = undefined;
}

/** Ends a session for good (section 6.8.16); a neighbour that knows us is told that nothing has failed. */
export function close(turn: Turn, session: Session, reason: BfdReason): void {
  const { memory } = session;
  if (memory.state === "AdminDown") return;
  const known = memory.remoteDiscriminator !== 0;
  enter(turn, session, "AdminDown", BFD_DIAGNOSTIC_ADMIN_DOWN, reason);
  for (let copies = 0; known && copies < FAREWELLS; copies++) send(turn, session);
  memory.transmitAt = undefined;
  memory.detectAt = undefined;
}

/** `downDiagnostic` is what a session that leaves Init or Up says of it. */
function enter(turn: Turn, session: Session, to: BfdState, downDiagnostic: number, reason: BfdReason): void {
  const { model, memory } = session;
  const from = memory.state;
  memory.state = to;
  memory.lastChange = turn.now;
  memory.reason = reason;
  if (to === "Up" || to === "Init") memory.diagnostic = BFD_DIAGNOSTIC_NONE;
  else memory.diagnostic = downDiagnostic;
  if (to === "Up") memory.statistics.wentUp++;
  if (from === "Up") {
    memory.statistics.wentDown++;
    // What is still under way to the session that ended must not reach the one that begins.
    if (to === "Down") memory.localDiscriminator = turn.newDiscriminator();
  }
  setDesiredMinTx(session, to === "Up" ? model.desiredMinTx : model.idleTx);
  if (to !== "Up") {
    memory.polling = false;
    memory.effectiveMinRx = memory.requiredMinRx;
    memory.reportedTransmit = 0;
    memory.reportedDetection = 0;
  }
  const { diagnostic, remoteDiagnostic } = memory;
  emit(turn, session, { kind: "StateChanged", from, to, diagnostic, remoteDiagnostic, reason });
  if (to === "Up") report(turn, session, true, reason);
  else if (to === "Down" && !isAdministrative(reason)) report(turn, session, false, reason);
}

function isAdministrative(reason: BfdReason): boolean {
  return reason.kind === "packet" && reason.remoteState === "AdminDown";
}

/** Tells followers what is new to them. */
export function report(turn: Turn, session: Session, up: boolean, reason: BfdReason): void {
  const { model, memory } = session;
  if (memory.reportedUp === up) return;
  memory.reportedUp = up;
  turn.out.push({ kind: "SessionChanged", session: model.name, up, reason });
}

function emit(turn: Turn, session: Session, detail: BfdEventDetail): void {
  turn.out.push({ kind: "Emit", event: { at: turn.now, session: session.model.name, ...detail } });
}

function reportTimers(turn: Turn, session: Session): void {
  const { memory } = session;
  if (memory.state !== "Up" || memory.remoteState !== "Up" || memory.polling) return;
  const transmit = transmitInterval(session) ?? 0;
  const detection = detectionTime(session) ?? 0;
  if (transmit === memory.reportedTransmit && detection === memory.reportedDetection) return;
  memory.reportedTransmit = transmit;
  memory.reportedDetection = detection;
  emit(turn, session, { kind: "TimersAgreed", transmitInterval: transmit, detectionTime: detection });
}

/** Section 6.8.3: while Up, a longer interval counts when the neighbour has confirmed it. */
function setDesiredMinTx(session: Session, value: Micros): void {
  const { memory } = session;
  if (value === memory.desiredMinTx) return;
  memory.desiredMinTx = value;
  memory.polling = memory.state === "Up";
  if (memory.state !== "Up" || value < memory.effectiveMinTx) memory.effectiveMinTx = value;
}

/** Section 6.8.3: while Up, a shorter detection time counts when the neighbour has confirmed it. */
function setRequiredMinRx(session: Session, value: Micros): void {
  const { memory } = session;
  if (value === memory.requiredMinRx) return;
  memory.requiredMinRx = value;
  memory.polling = memory.state === "Up";
  if (memory.state !== "Up" || value > memory.effectiveMinRx) memory.effectiveMinRx = value;
}

/** Whether nothing is sent of our own accord: a passive session before the neighbour spoke, or at its wish. */
function isSilent({ model, memory }: Session): boolean {
  if (model.passive && memory.remoteDiscriminator === 0) return true;
  if (memory.remoteMinRx === 0) return true;
  const demanded = memory.remoteDemand && memory.state === "Up" && memory.remoteState === "Up";
  return demanded && !memory.polling;
}

/** Section 6.8.7: between periodic packets, before jitter; undefined while there are none. */
export function transmitInterval(session: Session): Micros | undefined {
  const { memory } = session;
  if (memory.state === "AdminDown" || isSilent(session)) return undefined;
  return Math.max(memory.effectiveMinTx, memory.remoteMinRx);
}

/** Section 6.8.4; undefined while the neighbour is not heard. */
export function detectionTime({ memory }: Session): Micros | undefined {
  if (memory.remoteDiscriminator === 0) return undefined;
  return memory.remoteMultiplier * Math.max(memory.effectiveMinRx, memory.remoteMinTx);
}

/** One packet now. The next one follows the plan, not this one's lateness, unless that would make a burst. */
function send(turn: Turn, session: Session, final = false): void {
  const { model, memory } = session;
  memory.statistics.sent++;
  const payload = encodeBfd(
    {
      diagnostic: memory.diagnostic,
      state: memory.state,
      poll: memory.polling && !final,
      final,
      controlPlaneIndependent: false,
      demand: false,
      multiplier: model.multiplier,
      myDiscriminator: memory.localDiscriminator,
      yourDiscriminator: memory.remoteDiscriminator,
      desiredMinTx: memory.desiredMinTx,
      requiredMinRx: memory.requiredMinRx,
      requiredMinEchoRx: 0,
    },
    session.bytes,
  );
  turn.out.push({ kind: "SendControl", session: model.name, payload });
  const interval = transmitInterval(session);
  if (interval === undefined) {
    memory.transmitAt = undefined;
    return;
  }
  const wait = jittered(turn, interval);
  const due = memory.transmitAt;
  const planned = due === undefined || due > turn.now ? turn.now + wait : due + wait;
  memory.transmitAt = planned > turn.now ? planned : turn.now + wait;
}

/** Brings the next packet forward, or begins to send, where the neighbour's wishes allow it now. */
function hasten(turn: Turn, session: Session): void {
  const { memory } = session;
  const interval = transmitInterval(session);
  if (interval === undefined) {
    memory.transmitAt = undefined;
    return;
  }
  if (memory.transmitAt !== undefined && memory.transmitAt <= turn.now + interval) return;
  memory.transmitAt = turn.now + jittered(turn, interval);
}

function jittered(turn: Turn, interval: Micros): Micros {
  const share = LEAST_JITTER + (MOST_JITTER - LEAST_JITTER) * turn.random.fraction();
  return Math.max(1, Math.round(interval * (1 - share)));
}
