/**
 * The loop around an engine: it hands over what has arrived before it says that a deadline was reached, and has one timer,
 * armed at `nextDeadline`.
 */
import type { Prng } from "../src/base/prng.ts";
import type { Instant } from "../src/base/time.ts";
import type { VrrpInput } from "../src/vrrp/input.ts";
import type { Planned, VirtualClock } from "./clock.ts";
import type { Damage } from "./network.ts";
import type { LoopMood } from "./spec.ts";
import { Violation } from "./violation.ts";

/** The process that the loop is in. */
export interface LoopOwner {
  readonly name: string;
  readonly mood: LoopMood;
  /** It is there and gets processor time. */
  readonly isAwake: boolean;
  nextDeadline(): Instant | undefined;
  handle(now: Instant, input: VrrpInput, damage: Damage): void;
  /** The loop has done all there was to do. */
  turnEnded(): void;
}

const MOST_ROUNDS = 1_000;

export class Loop {
  readonly #owner: LoopOwner;
  readonly #clock: VirtualClock;
  readonly #random: Prng;
  #inbox: { readonly input: VrrpInput; readonly damage: Damage }[] = [];
  #wake: Planned | undefined;

  constructor(owner: LoopOwner, clock: VirtualClock, random: Prng) {
    this.#owner = owner;
    this.#clock = clock;
    this.#random = random;
  }

  /** How much waits to be read. */
  get waiting(): number {
    return this.#inbox.length;
  }

  /** A fact arrives, and is read a while later. */
  add(input: VrrpInput, damage: Damage): void {
    this.#inbox.push({ input, damage });
    this.wakeAt(this.#clock.now + this.#random.integer(0, this.#owner.mood.latencyMax));
  }

  wakeAt(at: Instant): void {
    if (this.#wake !== undefined && this.#wake.at <= at) return;
    this.#wake?.cancel();
    this.#wake = this.#clock.at(at, () => {
      this.#wake = undefined;
      this.#turn();
    });
  }

  /** Sets the timer. */
  arm(): void {
    const deadline = this.#owner.nextDeadline();
    if (deadline === undefined) return;
    const { now } = this.#clock;
    this.wakeAt(Math.max(deadline, now) + this.#random.integer(0, this.#owner.mood.latenessMax));
  }

  /** The process is gone, and with it what nobody has read. */
  end(): void {
    this.#inbox = [];
    this.#wake?.cancel();
    this.#wake = undefined;
  }

  #turn(): void {
    const owner = this.#owner;
    if (!owner.isAwake) return;
    const { now } = this.#clock;
    const inbox = this.#inbox;
    this.#inbox = [];
    for (const { input, damage } of inbox) owner.handle(now, input, damage);
    for (let round = 0; ; round++) {
      const deadline = owner.nextDeadline();
      if (deadline === undefined || deadline > now) break;
      if (round > MOST_ROUNDS) throw new Violation("progress", `${owner.name} stays at deadline ${deadline}`);
      owner.handle(now, { kind: "ClockReached" }, undefined);
    }
    if (!owner.isAwake) return;
    owner.turnEnded();
    this.arm();
  }
}
