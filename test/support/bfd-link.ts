/** Two BFD engines on a virtual clock with a link between them that loses, delays and can be cut. */
import { Prng } from "../../src/base/prng.ts";
import { type Instant, type Micros, millis } from "../../src/base/time.ts";
import type { BfdAction } from "../../src/bfd/action.ts";
import { createBfdEngine } from "../../src/bfd/engine.ts";
import type { BfdEvent } from "../../src/bfd/event.ts";
import type { BfdInput } from "../../src/bfd/input.ts";
import type { BfdSnapshot, SessionMemory } from "../../src/bfd/memory.ts";
import type { BfdModel } from "../../src/model/model.ts";
import type { Engine } from "../../src/ports/engine.ts";
import { type BfdPacket, decodeBfd } from "../../src/wire/bfd.ts";

export const ADDRESSES = ["10.9.0.1", "10.9.0.2"] as const;

/** A session towards the other end of a {@link BfdLink}. */
export function bfdModel(changes: Partial<BfdModel> = {}): BfdModel {
  return {
    name: "peer",
    family: "ipv4",
    neighbour: ADDRESSES[1],
    source: undefined,
    interface: undefined,
    multihop: false,
    requiredMinRx: millis(50),
    desiredMinTx: millis(50),
    idleTx: millis(1000),
    multiplier: 3,
    passive: false,
    hopLimit: 255,
    maxHops: 0,
    weight: 0,
    reverse: false,
    tellsVrrp: true,
    tellsChecker: true,
    ...changes,
  };
}

export interface SeenPacket {
  readonly at: Instant;
  readonly from: 0 | 1;
  readonly packet: BfdPacket;
}

interface Flight {
  readonly at: Instant;
  readonly to: 0 | 1;
  readonly payload: Uint8Array;
}

export class End {
  engine: Engine<BfdInput, BfdAction, BfdSnapshot>;
  readonly events: BfdEvent[] = [];
  /** What followers were told. */
  readonly told: { readonly at: Instant; readonly up: boolean }[] = [];
  /** Not scheduled until then. */
  pausedUntil: Instant = 0;

  constructor(seed: number) {
    this.engine = createBfdEngine({ seed });
  }

  session(now: Instant): Readonly<SessionMemory> {
    const [first] = this.engine.snapshot(now).sessions;
    if (first === undefined) throw new Error("no session");
    return first.memory;
  }
}

export interface LinkOptions {
  readonly seed?: number;
  /** Share of packets lost. */
  readonly loss?: number;
  readonly delay?: Micros;
  readonly jitter?: Micros;
}

export class BfdLink {
  now: Instant = 0;
  readonly ends: readonly [End, End];
  readonly packets: SeenPacket[] = [];
  /** Share of packets lost, by sender. */
  readonly loss: [number, number];
  readonly #random: Prng;
  readonly #options: LinkOptions;
  #flights: Flight[] = [];

  constructor(options: LinkOptions = {}) {
    const seed = options.seed ?? 1;
    this.#random = new Prng(seed);
    this.#options = options;
    this.loss = [options.loss ?? 0, options.loss ?? 0];
    this.ends = [new End(seed * 2 + 11), new End(seed * 2 + 12)];
  }

  configure(end: 0 | 1, changes: Partial<BfdModel> = {}): void {
    const neighbour = ADDRESSES[end === 0 ? 1 : 0];
    this.feed(end, { kind: "ConfigChanged", sessions: [bfdModel({ neighbour, ...changes })] });
  }

  feed(end: 0 | 1, input: BfdInput): void {
    const { engine, events, told } = this.ends[end];
    for (const action of engine.handle(this.now, input)) {
      if (action.kind === "Emit") events.push(action.event);
      if (action.kind === "SessionChanged") told.push({ at: this.now, up: action.up });
      if (action.kind === "SendControl") this.#send(end, action.payload);
    }
  }

  state(end: 0 | 1): string {
    return this.ends[end].session(this.now).state;
  }

  runFor(span: Micros): void {
    this.runUntil(this.now + span, () => false);
  }

  /** Whether the condition came true before the instant. */
  runUntil(end: Instant, condition: () => boolean): boolean {
    while (!condition()) {
      const next = this.#nextInstant();
      if (next === undefined || next > end) {
        this.now = end;
        return condition();
      }
      this.now = Math.max(this.now, next);
      this.#step();
    }
    return true;
  }

  #nextInstant(): Instant | undefined {
    const instants = this.#flights.map(({ at, to }) => Math.max(at, this.ends[to].pausedUntil));
    for (const { engine, pausedUntil } of this.ends) {
      const deadline = engine.nextDeadline();
      if (deadline !== undefined) instants.push(Math.max(deadline, pausedUntil));
    }
    return instants.length === 0 ? undefined : Math.min(...instants);
  }

  /** Packets that wait come before the clock. */
  #step(): void {
    const due = this.#flights.filter(({ at, to }) => Math.max(at, this.ends[to].pausedUntil) <= this.now);
    this.#flights = this.#flights.filter((flight) => !due.includes(flight));
    for (const { to, payload } of due) {
      const [source, destination] = to === 0 ? [ADDRESSES[1], ADDRESSES[0]] : ADDRESSES;
      const kind = "PacketReceived";
      this.feed(to, {
        kind,
        multihop: false,
        interface: "eth0",
        source,
        destination,
        hopLimit: 255,
        payload,
      });
    }
    for (const end of [0, 1] as const) {
      const { engine, pausedUntil } = this.ends[end];
      const deadline = engine.nextDeadline();
      if (deadline !== undefined && Math.max(deadline, pausedUntil) <= this.now) {
        this.feed(end, { kind: "ClockReached" });
      }
    }
  }

  #send(from: 0 | 1, bytes: Uint8Array): void {
    const decoded = decodeBfd(bytes);
    if (!decoded.ok) throw new Error(`sent what a receiver drops: ${decoded.error}`);
    this.packets.push({ at: this.now, from, packet: decoded.value });
    if (this.#random.chance(this.loss[from])) return;
    const { delay = millis(0.2), jitter = 0 } = this.#options;
    const at = this.now + delay + Math.round(jitter * this.#random.fraction());
    this.#flights.push({ at, to: from === 0 ? 1 : 0, payload: bytes.slice() });
  }
}
