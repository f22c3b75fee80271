/** The supervisor: the process of `buoy run`. It starts, watches and restarts the children, runs scripts, and passes on. */
import { constants } from "node:os";
import type { Instant } from "../base/time.ts";
import { packageVersion } from "../cli/version.ts";
import type { Loop, Timer } from "../host/loop.ts";
import { createLoop } from "../host/loop.ts";
import type { LockedFile } from "../host/runtime-dir.ts";
import type { ServiceManager } from "../host/sd-notify.ts";
import { connectServiceManager } from "../host/sd-notify.ts";
import { allowCoreDump, onSignals, SIGNAL_JSON, SIGNAL_STATS_CLEAR } from "../host/system.ts";
import type { SupervisorEvent } from "../observe/journal-entry.ts";
import type { ReloadAction } from "../supervise/reload.ts";
import { Reloads } from "../supervise/reload.ts";
import type { ChildExit, RespawnHistory } from "../supervise/respawn.ts";
import { decideRespawn, describeExit, FRESH } from "../supervise/respawn.ts";
import type { StopAction } from "../supervise/stopping.ts";
import { Stopping } from "../supervise/stopping.ts";
import type { ChildLife } from "./child.ts";
import { Child, childStatus } from "./child.ts";
import { DaemonDuties } from "./daemon-duties.ts";
import { claimFiles, writeChildPid } from "./daemon-files.ts";
import { EventLog } from "./event-log.ts";
import type { DumpKind, FromSteward, FromVrrp, ToSteward } from "./messages.ts";
import { parseFromSteward } from "./messages.ts";
import type { RunOptions } from "./run-options.ts";
import { EXIT_FATAL, EXIT_OK } from "./run-options.ts";
import { ScriptRunner } from "./script-runner.ts";
import { outliveTerminal } from "./terminal.ts";
import { VrrpKeeper } from "./vrrp-keeper.ts";

/**
 * Runs the daemon until it is told to stop and answers its exit code (keepalived's codes). Refusals of the first
 * configuration are printed to standard error.
 */
export function runDaemon(options: RunOptions): Promise<number> {
  const files = claimFiles(options);
  if (!files.ok) {
    process.stderr.write(`buoy: ${files.error}\n`);
    return Promise.resolve(EXIT_FATAL);
  }
  return new Promise((resolve) => {
    new Supervisor(options, files.value, resolve).begin();
  });
}

type ConfiguredMessage = FromSteward & { readonly kind: "Configured" };

/** What is remembered of a child between its lives. */
interface Life {
  history: RespawnHistory;
  restarts: number;
  readonly restartTimer: Timer;
}

class Supervisor {
  readonly #options: RunOptions;
  readonly #files: readonly LockedFile[];
  readonly #finished: (exitCode: number) => void;
  readonly #loop: Loop = createLoop();
  readonly #version = packageVersion();
  readonly #startedAt: Instant = this.#loop.now();
  readonly #manager: ServiceManager = connectServiceManager(process.env, process.pid);
  readonly #log = new EventLog(this.#loop);
  readonly #reloads = new Reloads();
  readonly #scripts: ScriptRunner;
  readonly #vrrp: VrrpKeeper;
  readonly #vrrpLife: Life;
  readonly #stewardLife: Life;
  readonly #reloadTimer: Timer;
  readonly #stopTimer: Timer;
  readonly #watchdogTimer: Timer;
  #steward: Child<FromSteward, ToSteward> | undefined;
  #stewardMemory: string | undefined;
  #diagnostics = "";
  /** Generation that a reload waits for the vrrp child to run with. */
  #awaited: number | undefined;
  #ready = false;
  #stopping: Stopping | undefined;
  #exitCode = EXIT_OK;
  readonly #degraded = new Set<string>();
  readonly #duties = new DaemonDuties(this.#loop, (event) => this.#event(event));

  constructor(options: RunOptions, files: readonly LockedFile[], finished: (exitCode: number) => void) {
    this.#options = options;
    this.#files = files;
    this.#finished = finished;
    this.#scripts = new ScriptRunner(this.#loop, {
      event: (event) => this.#event(event),
      report: ({ script, ok, exitCode, signal, timedOut, duration }) =>
        this.#vrrp.post({
          kind: "ScriptFinished",
          script,
          ok,
          exitCode: exitCode ?? null,
          signal: signal ?? null,
          timedOut,
          duration,
        }),
      idle: () => this.#advanceStop(),
    });
    this.#vrrp = new VrrpKeeper(this.#loop, options, this.#version, {
      message: (message) => this.#fromVrrp(message),
      event: (event) => this.#event(event),
      exited: (exit, child) => this.#vrrpExited(exit, child),
      startedCold: () => this.#scripts.runTracksNow(),
      released: () => this.#advanceStop(),
    });
    this.#vrrpLife = { history: FRESH, restarts: 0, restartTimer: this.#loop.timer(() => this.#startVrrp()) };
    this.#stewardLife = {
      history: FRESH,
      restarts: 0,
      restartTimer: this.#loop.timer(() => this.#startSteward()),
    };
    this.#reloadTimer = this.#loop.timer((now) => this.#performReload(this.#reloads.clockReached(now)));
    this.#stopTimer = this.#loop.timer(() => this.#advanceStop());
    this.#watchdogTimer = this.#loop.timer(() => this.#feedWatchdog());
  }

  begin(): void {
    outliveTerminal();
    if (this.#options.coreDump) allowCoreDump();
    const { SIGHUP, SIGTERM, SIGINT, SIGUSR1, SIGUSR2, SIGXCPU } = constants.signals;
    const caught = [SIGHUP, SIGTERM, SIGINT, SIGUSR1, SIGUSR2, SIGXCPU, SIGNAL_JSON, SIGNAL_STATS_CLEAR];
    onSignals(this.#loop, caught, (signal) => {
      if (signal === SIGHUP) this.#requestReload(undefined);
      else if (signal === SIGTERM || signal === SIGINT) this.#stop(signal === SIGTERM ? "SIGTERM" : "SIGINT");
      else if (signal !== SIGXCPU) this.#steward?.outbox.post({ kind: "Dump", what: dumpOf(signal) });
    });
    this.#event({ kind: "DaemonStarted", pid: process.pid, version: this.#version });
    this.#startSteward();
    this.#startVrrp();
    this.#feedWatchdog();
  }

  // ---------------------------------------------------------------- children

  #startVrrp(): void {
    if (!this.#options.runVrrp || this.#stopping !== undefined) return;
    this.#vrrp.start();
    writeChildPid(this.#options.pidFiles.vrrp, this.#vrrp.child?.pid);
  }

  #startSteward(): void {
    if (this.#steward !== undefined || this.#stopping !== undefined) return;
    const steward = new Child(this.#loop, "steward", this.#options, this.#version, parseFromSteward, {
      message: (message: FromSteward) => this.#fromSteward(message),
      exited: (exit) => this.#stewardExited(exit, steward),
    });
    this.#steward = steward;
    this.#event({
      kind: "ChildStarted",
      child: "steward",
      pid: steward.pid ?? 0,
      warm: this.#stewardMemory !== undefined,
    });
  }

  #vrrpExited(exit: ChildExit, ended: ChildLife): void {
    if (this.#stopping !== undefined) this.#advanceStop();
    else this.#respawn("vrrp", this.#vrrpLife, exit, ended);
  }

  #stewardExited(exit: ChildExit, ended: ChildLife): void {
    this.#steward = undefined;
    this.#log.disconnect();
    if (this.#stopping !== undefined) {
      this.#advanceStop();
      return;
    }
    if (this.#stewardMemory === undefined) {
      this.#endBy(
        exit.kind === "exited" && exit.code !== 0 ? exit.code : EXIT_FATAL,
        "the configuration was not read",
      );
      return;
    }
    this.#performReload(this.#reloads.aborted("the steward process ended"));
    this.#respawn("steward", this.#stewardLife, exit, ended);
  }

  #respawn(child: "vrrp" | "steward", life: Life, exit: ChildExit, ended: ChildLife): void {
    const now = this.#loop.now();
    const decision = decideRespawn(life.history, exit, ended.startedAt, now, this.#options.respawn);
    const how = describeExit(exit);
    const restartIn = decision.kind === "respawn" ? decision.after : undefined;
    this.#event({ kind: "ChildDied", child, pid: ended.pid ?? 0, how, restartIn });
    if (decision.kind === "give-up") {
      const why = `the ${child} process ended with ${how}: ${decision.why}`;
      process.stderr.write(`buoy: ${why}\n`);
      this.#endBy(decision.exitCode, why);
      return;
    }
    life.history = decision.history;
    life.restarts++;
    if (decision.after > 0) life.restartTimer.set(now + decision.after);
    else if (child === "vrrp") this.#startVrrp();
    else this.#startSteward();
  }

  /** Ends the whole daemon for a reason that another start would meet again. */
  #endBy(exitCode: number, why: string): void {
    this.#exitCode = exitCode;
    this.#manager.failed(why);
    this.#stop(why);
  }

  // ---------------------------------------------------------------- messages

  #fromVrrp(message: FromVrrp): void {
    switch (message.kind) {
      case "Notify":
        this.#scripts.notify(message.request);
        return;
      case "Fifo":
        this.#duties.writeVrrp(message.line);
        return;
      case "Mail":
        this.#log.must({ kind: "Mail", subject: message.subject, body: message.body });
        return;
      case "Event":
        this.#log.journal(message.at, message.event);
        return;
      case "Snapshot":
        this.#steward?.outbox.post({ kind: "Snapshot", text: message.text }, "latest");
        return;
      case "Applied":
        this.#applied(message.generation);
        return;
      case "Degraded": {
        const { what, consequence, remedy } = message;
        this.#degraded.add(`${what}: ${consequence}; ${remedy}`);
        this.#event({ kind: "Degraded", what, consequence, remedy });
        return;
      }
      default:
        return;
    }
  }

  #fromSteward(message: FromSteward): void {
    switch (message.kind) {
      case "Hello":
        this.#steward?.outbox.post({
          kind: "Begin",
          memory: this.#stewardMemory ?? null,
          startedAt: this.#startedAt,
          measured: this.#vrrp.measured,
        });
        if (this.#steward !== undefined) this.#log.connect(this.#steward.outbox);
        return;
      case "Configured":
        this.#configured(message);
        return;
      case "NotConfigured":
        this.#notConfigured(message);
        return;
      case "Measured":
        this.#vrrp.measure(message.measured);
        return;
      case "ReloadRequested":
        this.#requestReload(message.asker);
        return;
      case "StopRequested":
        this.#stop(message.by);
        return;
      case "ClearStatistics":
        this.#vrrp.post({ kind: "ClearStatistics" });
        return;
      case "StatusWanted":
        this.#answerStatus();
        return;
    }
  }

  #configured(message: ConfiguredMessage): void {
    this.#stewardMemory = message.memory;
    this.#scripts.umask = message.daemon.umask;
    this.#duties.configure(message.daemon, () => {
      if (this.#stopping === undefined) this.#runConfiguration(message);
    });
  }

  #runConfiguration(message: ConfiguredMessage): void {
    this.#diagnostics = message.diagnostics;
    this.#awaited = message.generation;
    this.#vrrp.configure(message.generation, message.slice, message.measured);
    this.#scripts.configureTracks(message.trackScripts);
    if (!this.#options.runVrrp) this.#applied(message.generation);
  }

  #notConfigured(message: FromSteward & { readonly kind: "NotConfigured" }): void {
    if (message.memory !== "") this.#stewardMemory = message.memory;
    if (this.#stewardMemory === undefined) {
      this.#endBy(message.exitCode, "the configuration is refused");
      return;
    }
    this.#performReload(this.#reloads.finished(this.#loop.now(), message.outcome));
  }

  #applied(generation: number): void {
    if (this.#awaited === undefined || generation < this.#awaited) return;
    this.#awaited = undefined;
    if (!this.#ready) {
      this.#ready = true;
      this.#manager.ready("running");
    }
    const outcome = { kind: "applied", diagnostics: this.#diagnostics } as const;
    this.#performReload(this.#reloads.finished(this.#loop.now(), outcome));
  }

  #answerStatus(): void {
    this.#vrrp.post({ kind: "SnapshotWanted" });
    const now = this.#loop.now();
    this.#steward?.outbox.post({
      kind: "Status",
      children: [
        childStatus("vrrp", this.#vrrp.child, this.#vrrpLife.restarts, now),
        childStatus("steward", this.#steward, this.#stewardLife.restarts, now),
      ],
      scripts: this.#scripts.statuses(),
      degraded: [...this.#degraded],
      droppedEvents: this.#log.dropped,
      vrrpRunning: this.#vrrp.child !== undefined,
    });
  }

  #event(event: SupervisorEvent): void {
    this.#log.journal(this.#loop.now(), { source: "supervisor", event });
  }

  // ---------------------------------------------------------------- reload

  #requestReload(asker: number | undefined): void {
    if (this.#stopping !== undefined || this.#stewardMemory === undefined) return;
    this.#performReload(this.#reloads.request(this.#loop.now(), asker));
  }

  #performReload(actions: readonly ReloadAction[]): void {
    for (const action of actions) {
      if (action.kind === "Begin") {
        this.#manager.reloading(this.#loop.now());
        this.#log.must({ kind: "Reload" });
      } else {
        if (this.#ready)
          this.#manager.ready(action.outcome.kind === "refused" ? "reload refused" : "running");
        this.#log.must({ kind: "ReloadDone", askers: action.askers, outcome: action.outcome });
        if (action.outcome.kind !== "refused" && this.#duties.statesOnReload)
          this.#vrrp.post({ kind: "StatesWanted" });
      }
    }
    this.#reloadTimer.set(this.#reloads.nextDeadline());
  }

  // ---------------------------------------------------------------- stop

  #stop(by: string): void {
    if (this.#stopping !== undefined) return;
    this.#stopping = new Stopping(this.#loop.now(), this.#duties.childWait);
    this.#manager.stopping();
    this.#event({ kind: "DaemonStopping", by });
    for (const timer of [this.#vrrpLife.restartTimer, this.#stewardLife.restartTimer, this.#reloadTimer])
      timer.close();
    this.#scripts.stopTracks();
    this.#vrrp.stop(by);
    this.#advanceStop();
  }

  #advanceStop(): void {
    const stopping = this.#stopping;
    if (stopping === undefined) return;
    const remaining = {
      vrrp: this.#vrrp.busy,
      scripts: !this.#scripts.idle,
      steward: this.#steward !== undefined,
      shutdownScript: this.#duties.shutdownScriptWaits,
    };
    for (const action of stopping.advance(this.#loop.now(), remaining)) this.#performStop(action);
    if (stopping.phase !== "done") this.#stopTimer.set(stopping.nextDeadline());
  }

  #performStop(action: StopAction): void {
    switch (action.kind) {
      case "KillVrrp":
        this.#vrrp.kill();
        return;
      case "EndScripts":
        this.#scripts.terminate();
        return;
      case "EndSteward":
        this.#steward?.outbox.post({ kind: "End" });
        return;
      case "KillSteward":
        this.#steward?.kill("SIGKILL");
        return;
      case "RunShutdownScript":
        this.#duties.shutDown(() => this.#advanceStop());
        return;
      case "Done":
        this.#finish();
        return;
    }
  }

  #finish(): void {
    for (const timer of [this.#stopTimer, this.#watchdogTimer]) timer.close();
    this.#scripts.close();
    this.#duties.close();
    this.#vrrp.close();
    this.#log.close();
    writeChildPid(this.#options.pidFiles.vrrp, undefined);
    for (const file of this.#files) file.release();
    this.#manager.close();
    this.#finished(this.#exitCode);
  }

  /** Only a daemon whose vrrp child is alive and beating is well. */
  #feedWatchdog(): void {
    const period = this.#manager.watchdogPeriod;
    if (period === undefined) return;
    const now = this.#loop.now();
    if (this.#stopping !== undefined || this.#vrrp.isFresh(now)) this.#manager.watchdog();
    this.#watchdogTimer.set(now + Math.floor(period / 2));
  }
}

/** keepalived's signals that write files. */
function dumpOf(signal: number): DumpKind {
  if (signal === SIGNAL_JSON) return "json";
  if (signal === SIGNAL_STATS_CLEAR) return "stats-clear";
  return signal === constants.signals.SIGUSR2 ? "stats" : "state";
}
