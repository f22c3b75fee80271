/** The supervisor: the process of `buoy run`. It starts, watches and restarts the children, runs scripts, and passes on. */
import type { Instant } from "../base/time.ts";
import { packageVersion } from "../cli/version.ts";
import type { Loop, Timer } from "../host/loop.ts";
import { createLoop } from "../host/loop.ts";
import type { LockedFile } from "../host/runtime-dir.ts";
import type { ServiceManager } from "../host/sd-notify.ts";
import { connectServiceManager } from "../host/sd-notify.ts";
import { allowCoreDump } from "../host/system.ts";
import type { SupervisorEvent } from "../observe/journal-entry.ts";
import type { ChildExit } from "../supervise/respawn.ts";
import { changeServices, type ServiceTexts, serviceChange } from "../supervise/service-texts.ts";
import type { StopAction } from "../supervise/stopping.ts";
import { Stopping } from "../supervise/stopping.ts";
import { CheckerKeeper } from "./checker-keeper.ts";
import type { ChildLife, ChildRole } from "./child.ts";
import { Child, childStatus } from "./child.ts";
import { DaemonDuties } from "./daemon-duties.ts";
import { claimFiles, writeChildPid } from "./daemon-files.ts";
import { catchSignals } from "./daemon-signals.ts";
import { EventLog } from "./event-log.ts";
import { Life, type LifeListener } from "./life.ts";
import type { FromChecker, FromSteward, FromVrrp, ToSteward } from "./messages.ts";
import { parseFromSteward } from "./messages.ts";
import { ReloadRunner } from "./reload-runner.ts";
import type { RunOptions } from "./run-options.ts";
import { EXIT_FATAL, EXIT_OK } from "./run-options.ts";
import { ScriptRunner, scriptFinished } from "./script-runner.ts";
import { ServiceWatchdog } from "./service-watchdog.ts";
import { outliveTerminal } from "./terminal.ts";
import { Troubles } from "./troubles.ts";
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

class Supervisor {
  readonly #options: RunOptions;
  readonly #files: readonly LockedFile[];
  readonly #finished: (exitCode: number) => void;
  readonly #loop: Loop = createLoop();
  readonly #version = packageVersion();
  readonly #startedAt: Instant = this.#loop.now();
  readonly #manager: ServiceManager = connectServiceManager(process.env, process.pid);
  readonly #log = new EventLog(this.#loop);
  readonly #reloads = new ReloadRunner(this.#loop, this.#manager, {
    begin: () => this.#log.must({ kind: "Reload" }),
    finished: (outcome, askers) => {
      this.#log.must({ kind: "ReloadDone", askers, outcome });
      if (outcome.kind !== "refused" && this.#duties.statesOnReload)
        this.#vrrp.post({ kind: "StatesWanted" });
    },
  });
  readonly #scripts: ScriptRunner;
  readonly #vrrp: VrrpKeeper;
  readonly #checker: CheckerKeeper;
  readonly #vrrpLife: Life;
  readonly #checkerLife: Life;
  readonly #stewardLife: Life;
  readonly #stopTimer: Timer;
  readonly #watchdog: ServiceWatchdog;
  #steward: Child<FromSteward, ToSteward> | undefined;
  #stewardMemory: string | undefined;
  #services: ServiceTexts = new Map();
  #stopping: Stopping | undefined;
  #exitCode = EXIT_OK;
  readonly #troubles = new Troubles((event) => this.#event(event));
  readonly #duties = new DaemonDuties(this.#loop, (event) => this.#event(event));

  constructor(options: RunOptions, files: readonly LockedFile[], finished: (exitCode: number) => void) {
    this.#options = options;
    this.#files = files;
    this.#finished = finished;
    this.#scripts = new ScriptRunner(this.#loop, {
      event: (event) => this.#event(event),
      report: (report) => this.#vrrp.post(scriptFinished(report)),
      idle: () => this.#advanceStop(),
    });
    this.#vrrp = new VrrpKeeper(this.#loop, options, this.#version, {
      message: (message) => this.#fromVrrp(message),
      event: (event) => this.#event(event),
      exited: (exit, child) => this.#vrrpExited(exit, child),
      startedCold: () => this.#scripts.runTracksNow(),
      released: () => this.#advanceStop(),
    });
    this.#checker = new CheckerKeeper(this.#loop, options, this.#version, {
      message: (message) => this.#fromChecker(message),
      event: (event) => this.#event(event),
      exited: (exit, child) => this.#checkerExited(exit, child),
      left: () => this.#writeCheckerPid(),
    });
    const life = (child: ChildRole, start: () => void, givenUp: LifeListener["givenUp"]): Life =>
      new Life(this.#loop, child, options.respawn, {
        start,
        givenUp,
        event: (event) => this.#event(event),
      });
    const endAll: LifeListener["givenUp"] = (exitCode, why) => {
      process.stderr.write(`buoy: ${why}\n`);
      this.#endBy(exitCode, why);
    };
    this.#vrrpLife = life("vrrp", () => this.#startVrrp(), endAll);
    this.#stewardLife = life("steward", () => this.#startSteward(), endAll);
    const goOn: LifeListener["givenUp"] = (exitCode, why) =>
      options.respawn ? this.#goOnUnchecked(why) : endAll(exitCode, why);
    this.#checkerLife = life("checker", () => this.#startChecker(), goOn);
    this.#stopTimer = this.#loop.timer(() => this.#advanceStop());
    this.#watchdog = new ServiceWatchdog(
      this.#loop,
      this.#manager,
      (now) => this.#stopping !== undefined || this.#vrrp.isFresh(now),
    );
  }

  begin(): void {
    outliveTerminal();
    if (this.#options.coreDump) allowCoreDump();
    catchSignals(this.#loop, {
      reload: () => this.#requestReload(undefined),
      stop: (by) => this.#stop(by),
      dump: (what) => this.#steward?.outbox.post({ kind: "Dump", what }),
    });
    this.#event({ kind: "DaemonStarted", pid: process.pid, version: this.#version });
    this.#startSteward();
    this.#startVrrp();
    this.#watchdog.feed();
  }

  // ---------------------------------------------------------------- children

  #startVrrp(): void {
    if (!this.#options.runVrrp || this.#stopping !== undefined) return;
    this.#vrrp.start();
    writeChildPid(this.#options.pidFiles.vrrp, this.#vrrp.child?.pid);
  }

  #startChecker(): void {
    if (this.#stopping !== undefined) return;
    this.#checker.start();
    this.#writeCheckerPid();
  }

  #writeCheckerPid(): void {
    writeChildPid(this.#options.pidFiles.checkers, this.#checker.child?.pid);
  }

  #checkerExited(exit: ChildExit, ended: ChildLife): void {
    this.#writeCheckerPid();
    if (this.#stopping !== undefined) {
      this.#advanceStop();
      return;
    }
    // A reload does not wait for a child that begins anew: that one starts with the new configuration.
    this.#reloads.applied("checker");
    this.#checkerLife.died(exit, ended);
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
    else this.#vrrpLife.died(exit, ended);
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
    this.#reloads.aborted("the steward process ended");
    this.#stewardLife.died(exit, ended);
  }

  /** Elections go on without checks; keepalived would end them as well. */
  #goOnUnchecked(why: string): void {
    this.#troubles.take({
      kind: "Degraded",
      what: why,
      consequence: "servers are not checked any more; services stay as they are",
      remedy: "look at the lines before this one, and restart buoy",
    });
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
      case "Fifo":
        this.#duties.writeVrrp(message.line);
        return;
      case "Followed":
        this.#checker.follow(message.followed);
        return;
      case "Snapshot":
        this.#steward?.outbox.post({ kind: "Snapshot", text: message.text }, "latest");
        return;
      default:
        this.#relay("vrrp", message);
    }
  }

  #fromChecker(message: FromChecker): void {
    switch (message.kind) {
      case "Fifo":
        this.#duties.writeLvs(message.line);
        return;
      case "Pool":
        this.#steward?.outbox.post({ kind: "CheckerSnapshot", text: message.text }, "latest");
        return;
      default:
        this.#relay("checker", message);
    }
  }

  /** What both children ask for alike. */
  #relay(child: ChildRole, message: FromVrrp | FromChecker): void {
    switch (message.kind) {
      case "Notify":
        this.#scripts.notify(message.request);
        return;
      case "Mail":
        this.#log.must({ kind: "Mail", subject: message.subject, body: message.body });
        return;
      case "Event":
        this.#log.journal(message.at, message.event);
        return;
      case "Applied":
        this.#reloads.applied(child, message.generation);
        return;
      case "Degraded":
      case "Mended":
        this.#troubles.take(message);
        return;
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
          services: serviceChange(new Map(), this.#services),
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
        this.#checker.measure(message.measured);
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
    this.#services = changeServices(this.#services, message.services, (text) => text);
    this.#scripts.umask = message.daemon.umask;
    this.#duties.configure(message.daemon, () => {
      if (this.#stopping === undefined) this.#runConfiguration(message);
    });
  }

  #runConfiguration(message: ConfiguredMessage): void {
    const { generation, measured, diagnostics, checkerSlice: text } = message;
    this.#vrrp.configure(generation, message.slice, measured);
    this.#scripts.configureTracks(message.trackScripts);
    const isChecked = this.#checker.configure(generation, text, this.#services, measured);
    this.#writeCheckerPid();
    const children: ChildRole[] = this.#options.runVrrp ? ["vrrp"] : [];
    if (isChecked) children.push("checker");
    this.#reloads.await(generation, children, diagnostics);
  }

  #notConfigured(message: FromSteward & { readonly kind: "NotConfigured" }): void {
    if (message.memory !== "") this.#stewardMemory = message.memory;
    if (this.#stewardMemory === undefined) {
      this.#endBy(message.exitCode, "the configuration is refused");
      return;
    }
    this.#reloads.finished(message.outcome);
  }

  #answerStatus(): void {
    this.#vrrp.post({ kind: "SnapshotWanted" });
    this.#checker.post({ kind: "SnapshotWanted" });
    const now = this.#loop.now();
    this.#steward?.outbox.post({
      kind: "Status",
      children: [
        childStatus("vrrp", this.#vrrp.child, this.#vrrpLife.restarts, now),
        ...(this.#checker.child === undefined
          ? []
          : [childStatus("checker", this.#checker.child, this.#checkerLife.restarts, now)]),
        childStatus("steward", this.#steward, this.#stewardLife.restarts, now),
      ],
      scripts: this.#scripts.statuses(),
      degraded: this.#troubles.list,
      droppedEvents: this.#log.dropped,
      vrrpRunning: this.#vrrp.child !== undefined,
      checkerRunning: this.#checker.child !== undefined,
    });
  }

  #event(event: SupervisorEvent): void {
    this.#log.journal(this.#loop.now(), { source: "supervisor", event });
  }

  #requestReload(asker: number | undefined): void {
    if (this.#stopping !== undefined || this.#stewardMemory === undefined) return;
    this.#reloads.request(asker);
  }

  // ---------------------------------------------------------------- stop

  #stop(by: string): void {
    if (this.#stopping !== undefined) return;
    this.#stopping = new Stopping(this.#loop.now(), this.#duties.childWait);
    this.#manager.stopping();
    this.#event({ kind: "DaemonStopping", by });
    for (const life of [this.#vrrpLife, this.#checkerLife, this.#stewardLife]) life.close();
    this.#reloads.close();
    this.#scripts.stopTracks();
    this.#vrrp.stop(by);
    this.#checker.stop(by);
    this.#advanceStop();
  }

  #advanceStop(): void {
    const stopping = this.#stopping;
    if (stopping === undefined) return;
    const remaining = {
      vrrp: this.#vrrp.busy,
      checker: this.#checker.child !== undefined,
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
      case "KillChecker":
        this.#checker.kill();
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
    this.#stopTimer.close();
    this.#watchdog.close();
    this.#scripts.close();
    this.#duties.close();
    this.#vrrp.close();
    this.#checker.close();
    this.#log.close();
    writeChildPid(this.#options.pidFiles.vrrp, undefined);
    writeChildPid(this.#options.pidFiles.checkers, undefined);
    for (const file of this.#files) file.release();
    this.#manager.close();
    this.#finished(this.#exitCode);
  }
}
