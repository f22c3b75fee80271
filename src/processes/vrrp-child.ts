/**
 * The vrrp child: the engine with the kernel on one side and the supervisor on the other. Packets that arrived are always
 * handled before a deadline that passed, so that a process which was not scheduled does not take over from a live master.
 */
import { equalPlain } from "../base/plain.ts";
import type { Instant, Micros } from "../base/time.ts";
import { millis, seconds } from "../base/time.ts";
import type { DefaultRoutes } from "../host/default-routes.ts";
import { openDefaultRoutes } from "../host/default-routes.ts";
import { VrrpExecutor } from "../host/execute-vrrp.ts";
import type { Loop, Timer } from "../host/loop.ts";
import { createLoop } from "../host/loop.ts";
import type { Netlink, NetlinkEvent } from "../host/netlink.ts";
import { openNetlink } from "../host/netlink.ts";
import type { JournalEvent } from "../observe/journal-entry.ts";
import { beatInterval } from "../supervise/heartbeat.ts";
import type { InterfaceHoldings } from "../supervise/interface-facts.ts";
import type { InterfaceWishes } from "../supervise/interface-wishes.ts";
import { NO_WISHES, wishesOf } from "../supervise/interface-wishes.ts";
import type { VrrpEngine } from "../vrrp/engine.ts";
import { createVrrpEngine, restoreVrrpEngine } from "../vrrp/engine.ts";
import type { Measurement, VrrpInput } from "../vrrp/input.ts";
import type { VrrpSnapshot } from "../vrrp/snapshot.ts";
import { shortestMasterDown } from "../vrrp/snapshot.ts";
import type { NextHop } from "../wire/netlink/default-route.ts";
import { afterAll } from "./after-all.ts";
import { BfdSide } from "./bfd-side.ts";
import { deliveryOf } from "./event-log.ts";
import { followedOf } from "./followed.ts";
import { InterfaceKeeper, readHoldings } from "./interface-keeper.ts";
import { ledgerEntry } from "./ledger-entry.ts";
import { removeLeftovers } from "./leftovers.ts";
import type { FromVrrp, ToVrrp, VrrpChildSnapshot, VrrpSlice } from "./messages.ts";
import { parseToVrrp } from "./messages.ts";
import { netlinkInput, staleFacts } from "./netlink-inputs.ts";
import type { ParentChannel } from "./parent-channel.ts";
import { openParentChannel } from "./parent-channel.ts";
import { applyScheduling, VRRP_PROCESS } from "./scheduling.ts";
import { VrrpSnapshotText } from "./snapshot-text.ts";
import { bfdTrouble, vrrpTrouble } from "./socket-trouble.ts";

/** Least time between two snapshots that changed; and a snapshot may cost a tenth of the time at most. */
const SNAPSHOT_SPACING: Micros = millis(20);
const SNAPSHOT_SHARE = 10;
/** A stop must end, whatever the kernel does. */
const STOP_LIMIT: Micros = seconds(4);
/** Milliseconds after which the supervisor removes the nftables table rather than this process. */
const FIREWALL_LIMIT = 1000;

/** A difference of the clocks that is worth telling: far less than `time_window` can be. */
const CLOCK_STEP: Micros = millis(50);

type StartMessage = ToVrrp & { readonly kind: "Start" };
type ConfigureMessage = Pick<StartMessage, "generation" | "measured">;

export function runVrrpChild(): void {
  new VrrpChild().begin();
}

class VrrpChild {
  readonly #loop: Loop = createLoop();
  readonly #engineTimer: Timer;
  readonly #beatTimer: Timer;
  readonly #snapshotTimer: Timer;
  readonly #stopTimer: Timer;
  readonly #snapshotText = new VrrpSnapshotText();
  #channel: ParentChannel<FromVrrp> | undefined;
  #netlink: Netlink | undefined;
  #executor: VrrpExecutor | undefined;
  #interfaces: InterfaceKeeper | undefined;
  #bfd: BfdSide | undefined;
  #routes: DefaultRoutes | undefined;
  #hops: readonly NextHop[] = [];
  #engine: VrrpEngine | undefined;
  #start: StartMessage | undefined;
  #releaseOnStop = true;
  #stopRequested: string | undefined;
  #clockPending = false;
  #masterDown: Micros | undefined;
  #snapshotAt: Instant = 0;
  #snapshotDue: Instant | undefined;
  #snapshotCost: Micros = 0;
  #wallClockOffset: Micros | undefined;
  /** A warm start: the kernel's facts are compared with those of the snapshot once all are known. */
  #restoredFrom: VrrpSnapshot | undefined;

  constructor() {
    this.#engineTimer = this.#loop.timer(() => this.#deadlinePassed());
    this.#beatTimer = this.#loop.timer(() => this.#beat());
    this.#snapshotTimer = this.#loop.timer(() => this.#sendSnapshot());
    this.#stopTimer = this.#loop.timer(() => this.#end());
  }

  begin(): void {
    this.#channel = openParentChannel<ToVrrp, FromVrrp>(this.#loop, parseToVrrp, {
      message: (message) => this.#receive(message),
      terminated: (by) => this.#stop(by),
    });
    this.#post({ kind: "Hello" });
    this.#netlink = openNetlink(this.#loop, (event) => this.#netlinkEvent(event));
    this.#executor = new VrrpExecutor(this.#loop, this.#netlink, {
      input: (input) => this.#handle(input),
      ledger: (change, instance, items) =>
        this.#post({ kind: "Ledger", change, entries: items.map((one) => ledgerEntry(instance, one)) }),
      notify: (request) => this.#post({ kind: "Notify", request }),
      fifo: (line) => this.#post({ kind: "Fifo", line }),
      mail: (subject, body) => this.#post({ kind: "Mail", subject, body }),
      event: (event) => this.#event({ source: "vrrp", event }),
      groupEvent: (event) => this.#event({ source: "group", event }),
      stopped: () => this.#released(),
      trouble: (error) => this.#post({ kind: "Degraded", ...vrrpTrouble(error) }),
    });
    this.#routes = openDefaultRoutes(this.#loop, (hops) => {
      this.#hops = hops;
      this.#tellGateways();
    });
    this.#bfd = new BfdSide(this.#loop, this.#netlink, {
      changed: (input) => this.#handle(input),
      event: (event) => this.#event({ source: "bfd", event }),
      rearm: () => this.#rearm(),
      trouble: (error) => this.#post({ kind: "Degraded", ...bfdTrouble(error) }),
    });
    this.#beat();
  }

  #receive(message: ToVrrp): void {
    switch (message.kind) {
      case "Start":
        this.#start = message;
        this.#keepInterfaces(readHoldings(message.holdings));
        this.#releaseOnStop = message.releaseOnStop;
        if (message.snapshot !== null) this.#startWarm(message, message.snapshot);
        else if (this.#netlink?.synchronised === true) this.#startCold(message);
        return;
      case "Configure":
        this.#configure(message, JSON.parse(message.slice) as VrrpSlice);
        return;
      case "Measured":
        this.#measure(message.measured);
        return;
      case "ScriptFinished":
        this.#handle({
          ...message,
          exitCode: message.exitCode ?? undefined,
          signal: message.signal ?? undefined,
        });
        return;
      case "StatesWanted":
      case "ClearStatistics":
        this.#handle({ kind: message.kind });
        return;
      case "SnapshotWanted":
        this.#sendSnapshot();
        return;
      case "Stop":
        this.#stop(message.by);
        return;
    }
  }

  #keepInterfaces(holdings: InterfaceHoldings): void {
    if (this.#netlink === undefined) return;
    this.#interfaces = new InterfaceKeeper(
      this.#loop,
      this.#netlink,
      {
        holdings: (latest) => this.#post({ kind: "Holdings", text: JSON.stringify(latest) }),
        trouble: (trouble) => this.#post({ kind: "Degraded", ...trouble }),
      },
      holdings,
    );
  }

  /** Goes on where the life before ended: the advertisements go out before the kernel is asked for anything. */
  #startWarm(message: StartMessage, text: string): void {
    const { vrrp: last, bfd } = JSON.parse(text) as VrrpChildSnapshot;
    // Nothing worth a snapshot happened from then until the end of that life.
    const snapshot = { ...last, at: Math.max(last.at, message.aliveUntil) };
    const slice = JSON.parse(message.slice) as VrrpSlice;
    this.#restoredFrom = snapshot;
    this.#engine = restoreVrrpEngine(snapshot, this.#loop.now());
    this.#executor?.takeOverFirewall();
    this.#tellTable(snapshot.model.firewall?.table);
    this.#executor?.configure(snapshot.model);
    this.#tellWallClock();
    this.#handle({ kind: "ClockReached" });
    this.#post({ kind: "Resumed" });
    this.#bfd?.restore(bfd);
    // Keeps what that life had; what the configuration wants instead comes with the reload below.
    this.#interfaces?.apply(wishesOfSlice({ ...slice, model: snapshot.model }));
    const bfdModels = bfd.sessions.map((session) => session.model);
    if (!equalPlain(slice.model, snapshot.model) || !equalPlain(slice.bfd, bfdModels)) {
      this.#configure(message, slice);
    } else {
      this.#measure(message.measured);
      this.#handle({ kind: "HostsResolved", hosts: slice.hosts });
      this.#handle({ kind: "OrdersChanged", orders: slice.orders });
      this.#post({ kind: "Applied", generation: message.generation });
    }
    this.#schedule(slice);
    if (this.#netlink?.synchronised === true) this.#synchronised();
  }

  /** Begins afresh: addresses left over from a life before are removed first, then the engine hears of the host. */
  #startCold(message: StartMessage): void {
    const netlink = this.#netlink;
    if (netlink === undefined) return;
    const slice = JSON.parse(message.slice) as VrrpSlice;
    this.#schedule(slice);
    const ready = afterAll(3, () => {
      this.#engine = createVrrpEngine();
      this.#tellWallClock();
      if (this.#stopRequested !== undefined) {
        this.#released();
        return;
      }
      const now = this.#loop.now();
      this.#engine.handle(now, { kind: "BootTimeKnown", at: now - this.#loop.bootClock() });
      for (const link of netlink.links())
        this.#engine.handle(this.#loop.now(), netlinkInput({ kind: "LinkChanged", link }));
      for (const address of netlink.addresses()) {
        const name = netlink.linkByIndex(address.index)?.name;
        if (name === undefined) continue;
        const input = netlinkInput({ kind: "AddressAdded", interface: name, address, origin: "other" });
        this.#engine.handle(this.#loop.now(), input);
      }
      this.#tellGateways();
      this.#apply(message, slice);
    });
    removeLeftovers(netlink, slice.model, () => {
      ready();
      // In this order: an address of an earlier life must not answer in between.
      this.#executor?.clearFirewall(slice.model.firewall, ready);
    });
    this.#interfaces?.apply(wishesOfSlice(slice), ready);
  }

  /** Interfaces that are new come first, so that no instance begins in FAULT for want of one. */
  #configure(message: ConfigureMessage, slice: VrrpSlice): void {
    this.#interfaces?.prepare(wishesOfSlice(slice), () => {
      if (this.#stopRequested !== undefined) return;
      this.#apply(message, slice);
      this.#interfaces?.apply(wishesOfSlice(slice));
    });
  }

  #apply({ generation, measured }: ConfigureMessage, slice: VrrpSlice): void {
    this.#tellTable(slice.model.firewall?.table);
    this.#executor?.configure(slice.model);
    this.#handle({ kind: "OrdersChanged", orders: slice.orders });
    this.#handle({ kind: "HostsResolved", hosts: slice.hosts });
    this.#handle({ kind: "ConfigChanged", model: slice.model, measured });
    this.#bfd?.configure(slice.bfd);
    this.#post({ kind: "Applied", generation });
    this.#snapshotSoon(this.#loop.now());
  }

  #measure(measured: readonly Measurement[]): void {
    for (const one of measured) this.#handle({ kind: "TrackerMeasured", ...one });
  }

  /** The supervisor removes the table where this process no longer can. */
  #tellTable(name: string | undefined): void {
    if (name !== undefined) this.#post({ kind: "FirewallTable", name });
  }

  #schedule(slice: VrrpSlice): void {
    for (const trouble of applyScheduling(slice.process, VRRP_PROCESS))
      this.#post({ kind: "Degraded", ...trouble });
  }

  /** Signed advertisements carry the time of day: somebody may set it at any moment. */
  #tellWallClock(): void {
    if (this.#engine === undefined) return;
    const offset = this.#loop.wallClock() - this.#loop.now();
    if (this.#wallClockOffset !== undefined && Math.abs(offset - this.#wallClockOffset) < CLOCK_STEP) return;
    this.#wallClockOffset = offset;
    this.#handle({ kind: "WallClockSet", offset });
  }

  #netlinkEvent(event: NetlinkEvent): void {
    if (event.kind === "Synchronised") {
      this.#synchronised();
      return;
    }
    const isLink = event.kind === "LinkChanged" || event.kind === "LinkRemoved";
    if (isLink) this.#executor?.refreshSockets();
    this.#handle(netlinkInput(event));
    if (isLink && this.#stopRequested === undefined) this.#interfaces?.refresh();
    if (isLink) this.#tellGateways();
  }

  #synchronised(): void {
    const netlink = this.#netlink;
    if (netlink === undefined) return;
    if (this.#engine === undefined) {
      if (this.#start !== undefined && this.#start.snapshot === null) this.#startCold(this.#start);
      return;
    }
    this.#interfaces?.refresh();
    const restoredFrom = this.#restoredFrom;
    this.#restoredFrom = undefined;
    if (restoredFrom === undefined) return;
    this.#executor?.refreshSockets();
    for (const link of netlink.links()) this.#handle(netlinkInput({ kind: "LinkChanged", link }));
    for (const input of staleFacts(restoredFrom, netlink)) this.#handle(input);
    this.#tellGateways();
  }

  /** Routes name interfaces by numbers, which are known once the links are. */
  #tellGateways(): void {
    const gateways = this.#hops.flatMap(({ index, gateway }) => {
      const name = this.#netlink?.linkByIndex(index)?.name;
      return name === undefined ? [] : [{ interface: name, address: gateway }];
    });
    this.#handle({ kind: "GatewaysChanged", gateways });
  }

  #handle(input: VrrpInput): void {
    const engine = this.#engine;
    if (engine === undefined) return;
    this.#executor?.execute(engine.handle(this.#loop.now(), input));
    this.#rearm();
  }

  /** One timer for both engines. */
  #rearm(): void {
    const vrrp = this.#engine?.nextDeadline();
    const bfd = this.#bfd?.nextDeadline();
    this.#engineTimer.set(vrrp === undefined || bfd === undefined ? (vrrp ?? bfd) : Math.min(vrrp, bfd));
  }

  /** Everything readable in this turn of the event loop comes first: `setImmediate` runs after all of it. */
  #deadlinePassed(): void {
    if (this.#clockPending) return;
    this.#clockPending = true;
    setImmediate(() => {
      this.#clockPending = false;
      this.#handle({ kind: "ClockReached" });
      this.#bfd?.handle({ kind: "ClockReached" });
    });
  }

  #event(journal: JournalEvent & { readonly source: "vrrp" | "group" | "bfd" }): void {
    const { event } = journal;
    const followed = followedOf(journal);
    if (followed !== undefined) this.#post({ kind: "Followed", followed });
    this.#channel?.outbox.post({ kind: "Event", at: event.at, event: journal }, deliveryOf(journal));
    // An expensive one stays clear of the takeover's own work.
    const spacing = event.kind === "StateChanged" ? SNAPSHOT_SPACING : seconds(1);
    this.#snapshotSoon(Math.max(event.at + 2 * this.#snapshotCost, this.#snapshotAt + spacing));
  }

  #snapshotSoon(wanted: Instant): void {
    const earliest = this.#snapshotAt + this.#snapshotCost * SNAPSHOT_SHARE;
    const due = Math.max(wanted, earliest);
    if (this.#snapshotDue !== undefined && this.#snapshotDue <= due) return;
    this.#snapshotDue = due;
    this.#snapshotTimer.set(due);
  }

  #sendSnapshot(): void {
    const engine = this.#engine;
    if (engine === undefined) return;
    this.#snapshotDue = undefined;
    this.#snapshotTimer.set(undefined);
    const begun = this.#loop.now();
    const snapshot = engine.view(begun);
    const bfd = this.#bfd?.snapshot(begun);
    const kernelRequests = this.#netlink?.submitted() ?? 0;
    const text = this.#snapshotText.of(snapshot, { bfd, kernelRequests });
    this.#channel?.outbox.post({ kind: "Snapshot", text }, "latest");
    this.#snapshotAt = this.#loop.now();
    this.#snapshotCost = this.#snapshotAt - begun;
    const before = this.#masterDown;
    this.#masterDown = shortestMasterDown(snapshot);
    if (this.#masterDown !== before) this.#beat();
  }

  #beat(): void {
    this.#tellWallClock();
    this.#channel?.outbox.post({ kind: "Beat", masterDown: this.#masterDown ?? null }, "latest");
    const dropped = this.#channel?.outbox.takeDropped() ?? 0;
    if (dropped > 0) {
      const event = { kind: "EventsDropped", count: dropped, between: "vrrp and supervisor" } as const;
      this.#post({ kind: "Event", at: this.#loop.now(), event: { source: "supervisor", event } });
    }
    this.#beatTimer.set(this.#loop.now() + beatInterval(this.#masterDown));
  }

  #stop(by: string): void {
    if (this.#stopRequested !== undefined) return;
    this.#stopRequested = by;
    if (this.#engine === undefined) {
      // Nothing was taken yet, unless a cold start is under way: that one ends itself.
      if (this.#start === undefined) this.#end();
      else this.#stopTimer.set(this.#loop.now() + STOP_LIMIT);
      return;
    }
    this.#stopTimer.set(this.#loop.now() + STOP_LIMIT);
    this.#handle({ kind: "StopRequested", release: this.#releaseOnStop, by });
  }

  /** The engine has let go of everything: interfaces and settings go back to what they were. */
  #released(): void {
    if (this.#releaseOnStop) this.#interfaces?.apply(NO_WISHES, () => this.#end());
    else this.#end();
  }

  /** Leaves when everything said has reached the supervisor. */
  #end(): void {
    this.#bfd?.handle({ kind: "StopRequested", by: this.#stopRequested ?? "the end of the process" });
    this.#sendSnapshot();
    this.#routes?.close();
    for (const timer of [this.#engineTimer, this.#snapshotTimer, this.#stopTimer]) timer.close();
    const leave = (): void => {
      if (this.#channel?.outbox.drained === false) {
        setTimeout(leave, 1);
        return;
      }
      process.exit(0);
    };
    // Addresses that stay (`--dont-release-vrrp`) stay as reachable as they were.
    if (!this.#releaseOnStop || this.#executor === undefined) leave();
    else {
      this.#executor.removeFirewall(leave);
      setTimeout(() => process.exit(1), FIREWALL_LIMIT);
    }
  }

  #post(message: FromVrrp): void {
    this.#channel?.outbox.post(message);
  }
}

function wishesOfSlice(slice: VrrpSlice): InterfaceWishes {
  return wishesOf(slice.model.instances, slice.process.disableLocalIgmp);
}
