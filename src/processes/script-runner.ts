/** Runs notify and track scripts as the pure schedules say, and keeps what their last runs were. */
import type { Loop, Timer } from "../host/loop.ts";
import type { RunningScript, ScriptEnd } from "../host/scripts.ts";
import { runScript } from "../host/scripts.ts";
import type { CommandModel } from "../model/command-model.ts";
import type { TrackScriptModel } from "../model/model.ts";
import type { SupervisorEvent } from "../observe/journal-entry.ts";
import type { ScriptStatus } from "../observe/status-document.ts";
import type { ScriptQueueAction, ScriptRequest } from "../supervise/script-queue.ts";
import { ScriptQueues } from "../supervise/script-queue.ts";
import type { TrackScriptAction } from "../supervise/track-scripts.ts";
import { TrackScripts } from "../supervise/track-scripts.ts";
import type { ToVrrp } from "./messages.ts";

export type TrackScriptReport = TrackScriptAction & { readonly kind: "Report" };

/** The report as the vrrp child is told of it. */
export function scriptFinished(report: TrackScriptReport): ToVrrp {
  const { script, ok, exitCode, signal, timedOut, duration } = report;
  return {
    kind: "ScriptFinished",
    script,
    ok,
    exitCode: exitCode ?? null,
    signal: signal ?? null,
    timedOut,
    duration,
  };
}

export interface ScriptListener {
  event(event: SupervisorEvent): void;
  /** A track script has a result for the engine. */
  report(report: TrackScriptReport): void;
  /** A notify script ended and nothing runs or waits any more. */
  idle(): void;
}

export class ScriptRunner {
  readonly #loop: Loop;
  readonly #listener: ScriptListener;
  readonly #queues = new ScriptQueues();
  readonly #tracks = new TrackScripts();
  readonly #queueTimer: Timer;
  readonly #trackTimer: Timer;
  readonly #notifyRuns = new Map<number, RunningScript>();
  readonly #trackRuns = new Map<number, RunningScript>();
  readonly #statuses = new Map<string, ScriptStatus>();
  /** Mode bits that scripts make files without. */
  umask = -1;
  #closed = false;

  constructor(loop: Loop, listener: ScriptListener) {
    this.#loop = loop;
    this.#listener = listener;
    this.#queueTimer = loop.timer((now) => this.#performQueue(this.#queues.clockReached(now)));
    // Where this process stood still, the ends of scripts are read first: they may have been in time.
    this.#trackTimer = loop.timer(() => setImmediate(() => this.#trackDeadlinePassed()));
  }

  notify(request: ScriptRequest): void {
    this.#performQueue(this.#queues.request(this.#loop.now(), request));
  }

  configureTracks(scripts: readonly TrackScriptModel[]): void {
    const names = new Set(scripts.map((script) => trackSubject(script.name)));
    for (const key of this.#statuses.keys()) {
      if (key.startsWith(TRACK_PREFIX) && !names.has(key)) this.#statuses.delete(key);
    }
    this.#performTracks(this.#tracks.configure(this.#loop.now(), scripts));
  }

  /** A vrrp child that knows no results waits for them. */
  runTracksNow(): void {
    this.#performTracks(this.#tracks.runAllNow(this.#loop.now()));
  }

  stopTracks(): void {
    this.#performTracks(this.#tracks.stop());
  }

  /** No notify script runs or waits. */
  get idle(): boolean {
    return this.#queues.idle;
  }

  terminate(): void {
    this.#performQueue(this.#queues.terminate(this.#loop.now()));
  }

  statuses(): readonly ScriptStatus[] {
    return [...this.#statuses.values()];
  }

  close(): void {
    this.#closed = true;
    this.#queueTimer.close();
    this.#trackTimer.close();
  }

  #performQueue(actions: readonly ScriptQueueAction[]): void {
    for (const action of actions) {
      switch (action.kind) {
        case "Start":
          this.#startNotify(action);
          break;
        case "Signal":
          this.#notifyRuns.get(action.run)?.signal(action.signal);
          break;
        case "Collapsed":
          this.#listener.event({ kind: "NotifyCollapsed", subject: action.subject, states: action.states });
          break;
      }
    }
    this.#queueTimer.set(this.#queues.nextDeadline());
  }

  #startNotify(action: ScriptQueueAction & { readonly kind: "Start" }): void {
    const { run, subject, state, command } = action;
    const key = `${subject} ${command.argv.join(" ")}`;
    this.#noteStart(key, subject, command);
    const ended = (end: ScriptEnd): void => {
      this.#notifyRuns.delete(run);
      this.#noteEnd(key, end);
      this.#listener.event({ kind: "ScriptEnded", subject, state, command: command.argv, ...end });
      this.#performQueue(this.#queues.ended(this.#loop.now(), run));
      if (this.idle) this.#listener.idle();
    };
    const script = runScript(this.#loop, command, ended, this.umask);
    if (script !== undefined) this.#notifyRuns.set(run, script);
  }

  #trackDeadlinePassed(): void {
    if (!this.#closed) this.#performTracks(this.#tracks.clockReached(this.#loop.now()));
  }

  #performTracks(actions: readonly TrackScriptAction[]): void {
    for (const action of actions) {
      switch (action.kind) {
        case "Start":
          this.#startTrack(action);
          break;
        case "Signal":
          this.#trackRuns.get(action.run)?.signal(action.signal);
          break;
        case "Report":
          this.#listener.report(action);
          break;
      }
    }
    this.#trackTimer.set(this.#tracks.nextDeadline());
  }

  #startTrack(action: TrackScriptAction & { readonly kind: "Start" }): void {
    const { run, command } = action;
    const key = trackSubject(action.script);
    this.#noteStart(key, key, command);
    const ended = (end: ScriptEnd): void => {
      this.#trackRuns.delete(run);
      this.#noteEnd(key, end);
      const { exitCode, signal, duration } = end;
      this.#performTracks(this.#tracks.ended(this.#loop.now(), run, { exitCode, signal, duration }));
    };
    const script = runScript(this.#loop, command, ended, this.umask);
    if (script !== undefined) this.#trackRuns.set(run, script);
  }

  #noteStart(key: string, subject: string, command: CommandModel): void {
    const before = this.#statuses.get(key);
    this.#statuses.set(key, {
      subject,
      command: command.argv,
      lastExit: before?.lastExit,
      lastSignal: before?.lastSignal,
      lastDuration: before?.lastDuration,
      running: true,
    });
  }

  #noteEnd(key: string, end: ScriptEnd): void {
    const status = this.#statuses.get(key);
    if (status === undefined) return;
    this.#statuses.set(key, {
      ...status,
      lastExit: end.exitCode,
      lastSignal: end.signal,
      lastDuration: end.duration,
      running: false,
    });
  }
}

const TRACK_PREFIX = "SCRIPT ";

function trackSubject(name: string): string {
  return `${TRACK_PREFIX}${name}`;
}
