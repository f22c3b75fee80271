/**
 * Keeps the vrrp child running, as the supervisor sees it: what it needs to go on after its death (configuration, last
 * snapshot), the ledger of what it holds, its heartbeats, and the decision between going on and letting go.
 */
import { formatOsError } from "../base/result.ts";
import type { Instant, Micros } from "../base/time.ts";
import { removeFirewallTables } from "../host/firewall.ts";
import type { Loop, Timer } from "../host/loop.ts";
import { releaseHeld } from "../host/release-held.ts";
import { runtimePaths } from "../host/runtime-dir.ts";
import { threadTime } from "../host/thread-time.ts";
import type { SupervisorEvent } from "../observe/journal-entry.ts";
import { HeartbeatWatch } from "../supervise/heartbeat.ts";
import { Ledger, releaseDeadline } from "../supervise/ledger.ts";
import type { ChildExit } from "../supervise/respawn.ts";
import type { Measurement } from "../vrrp/input.ts";
import type { ChildLife } from "./child.ts";
import { Child } from "./child.ts";
import { HoldingsFile } from "./holdings-file.ts";
import { readHoldings, undoInterfaces } from "./interface-keeper.ts";
import type { FromVrrp, ToVrrp } from "./messages.ts";
import { parseFromVrrp } from "./messages.ts";
import type { RunOptions } from "./run-options.ts";

export interface VrrpKeeperListener {
  /** Messages that the keeper does not deal with itself, and all that others want to hear too. */
  message(message: FromVrrp): void;
  event(event: SupervisorEvent): void;
  exited(exit: ChildExit, ended: ChildLife): void;
  /** The child has been sent a cold start. */
  startedCold(): void;
  /** The ledger is empty and no child runs. */
  released(): void;
}

interface Slice {
  readonly generation: number;
  readonly text: string;
}

export class VrrpKeeper {
  readonly #loop: Loop;
  readonly #options: RunOptions;
  readonly #version: string;
  readonly #listener: VrrpKeeperListener;
  readonly #ledger = new Ledger();
  readonly #measured = new Map<string, Measurement>();
  readonly #holdings: HoldingsFile;
  /** nftables tables that the child may have made. */
  readonly #tables = new Set<string>();
  readonly #heartbeatTimer: Timer;
  readonly #releaseTimer: Timer;
  #child: Child<FromVrrp, ToVrrp> | undefined;
  #watch: HeartbeatWatch | undefined;
  #slice: Slice | undefined;
  #snapshot: string | undefined;
  #masterDown: Micros | undefined;
  #aliveUntil: Instant = 0;
  #greeted = false;
  #sent: "nothing" | "cold" | "warm" | "running" = "nothing";
  #killedForSilence = false;
  #releasing = false;
  #ending = false;

  constructor(loop: Loop, options: RunOptions, version: string, listener: VrrpKeeperListener) {
    this.#loop = loop;
    this.#options = options;
    this.#version = version;
    this.#listener = listener;
    this.#holdings = new HoldingsFile(runtimePaths(options.runtimeDir).interfaces);
    this.#heartbeatTimer = loop.timer((now) => this.#checkLater(now));
    this.#releaseTimer = loop.timer(() => this.#release());
  }

  get child(): Child<FromVrrp, ToVrrp> | undefined {
    return this.#child;
  }

  /** A child runs, or addresses of a dead one are being removed. */
  get busy(): boolean {
    return this.#child !== undefined || this.#releasing;
  }

  /** The last heartbeat is recent; true also while nothing is configured. */
  isFresh(now: Instant): boolean {
    return this.#slice === undefined || this.#watch?.isFresh(now) === true;
  }

  start(): void {
    if (this.#child !== undefined || this.#ending) return;
    const child = new Child(this.#loop, "vrrp", this.#options, this.#version, parseFromVrrp, {
      message: (message) => this.#receive(message),
      exited: (exit) => this.#exited(exit),
    });
    this.#child = child;
    this.#greeted = false;
    this.#sent = "nothing";
    this.#killedForSilence = false;
    this.#watch = new HeartbeatWatch(child.startedAt);
    this.#heartbeatTimer.set(this.#watch.firstCheck());
    const warm = this.#canResume();
    this.#listener.event({ kind: "ChildStarted", child: "vrrp", pid: child.pid ?? 0, warm });
  }

  configure(generation: number, text: string, measured: readonly Measurement[]): void {
    this.#slice = { generation, text };
    this.#measured.clear();
    this.#remember(measured);
    if (this.#sent === "nothing") this.#greet();
    else this.#child?.outbox.post({ kind: "Configure", generation, slice: text, measured }, "latest");
  }

  /** Numbers of files and processes: passed on, and told again to a child that is started again. */
  measure(measured: readonly Measurement[]): void {
    this.#remember(measured);
    this.post({ kind: "Measured", measured });
  }

  get measured(): readonly Measurement[] {
    return [...this.#measured.values()];
  }

  post(message: ToVrrp): void {
    if (this.#sent !== "nothing") this.#child?.outbox.post(message);
  }

  /** Asks for a release and the end. Without a running child what is left in the ledger is removed. */
  stop(by: string): void {
    this.#ending = true;
    if (this.#child !== undefined) this.#child.outbox.post({ kind: "Stop", by });
    else if (this.#options.releaseOnStop) this.#releaseAll();
  }

  kill(): void {
    this.#child?.kill("SIGKILL");
  }

  close(): void {
    this.#heartbeatTimer.close();
    this.#releaseTimer.close();
  }

  #remember(measured: readonly Measurement[]): void {
    for (const one of measured) this.#measured.set(`${one.tracker} ${one.name}`, one);
  }

  #receive(message: FromVrrp): void {
    switch (message.kind) {
      case "Hello":
        this.#greeted = true;
        this.#greet();
        return;
      case "Beat":
        this.#beat(message.masterDown ?? undefined);
        return;
      case "Ledger":
        for (const entry of message.entries) {
          if (message.change === "added") this.#ledger.added(entry);
          else this.#ledger.removed(entry);
        }
        return;
      case "Holdings":
        this.#holdings.write(message.text);
        return;
      case "FirewallTable":
        this.#tables.add(message.name);
        return;
      case "Snapshot":
        this.#snapshot = message.text;
        break;
      case "Resumed":
        this.#sent = "running";
        this.#releaseTimer.set(undefined);
        return;
      default:
        break;
    }
    this.#listener.message(message);
  }

  #beat(masterDown: Micros | undefined): void {
    const watch = this.#watch;
    if (watch === undefined) return;
    watch.beat(this.#loop.now(), masterDown);
    this.#heartbeatTimer.set(watch.firstCheck());
    // Until it has gone on, a new child is master of nothing, but what the one before was master of still counts.
    if (this.#sent === "cold" || this.#sent === "running") this.#masterDown = masterDown;
  }

  #greet(): void {
    const child = this.#child;
    if (child === undefined || !this.#greeted || this.#slice === undefined || this.#releasing) return;
    const warm = this.#canResume();
    if (!warm && this.#ledger.size > 0) {
      // Nobody goes on with these addresses. The start follows when they are gone.
      this.#release();
      return;
    }
    this.#sent = warm ? "warm" : "cold";
    child.outbox.post({
      kind: "Start",
      generation: this.#slice.generation,
      slice: this.#slice.text,
      snapshot: warm ? (this.#snapshot ?? null) : null,
      aliveUntil: this.#aliveUntil,
      holdings: this.#holdings.text,
      releaseOnStop: this.#options.releaseOnStop,
      measured: this.measured,
    });
    if (!warm) this.#listener.startedCold();
  }

  /** A master may go on as long as its peers still wait for it. */
  #canResume(): boolean {
    if (this.#snapshot === undefined || this.#masterDown === undefined) return false;
    return this.#loop.now() < releaseDeadline(this.#aliveUntil, this.#masterDown);
  }

  #exited(exit: ChildExit): void {
    const ended = this.#child;
    if (ended === undefined) return;
    const now = this.#loop.now();
    this.#child = undefined;
    this.#heartbeatTimer.set(undefined);
    // One that died before it went on says nothing new: the deadline of the life before stands.
    if (this.#sent === "running" || this.#sent === "cold") {
      const silentSince = this.#killedForSilence ? this.#watch?.lastBeat : undefined;
      this.#aliveUntil = silentSince ?? now;
    }
    this.#sent = "nothing";
    if (this.#ending) this.#leave(exit);
    else if (this.#ledger.size > 0)
      this.#releaseTimer.set(releaseDeadline(this.#aliveUntil, this.#masterDown));
    this.#listener.exited(exit, ended);
  }

  #leave(exit: ChildExit): void {
    // A clean end with --dont-release-vrrp leaves the addresses on purpose.
    const isClean = exit.kind === "exited" && exit.code === 0;
    if (isClean && !this.#options.releaseOnStop) this.#ledger.clear();
    if (isClean) this.#tables.clear();
    this.#releaseAll();
  }

  /** In the end everything goes that a dead child has left: addresses first, then interfaces and settings. */
  #releaseAll(): void {
    if (this.#ledger.size + this.#tables.size > 0) this.#release();
    else if (this.#options.releaseOnStop) this.#undoInterfaces();
  }

  #undoInterfaces(): void {
    const { text } = this.#holdings;
    if (text === null) return;
    this.#releasing = true;
    undoInterfaces(this.#loop, readHoldings(text), () => {
      this.#holdings.write("");
      this.#releasing = false;
      this.#listener.released();
    });
  }

  /** The addresses go, now. A child that has not gone on yet must not go on either. */
  #release(): void {
    this.#snapshot = undefined;
    this.#masterDown = undefined;
    if (this.#sent === "warm") {
      // Its exit leads here again.
      this.kill();
      return;
    }
    const entries = this.#ledger.entries();
    const tables = [...this.#tables];
    this.#ledger.clear();
    this.#tables.clear();
    if (entries.length + tables.length === 0) return;
    this.#releasing = true;
    const items = entries.map(({ held }) => held);
    releaseHeld(this.#loop, items, ({ released, failed }) =>
      // In this order: an address must not answer in between.
      removeFirewallTables(this.#loop, tables, (errors) => {
        this.#releasing = false;
        const all = [...failed, ...errors.map((error) => formatOsError(error))];
        this.#listener.event({ kind: "LedgerReleased", addresses: released, failed: all });
        this.#greet();
        if (this.#ending && this.#options.releaseOnStop) this.#undoInterfaces();
        if (!this.#releasing) this.#listener.released();
      }),
    );
  }

  /** Heartbeats that lie unread in the channel are read first. */
  #checkLater(_now: Instant): void {
    setImmediate(() => {
      const watch = this.#watch;
      if (watch === undefined || this.#child === undefined) return;
      const { pid } = this.#child;
      const verdict = watch.check(this.#loop.now(), pid === undefined ? undefined : threadTime(pid));
      if (verdict.kind === "fresh") {
        this.#heartbeatTimer.set(verdict.checkAt);
        return;
      }
      this.#listener.event({ kind: "HeartbeatMissed", child: "vrrp", silentFor: verdict.silentFor });
      this.#killedForSilence = true;
      this.kill();
    });
  }
}
