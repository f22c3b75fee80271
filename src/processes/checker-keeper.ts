/**
 * Keeps the checker child running, as the supervisor sees it: there is one only where the configuration has virtual servers.
 * Its death touches neither an election nor the kernel's table: the next life goes on from the last snapshot.
 */
import type { Micros } from "../base/time.ts";
import { seconds } from "../base/time.ts";
import type { Loop, Timer } from "../host/loop.ts";
import type { SupervisorEvent } from "../observe/journal-entry.ts";
import type { ChildExit } from "../supervise/respawn.ts";
import { type ServiceTexts, serviceChange } from "../supervise/service-texts.ts";
import type { Measurement } from "../vrrp/input.ts";
import type { ChildLife, ChildListener } from "./child.ts";
import { Child } from "./child.ts";
import type { Followed, FromChecker, ToChecker } from "./messages.ts";
import { parseFromChecker } from "./messages.ts";
import type { RunOptions } from "./run-options.ts";

/** Tens of thousands of servers take seconds to take in. */
const SILENCE_LIMIT: Micros = seconds(30);
/** Before its first word: a machine that is too slow for a start is not helped by another one. Nothing waits for it. */
const START_LIMIT: Micros = seconds(180);
const PING_INTERVAL: Micros = seconds(5);
/** Lives in a row that ended before they could say where they stood. What they all went on from may be what ends them. */
const LIVES_OF_SNAPSHOT = 3;

export interface CheckerKeeperListener {
  message(message: FromChecker): void;
  event(event: SupervisorEvent): void;
  exited(exit: ChildExit, ended: ChildLife): void;
  /** The configuration has no virtual server any more, and the child has let go of those it had. */
  left(): void;
}

/** A configuration, as far as it concerns the checker child. */
interface CheckerConfiguration {
  readonly generation: number;
  /** Its `CheckerSlice`. */
  readonly text: string;
  readonly services: ServiceTexts;
}

/** What of a child process is used here. */
export type CheckerProcess = ChildLife & {
  readonly outbox: { post(message: ToChecker): void };
  kill(signal: NodeJS.Signals): void;
};
export type SpawnChecker = (listener: ChildListener<FromChecker>) => CheckerProcess;

/** What a new life goes on from, and the configuration under which it was true. */
interface Restorable {
  readonly snapshot: string;
  readonly slice: CheckerConfiguration;
}

export class CheckerKeeper {
  readonly #loop: Loop;
  readonly #options: RunOptions;
  readonly #spawn: SpawnChecker;
  readonly #listener: CheckerKeeperListener;
  readonly #pingTimer: Timer;
  readonly #followed = new Map<string, Followed>();
  #measured: readonly Measurement[] = [];
  #child: CheckerProcess | undefined;
  #slice: CheckerConfiguration | undefined;
  /** Those that the child may still run with, oldest first: all that came since its last snapshot. */
  #recent: readonly CheckerConfiguration[] = [];
  #restorable: Restorable | undefined;
  /** Lives that began with it and have not said where they stand. */
  #livesOfSnapshot = 0;
  #greeted = false;
  #started = false;
  /** Told to take its services out and end. */
  #leaving = false;
  #ending = false;
  #heardAt = 0;

  constructor(
    loop: Loop,
    options: RunOptions,
    version: string,
    listener: CheckerKeeperListener,
    spawn: SpawnChecker = (child) => new Child(loop, "checker", options, version, parseFromChecker, child),
  ) {
    this.#loop = loop;
    this.#options = options;
    this.#spawn = spawn;
    this.#listener = listener;
    this.#pingTimer = loop.timer(() => this.#ping());
  }

  get child(): ChildLife | undefined {
    return this.#child;
  }

  /** Takes a configuration; null ends a child that runs. Answers whether a child will say `Applied`. */
  configure(
    generation: number,
    text: string | null,
    services: ServiceTexts,
    measured: readonly Measurement[],
  ): boolean {
    this.#measured = measured;
    const before = this.#slice;
    if (text === null || !this.#options.runCheckers) {
      this.#slice = undefined;
      this.#forget();
      this.#leave("no virtual server is configured any more");
      return false;
    }
    const slice = { generation, text, services };
    this.#slice = slice;
    this.#recent = [...this.#recent, slice];
    if (this.#started && !this.#leaving && before !== undefined) this.#configure(before, slice);
    else this.start();
    return true;
  }

  #configure(before: CheckerConfiguration, { generation, text, services }: CheckerConfiguration): void {
    const change = serviceChange(before.services, services);
    this.post({ kind: "Configure", generation, slice: text, services: change, measured: this.#measured });
  }

  #forget(): void {
    this.#recent = this.#slice === undefined ? [] : [this.#slice];
    this.#restorable = undefined;
    this.#livesOfSnapshot = 0;
  }

  /** Starts a child if there is something for it to do and none runs. */
  start(): void {
    if (this.#child !== undefined || this.#slice === undefined || this.#ending) return;
    if (this.#livesOfSnapshot >= LIVES_OF_SNAPSHOT) this.#forget();
    const child = this.#spawn({
      message: (message) => this.#receive(message),
      exited: (exit) => this.#exited(exit),
    });
    this.#child = child;
    this.#greeted = false;
    this.#started = false;
    this.#leaving = false;
    this.#heardAt = child.startedAt;
    this.#pingTimer.set(child.startedAt + PING_INTERVAL);
    const warm = this.#restorable !== undefined;
    if (warm) this.#livesOfSnapshot++;
    this.#listener.event({ kind: "ChildStarted", child: "checker", pid: child.pid ?? 0, warm });
  }

  measure(measured: readonly Measurement[]): void {
    const fresh = new Set(measured.map(({ tracker, name }) => `${tracker} ${name}`));
    const others = this.#measured.filter(({ tracker, name }) => !fresh.has(`${tracker} ${name}`));
    this.#measured = [...others, ...measured];
    this.post({ kind: "Measured", measured });
  }

  /** A verdict of BFD or a state of VRRP: passed on, and told again to a child that is started again. */
  follow(followed: Followed): void {
    this.#followed.set(`${followed.what} ${followed.name}`, followed);
    this.post({ kind: "Followed", followed });
  }

  post(message: ToChecker): void {
    if (this.#started) this.#child?.outbox.post(message);
  }

  stop(by: string): void {
    this.#ending = true;
    this.#leave(by);
  }

  kill(): void {
    this.#child?.kill("SIGKILL");
  }

  close(): void {
    this.#pingTimer.close();
  }

  #leave(by: string): void {
    if (this.#child === undefined || this.#leaving) return;
    this.#leaving = true;
    this.#child.outbox.post({ kind: "Stop", by });
  }

  #receive(message: FromChecker): void {
    this.#heardAt = this.#loop.now();
    switch (message.kind) {
      case "Hello":
        this.#greeted = true;
        this.#greet();
        return;
      case "Pong":
        return;
      case "Snapshot":
        this.#remember(message.generation, message.text);
        return;
      default:
        break;
    }
    this.#listener.message(message);
  }

  #remember(generation: number, snapshot: string): void {
    this.#livesOfSnapshot = 0;
    this.#recent = this.#recent.filter((one) => one.generation >= generation);
    const slice = this.#recent.find((one) => one.generation === generation);
    if (slice !== undefined) this.#restorable = { snapshot, slice };
  }

  /** A new life begins where the last snapshot was taken, and is told of what came since. */
  #greet(): void {
    const slice = this.#slice;
    if (!this.#greeted || slice === undefined || this.#leaving) return;
    this.#started = true;
    const { generation, text, services } = this.#restorable?.slice ?? slice;
    this.post({
      kind: "Start",
      generation,
      slice: text,
      services: serviceChange(new Map(), services),
      snapshot: this.#restorable?.snapshot ?? null,
      release: this.#options.releaseServices,
      measured: this.#measured,
      followed: [...this.#followed.values()],
    });
    if (generation !== slice.generation) this.#configure({ generation, text, services }, slice);
  }

  /** What lies unread in the channel is read first. */
  #ping(): void {
    setImmediate(() => {
      if (this.#child === undefined) return;
      const now = this.#loop.now();
      const silentFor = now - this.#heardAt;
      if (silentFor > (this.#greeted ? SILENCE_LIMIT : START_LIMIT)) {
        this.#listener.event({ kind: "HeartbeatMissed", child: "checker", silentFor });
        this.kill();
        return;
      }
      this.post({ kind: "Ping" });
      this.#pingTimer.set(now + PING_INTERVAL);
    });
  }

  #exited(exit: ChildExit): void {
    const ended = this.#child;
    if (ended === undefined) return;
    const left = this.#leaving;
    this.#child = undefined;
    this.#started = false;
    this.#pingTimer.set(undefined);
    if (!left || this.#ending) {
      this.#listener.exited(exit, ended);
      return;
    }
    this.#forget();
    this.#listener.left();
    // A configuration with services may have come meanwhile.
    this.start();
  }
}
