/**
 * Verified takeover: whether the neighbours that matter map our addresses to us. Each address and each neighbour on its
 * watch-list make one question, which begins behind the address's first announcement:
 *
 *     resolve --> probe --> ask --> confirm
 *
 * `resolve` finds the neighbour's station. `probe` teaches nothing; its answer reaches us only if the neighbour has
 * learned from the announcement. `ask` is an ARP request, or a neighbour solicitation, by the virtual address: it teaches,
 * and is repeated ever more slowly until it is answered or given up. `confirm` tells one that had to be asked from one
 * that answers no probe at all.
 */
import type { IpAddress } from "../base/ip.ts";
import type { Micros } from "../base/time.ts";
import { stationOf } from "./acquaintances.ts";
import type { VerifyOutcome } from "./event.ts";
import { isDesired } from "./held.ts";
import type { NeighbourSeen } from "./input.ts";
import type { Instance } from "./instance.ts";
import { earlier } from "./instance.ts";
import type { AddressRecord } from "./memory.ts";
import { ownAddress, probingFrame, resolvingFrame, teachingFrame } from "./question-frames.ts";
import { askBackoff, CONFIRM_WAIT, HANDOVER, PROBE_WAIT, RESOLVE_WAIT, VERIFY_TIMEOUT } from "./timers.ts";
import type { Turn } from "./turn.ts";
import { emit } from "./turn.ts";
import { MOST_QUESTIONS, watchList } from "./watch-list.ts";
import type { Question, VerificationMemory, WatchedNeighbour } from "./watch-memory.ts";

/** Addresses named in an event. */
const MOST_NAMED = 8;

/** Lets the next announcement of each address be followed by questions. */
export function verify(turn: Turn, instance: Instance, records: readonly AddressRecord[]): void {
  const { model, memory } = instance;
  if (model.announceOnly || memory.phase.kind !== "MASTER" || records.length === 0) return;
  const isUnderWay =
    memory.addresses.some(({ verifyNext }) => verifyNext) || (memory.verification?.questions.length ?? 0) > 0;
  const verification = memory.verification ?? freshVerification(turn);
  memory.verification = verification;
  if (!isUnderWay) beginRun(turn, verification);
  for (const record of records) record.verifyNext = true;
  const checked = new Set(verification.unchecked);
  for (const { key } of records) checked.add(key);
  verification.unchecked = [...checked];
  verification.checkAt = turn.now + HANDOVER;
  rearm(turn, verification);
  turn.touched.add(instance);
}

/** To be called when announcements of these addresses go out: their questions go right behind. */
export function beginQuestions(turn: Turn, instance: Instance, records: readonly AddressRecord[]): void {
  const { verification } = instance.memory;
  for (const record of records) record.verifyNext = false;
  if (verification === undefined || records.length === 0) return;
  const again = new Set(records.map(({ key }) => key));
  verification.questions = verification.questions.filter(({ key }) => !again.has(key));
  for (const record of records) beginAbout(turn, instance, verification, record);
  finish(turn, instance, verification);
  if (verification.questions.length > 0) verification.dueAt = turn.now;
  turn.touched.add(instance);
}

function beginAbout(
  turn: Turn,
  instance: Instance,
  verification: VerificationMemory,
  record: AddressRecord,
): void {
  const { address: held, interface: name } = record.model;
  const unknown = ownAddress(turn, record.model) === undefined ? "ask" : "resolve";
  for (const { address, why } of watchList(turn, instance, record)) {
    if (verification.questions.length >= MOST_QUESTIONS) return;
    const watched = watchedOf(verification, { address, interface: name, why });
    watched.mac = stationOf(turn.memory, name, address, turn.now);
    delete watched.results[held];
    verification.questions.push({
      key: record.key,
      interface: name,
      neighbour: address,
      stage: watched.mac === undefined ? unknown : "probe",
      begun: turn.now,
      dueAt: turn.now,
      sent: 0,
      probed: false,
      took: undefined,
    });
  }
}

/** Nobody is asked any more. */
export function cancelVerification(instance: Instance): void {
  instance.memory.verification = undefined;
  for (const record of instance.memory.addresses) record.verifyNext = false;
}

/** Carries on every question that is due, as far as this turn's share of frames goes. */
export function pursueQuestions(turn: Turn, instance: Instance): void {
  const { verification } = instance.memory;
  if (verification?.dueAt === undefined || verification.dueAt > turn.now) return;
  const { phase } = instance.memory;
  if (phase.kind === "MASTER" && (phase.handover !== undefined || phase.listening)) {
    // Nobody is to learn that the addresses are here while another is to take them, or may have.
    Object.assign(verification, { questions: [], unchecked: [], dueAt: undefined });
    return;
  }
  const batches = new Map<string, Uint8Array[]>();
  const send = (record: AddressRecord, frame: Uint8Array | undefined): void => {
    if (frame === undefined) return;
    const { interface: name } = record.model;
    const batch = batches.get(name) ?? [];
    batch.push(frame);
    batches.set(name, batch);
  };
  for (const question of [...verification.questions]) {
    if (turn.questionsLeft <= 0) break;
    if (question.dueAt > turn.now) continue;
    turn.questionsLeft--;
    const record = addressOf(instance, question.key);
    if (record === undefined || !isDesired(instance, record)) {
      drop(verification, question);
      finish(turn, instance, verification);
    } else send(record, advance(turn, instance, verification, question, record));
  }
  lookForOthers(turn, instance, verification, send);
  for (const [name, frames] of batches) {
    verification.asksSent += frames.length;
    turn.out.askNeighbours({ kind: "AskNeighbours", instance: instance.model.name, interface: name, frames });
  }
  rearm(turn, verification);
}

/** Somebody answered our station: to a question, or with its own. */
export function noteAnswer(turn: Turn, instance: Instance, seen: NeighbourSeen): void {
  const { verification } = instance.memory;
  if (verification === undefined || seen.sender === undefined) return;
  const { sender, interface: name } = seen;
  const open = verification.questions.filter(
    (question) => question.neighbour === sender && question.interface === name,
  );
  if (open.length === 0) return;
  for (const watched of verification.neighbours) {
    if (watched.address === sender && watched.interface === name) watched.mac = seen.mac;
  }
  for (const question of open) {
    const record = addressOf(instance, question.key);
    if (record === undefined) continue;
    if (record.model.address === seen.target) answered(turn, instance, verification, question, record);
    else if (question.stage === "resolve") enter(turn, question, "probe");
  }
  rearm(turn, verification);
  turn.touched.add(instance);
}

/** An echo came back to us: so the neighbour maps the address to us, whatever it was taught. */
export function noteEcho(turn: Turn, instance: Instance, from: IpAddress, to: IpAddress): void {
  const { verification } = instance.memory;
  if (verification === undefined) return;
  for (const question of verification.questions.filter(({ neighbour }) => neighbour === from)) {
    if (addressOf(instance, question.key)?.model.address !== to) continue;
    settle(turn, instance, verification, question, ECHO_OUTCOMES[question.stage]);
  }
  rearm(turn, verification);
  turn.touched.add(instance);
}

/** An echo to a probe that comes late does not tell whether the question behind it was needed. */
const ECHO_OUTCOMES: Readonly<Record<Question["stage"], VerifyOutcome>> = {
  resolve: "answered",
  probe: "learned",
  ask: "answered",
  confirm: "asked",
};

function freshVerification(turn: Turn): VerificationMemory {
  return {
    startedAt: turn.now,
    finishedAt: undefined,
    neighbours: [],
    questions: [],
    unchecked: [],
    checkAt: turn.now,
    dueAt: undefined,
    asksSent: 0,
  };
}

/** The next frame of a question; undefined where it ends, or goes on without one. */
function advance(
  turn: Turn,
  instance: Instance,
  verification: VerificationMemory,
  question: Question,
  record: AddressRecord,
): Uint8Array | undefined {
  const { neighbour } = question;
  const mac = findWatched(verification, question)?.mac;
  const isOver = question.sent > 0;
  if (isOver && (question.stage === "resolve" || question.stage === "probe")) enter(turn, question, "ask");
  switch (question.stage) {
    case "resolve": {
      const isAskedAlready = verification.questions.some(
        (other) => other.neighbour === neighbour && other.stage === "resolve" && other.sent > 0,
      );
      waitForAnswer(turn, question, RESOLVE_WAIT);
      return isAskedAlready ? undefined : resolvingFrame(turn, record.model, neighbour);
    }
    case "probe":
      question.probed = true;
      waitForAnswer(turn, question, PROBE_WAIT);
      return mac === undefined ? undefined : probingFrame(turn, record.model, neighbour, mac);
    case "ask":
      if (isGivenUp(turn, instance, question)) {
        settle(turn, instance, verification, question, "unproved");
        return undefined;
      }
      // A station that does not answer may be another one by now.
      return teachingFrame(turn, record.model, neighbour, question.sent === 1 ? mac : undefined);
    case "confirm":
      if (isOver || mac === undefined) {
        settle(turn, instance, verification, question, "answered");
        return undefined;
      }
      waitForAnswer(turn, question, CONFIRM_WAIT);
      return probingFrame(turn, record.model, neighbour, mac);
  }
}

function waitForAnswer(turn: Turn, question: Question, wait: Micros): void {
  question.sent++;
  question.dueAt = turn.now + wait;
}

/** Whether the neighbour has been silent for too long; else one more request is on its way, and the next one planned. */
function isGivenUp(turn: Turn, instance: Instance, question: Question): boolean {
  const end = question.begun + (instance.model.verifyTimeout ?? VERIFY_TIMEOUT);
  if (question.sent > 0 && turn.now >= end) return true;
  question.sent++;
  question.dueAt = Math.min(turn.now + askBackoff(question.sent), Math.max(end, turn.now + 1));
  return false;
}

/** The neighbour answered for the address itself. */
function answered(
  turn: Turn,
  instance: Instance,
  verification: VerificationMemory,
  question: Question,
  record: AddressRecord,
): void {
  const { stage } = question;
  const isIpv6 = record.model.family === "ipv6";
  if (stage === "confirm") return;
  question.took = turn.now - question.begun;
  if (stage === "probe" && isIpv6) settle(turn, instance, verification, question, "learned");
  else if (stage === "probe" || !question.probed) settle(turn, instance, verification, question, "answered");
  else if (isIpv6) settle(turn, instance, verification, question, "asked");
  else enter(turn, question, "confirm");
}

function settle(
  turn: Turn,
  instance: Instance,
  verification: VerificationMemory,
  question: Question,
  outcome: VerifyOutcome,
): void {
  const record = addressOf(instance, question.key);
  const watched = findWatched(verification, question);
  drop(verification, question);
  if (record === undefined || watched === undefined) return;
  watched.results[record.model.address] = outcome;
  if (outcome !== "unproved")
    watched.slowest = Math.max(watched.slowest, question.took ?? turn.now - question.begun);
  if (outcome === "asked") watched.hadToBeAsked = true;
  const station = entriesOfStation(verification, watched);
  const hadToBeAsked = station.some((one) => one.hadToBeAsked);
  for (const one of station) {
    one.hadToBeAsked = hadToBeAsked;
    if (one === watched || one.told !== undefined) tell(turn, instance, verification, one);
  }
  finish(turn, instance, verification);
}

/**
 * The neighbour under all its addresses that are watched: a station has one neighbour cache. One question to a router's
 * link-local address teaches the router, and what its other address answers then is no sign that it had heard the announcement.
 */
function entriesOfStation(
  verification: VerificationMemory,
  watched: WatchedNeighbour,
): readonly WatchedNeighbour[] {
  const isSame = (other: WatchedNeighbour): boolean =>
    other === watched ||
    (watched.mac !== undefined && other.mac === watched.mac && other.interface === watched.interface);
  return verification.neighbours.filter(isSame);
}

/** How a neighbour stands with all the addresses it was asked about. */
export function outcomeOf(watched: WatchedNeighbour): VerifyOutcome {
  const outcomes = Object.values(watched.results);
  if (outcomes.includes("unproved")) return "unproved";
  if (watched.hadToBeAsked) return "asked";
  return outcomes.includes("answered") ? "answered" : "learned";
}

/** A new run forgets the results of the last one, but not who had to be asked since we are master. */
function beginRun(turn: Turn, verification: VerificationMemory): void {
  verification.startedAt = turn.now;
  for (const watched of verification.neighbours) Object.assign(watched, { results: {}, slowest: 0 });
}

/** Notes the end of the run, once there is nothing left to ask. Those no longer on the list are forgotten. */
function finish(turn: Turn, instance: Instance, verification: VerificationMemory): void {
  const isUnderWay =
    verification.questions.length > 0 || instance.memory.addresses.some(({ verifyNext }) => verifyNext);
  verification.finishedAt = isUnderWay ? undefined : turn.now;
  if (isUnderWay) return;
  verification.neighbours = verification.neighbours.filter(({ results }) => Object.keys(results).length > 0);
}

/** Says how a neighbour stands, once nothing about it is open and where that is news. */
function tell(
  turn: Turn,
  instance: Instance,
  verification: VerificationMemory,
  watched: WatchedNeighbour,
): void {
  const isOpen = verification.questions.some(
    ({ neighbour, interface: name }) => neighbour === watched.address && name === watched.interface,
  );
  // The outcome of a thousand addresses takes its time.
  if (isOpen) return;
  const outcome = outcomeOf(watched);
  if (watched.told === outcome) return;
  watched.told = outcome;
  const unproved = unprovedBy(watched);
  emit(turn, instance, {
    kind: "NeighbourVerified",
    neighbour: watched.address,
    interface: watched.interface,
    why: watched.why,
    mac: watched.mac,
    outcome,
    took: watched.slowest,
    proved: Object.keys(watched.results).length - unproved.length,
    unproved: unproved.slice(0, MOST_NAMED),
  });
}

/** The addresses that this neighbour was silent about. */
export function unprovedBy(watched: WatchedNeighbour): readonly IpAddress[] {
  return Object.keys(watched.results).filter((address) => watched.results[address] === "unproved");
}

/** Once the handover is over, asks in our own name who else has our addresses. */
function lookForOthers(
  turn: Turn,
  instance: Instance,
  verification: VerificationMemory,
  send: (record: AddressRecord, frame: Uint8Array | undefined) => void,
): void {
  if (verification.checkAt > turn.now) return;
  while (verification.unchecked.length > 0 && turn.questionsLeft > 0) {
    turn.questionsLeft--;
    const key = verification.unchecked.shift();
    const record = key === undefined ? undefined : addressOf(instance, key);
    if (record === undefined || !isDesired(instance, record)) continue;
    send(record, resolvingFrame(turn, record.model, record.model.address));
  }
}

/** The address record of this key, as long as the instance has it. */
function addressOf(instance: Instance, key: string): AddressRecord | undefined {
  const record = instance.records.get(key);
  return record?.kind === "address" ? record : undefined;
}

function enter(turn: Turn, question: Question, stage: Question["stage"]): void {
  question.stage = stage;
  question.sent = 0;
  question.dueAt = turn.now;
}

function drop(verification: VerificationMemory, question: Question): void {
  const at = verification.questions.indexOf(question);
  if (at >= 0) verification.questions.splice(at, 1);
}

function findWatched(verification: VerificationMemory, question: Question): WatchedNeighbour | undefined {
  return verification.neighbours.find(
    ({ address, interface: name }) => address === question.neighbour && name === question.interface,
  );
}

/** The neighbour's entry, made where missing. */
function watchedOf(
  verification: VerificationMemory,
  wanted: Pick<WatchedNeighbour, "address" | "interface" | "why">,
): WatchedNeighbour {
  const known = verification.neighbours.find(
    ({ address, interface: name }) => address === wanted.address && name === wanted.interface,
  );
  if (known !== undefined) return known;
  const fresh: WatchedNeighbour = {
    ...wanted,
    mac: undefined,
    results: {},
    slowest: 0,
    hadToBeAsked: false,
    told: undefined,
  };
  verification.neighbours.push(fresh);
  return fresh;
}

function rearm(turn: Turn, verification: VerificationMemory): void {
  let due = verification.unchecked.length > 0 ? verification.checkAt : undefined;
  for (const { dueAt } of verification.questions) due = earlier(due, dueAt);
  const pause = turn.questionsLeft > 0 ? 0 : turn.limits.announcementPause;
  verification.dueAt = due === undefined ? undefined : Math.max(due, turn.now + pause);
}
