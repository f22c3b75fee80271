/** The BFD engine: all sessions of the process behind one pure `handle`. */
import { unreachable } from "../base/assert.ts";
import { copyPlain } from "../base/plain.ts";
import { Prng } from "../base/prng.ts";
import type { Instant } from "../base/time.ts";
import { seconds } from "../base/time.ts";
import type { BfdModel } from "../model/model.ts";
import type { Engine } from "../ports/engine.ts";
import type { BfdPacket } from "../wire/bfd.ts";
import { decodeBfd } from "../wire/bfd.ts";
import type { BfdAction } from "./action.ts";
import type { BfdDropReason, BfdReason } from "./event.ts";
import type { BfdInput, BfdPacketReceived } from "./input.ts";
import type { BfdSnapshot, EngineMemory, SessionMemory } from "./memory.ts";
import type { Session, Turn } from "./session.ts";
import {
  adoptModel,
  close,
  detectionTime,
  makeSession,
  reachDeadlines,
  receive,
  report,
  startSession,
  transmitInterval,
} from "./session.ts";

export interface BfdEngineOptions {
  /** Of discriminators and jitter. */
  readonly seed: number;
}

const TELL_AGAIN = seconds(60);
const NOTHING: readonly BfdAction[] = [];

/** An engine without sessions. Packets that wait are to be told before `ClockReached`. */
export function createBfdEngine(options: BfdEngineOptions): Engine<BfdInput, BfdAction, BfdSnapshot> {
  return new BfdEngine(options.seed, { random: options.seed, stopped: false, dropped: {}, told: {} }, []);
}

/**
 * An engine that goes on from a snapshot, which may have been JSON in between. At the snapshot's own instant it behaves
 * as the original would. Where `now` is later, it speaks at once and gives each neighbour a whole detection time.
 */
export function restoreBfdEngine(
  snapshot: BfdSnapshot,
  now: Instant,
): Engine<BfdInput, BfdAction, BfdSnapshot> {
  const sessions = snapshot.sessions.map(({ model, memory }) => makeSession(model, copyPlain(memory)));
  if (now > snapshot.at) for (const session of sessions) resume(session, now);
  const memory = copyPlain(snapshot.engine);
  return new BfdEngine(memory.random, memory, sessions);
}

function resume(session: Session, now: Instant): void {
  const { memory } = session;
  if (memory.transmitAt !== undefined) memory.transmitAt = now;
  if (memory.detectAt !== undefined) memory.detectAt = now + (detectionTime(session) ?? 0);
}

class BfdEngine implements Engine<BfdInput, BfdAction, BfdSnapshot> {
  readonly #memory: EngineMemory;
  readonly #turn: Turn;
  #sessions: readonly Session[];

  constructor(random: number, memory: EngineMemory, sessions: readonly Session[]) {
    this.#memory = memory;
    this.#sessions = sessions;
    const prng = new Prng(random);
    this.#turn = { now: 0, random: prng, out: [], newDiscriminator: () => this.#newDiscriminator(prng) };
  }

  handle(now: Instant, input: BfdInput): readonly BfdAction[] {
    const turn = this.#turn;
    turn.now = now;
    if (!this.#memory.stopped) this.#decide(input);
    if (turn.out.length === 0) return NOTHING;
    const { out } = turn;
    turn.out = [];
    return out;
  }

  nextDeadline(): Instant | undefined {
    let earliest: Instant | undefined;
    for (const { memory } of this.#sessions) {
      const { transmitAt, detectAt } = memory;
      if (transmitAt !== undefined && (earliest === undefined || transmitAt < earliest))
        earliest = transmitAt;
      if (detectAt !== undefined && (earliest === undefined || detectAt < earliest)) earliest = detectAt;
    }
    return earliest;
  }

  snapshot(now: Instant): BfdSnapshot {
    return {
      at: now,
      sessions: this.#sessions.map((session) => ({
        model: session.model,
        memory: copyPlain(session.memory) as SessionMemory,
        transmitInterval: transmitInterval(session),
        detectionTime: detectionTime(session),
      })),
      engine: { ...copyPlain(this.#memory), random: this.#turn.random.state },
    };
  }

  #decide(input: BfdInput): void {
    switch (input.kind) {
      case "ConfigChanged":
        this.#configure(input.sessions);
        return;
      case "PacketReceived":
        this.#receive(input);
        return;
      case "ClockReached":
        for (const session of this.#sessions) reachDeadlines(this.#turn, session);
        return;
      case "StopRequested":
        for (const session of this.#sessions)
          close(this.#turn, session, { kind: "stop-requested", by: input.by });
        this.#memory.stopped = true;
        this.#turn.out.push({ kind: "Stopped" });
        return;
      default:
        unreachable(input);
    }
  }

  /** Sessions are matched by name; one that leads elsewhere now is another session. */
  #configure(models: readonly BfdModel[]): void {
    const turn = this.#turn;
    const wanted = new Map(models.map((model) => [model.name, model]));
    const kept = new Map<string, Session>();
    const reason: BfdReason = { kind: "removed-by-reload" };
    for (const session of this.#sessions) {
      const next = wanted.get(session.model.name);
      if (next !== undefined && isSamePath(session.model, next)) {
        kept.set(next.name, session);
        continue;
      }
      close(turn, session, reason);
      report(turn, session, false, reason);
    }
    const sessions: Session[] = [];
    // Discriminators are compared with those in the list.
    this.#sessions = sessions;
    for (const session of kept.values()) sessions.push(session);
    for (const model of models) {
      const session = kept.get(model.name);
      if (session === undefined) sessions.push(startSession(turn, model));
      else if (changesBehaviour(session.model, model)) adoptModel(turn, session, model);
      else session.model = model;
    }
    const order = new Map(models.map(({ name }, index) => [name, index]));
    sessions.sort((a, b) => (order.get(a.model.name) ?? 0) - (order.get(b.model.name) ?? 0));
  }

  #receive(input: BfdPacketReceived): void {
    const decoded = decodeBfd(input.payload);
    if (!decoded.ok) {
      this.#drop(input, decoded.error, undefined);
      return;
    }
    const packet = decoded.value;
    const session = this.#find(packet, input);
    if (session === undefined) {
      const reason = packet.yourDiscriminator === 0 ? "unknown-neighbour" : "unknown-discriminator";
      this.#drop(input, reason, undefined);
      return;
    }
    const { hopLimit, maxHops } = session.model;
    if (maxHops >= 0 && input.hopLimit + maxHops < hopLimit) {
      this.#drop(input, "hop-limit", session);
      return;
    }
    receive(this.#turn, session, packet, input.source);
  }

  /** RFC 5880 section 6.3: by our discriminator; at the beginning by the addresses. */
  #find(packet: BfdPacket, input: BfdPacketReceived): Session | undefined {
    const { yourDiscriminator } = packet;
    return this.#sessions.find(({ model, memory }) => {
      if (model.multihop !== input.multihop) return false;
      if (yourDiscriminator !== 0) return memory.localDiscriminator === yourDiscriminator;
      if (model.neighbour !== input.source) return false;
      if (model.source !== undefined && model.source !== input.destination) return false;
      return model.interface === undefined || model.interface === input.interface;
    });
  }

  #drop(input: BfdPacketReceived, reason: BfdDropReason, session: Session | undefined): void {
    const { dropped, told } = this.#memory;
    const { now } = this.#turn;
    dropped[reason] = (dropped[reason] ?? 0) + 1;
    const last = told[reason];
    if (last !== undefined && now < last.at + TELL_AGAIN) {
      last.suppressed++;
      return;
    }
    told[reason] = { at: now, suppressed: 0 };
    this.#turn.out.push({
      kind: "Emit",
      event: {
        at: now,
        session: session?.model.name,
        kind: "PacketDropped",
        reason,
        source: input.source,
        suppressed: last?.suppressed ?? 0,
      },
    });
  }

  #newDiscriminator(prng: Prng): number {
    for (;;) {
      const candidate = prng.uint32();
      const taken = this.#sessions.some(({ memory }) => memory.localDiscriminator === candidate);
      if (candidate !== 0 && !taken) return candidate;
    }
  }
}

/** Whether both lead to the same neighbour by the same way: then it is one session. */
export function isSamePath(a: BfdModel, b: BfdModel): boolean {
  return (
    a.neighbour === b.neighbour &&
    a.source === b.source &&
    a.interface === b.interface &&
    a.multihop === b.multihop
  );
}

/** Whether our packets, or when they go out, differ. */
function changesBehaviour(a: BfdModel, b: BfdModel): boolean {
  return (
    a.requiredMinRx !== b.requiredMinRx ||
    a.desiredMinTx !== b.desiredMinTx ||
    a.idleTx !== b.idleTx ||
    a.multiplier !== b.multiplier ||
    a.passive !== b.passive
  );
}
