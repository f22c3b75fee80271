/**
 * When track scripts run and what their runs mean: started every interval, a slot is skipped while the previous run is
 * going on, TERM to the group at the timeout (which counts as the failure) and KILL two seconds later. Whether a script
 * is up (rise, fall) is judged by the VRRP engine. Pure.
 */
import type { Instant, Micros } from "../base/time.ts";
import type { CommandModel } from "../model/command-model.ts";
import type { TrackScriptModel } from "../model/model.ts";
import { KILL_AFTER_TERM } from "./script-queue.ts";

export interface RunResult {
  /** The exit code, unless a signal ended it or it could not be started. */
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  readonly duration: Micros;
}

export type TrackScriptAction =
  | { readonly kind: "Start"; readonly run: number; readonly script: string; readonly command: CommandModel }
  | { readonly kind: "Signal"; readonly run: number; readonly signal: "TERM" | "KILL" }
  | ({
      readonly kind: "Report";
      readonly script: string;
      readonly ok: boolean;
      readonly timedOut: boolean;
    } & RunResult);

interface Run {
  readonly id: number;
  readonly startedAt: Instant;
  /** When the next of TERM and KILL is due. */
  readonly signalAt: Instant;
  /** The timeout has been reported: the end of the run says nothing more. */
  readonly timedOut: boolean;
}

interface Scheduled {
  readonly script: TrackScriptModel;
  readonly nextStart: Instant;
  readonly run: Run | undefined;
}

export class TrackScripts {
  readonly #scripts = new Map<string, Scheduled>();
  /** Runs whose script was taken out or changed: they get KILL until they end. */
  readonly #orphans = new Set<number>();
  #nextRun = 1;

  /**
   * Takes the scripts of a new configuration. One that stays the same keeps its schedule; runs of changed or removed
   * scripts are killed.
   */
  configure(now: Instant, scripts: readonly TrackScriptModel[]): readonly TrackScriptAction[] {
    const actions: TrackScriptAction[] = [];
    const wanted = new Map(scripts.map((script) => [script.name, script]));
    for (const [name, scheduled] of this.#scripts) {
      const script = wanted.get(name);
      if (script !== undefined && JSON.stringify(script) === JSON.stringify(scheduled.script)) continue;
      this.#scripts.delete(name);
      if (scheduled.run === undefined) continue;
      this.#orphans.add(scheduled.run.id);
      actions.push({ kind: "Signal", run: scheduled.run.id, signal: "KILL" });
    }
    for (const script of scripts) {
      if (!this.#scripts.has(script.name)) {
        this.#scripts.set(script.name, { script, nextStart: now, run: undefined });
      }
    }
    return [...actions, ...this.clockReached(now)];
  }

  /** Starts every script that is not running: a vrrp child that knows no result waits for them. */
  runAllNow(now: Instant): readonly TrackScriptAction[] {
    for (const [name, scheduled] of this.#scripts) this.#scripts.set(name, { ...scheduled, nextStart: now });
    return this.clockReached(now);
  }

  /** A run has ended, or could not be started (exit code and signal undefined). Unknown runs are ignored. */
  ended(_now: Instant, run: number, result: RunResult): readonly TrackScriptAction[] {
    this.#orphans.delete(run);
    for (const [name, scheduled] of this.#scripts) {
      if (scheduled.run?.id !== run) continue;
      this.#scripts.set(name, { ...scheduled, run: undefined });
      if (scheduled.run.timedOut) return [];
      return [{ kind: "Report", script: name, ok: result.exitCode === 0, timedOut: false, ...result }];
    }
    return [];
  }

  clockReached(now: Instant): readonly TrackScriptAction[] {
    const actions: TrackScriptAction[] = [];
    for (const [name, scheduled] of this.#scripts) {
      let { nextStart, run } = scheduled;
      if (run !== undefined && run.signalAt <= now) {
        actions.push({ kind: "Signal", run: run.id, signal: run.timedOut ? "KILL" : "TERM" });
        if (!run.timedOut) actions.push(timeoutReport(name, now - run.startedAt));
        run = { ...run, timedOut: true, signalAt: now + KILL_AFTER_TERM };
      }
      if (nextStart <= now) {
        if (run === undefined) {
          run = {
            id: this.#nextRun++,
            startedAt: now,
            signalAt: now + scheduled.script.timeout,
            timedOut: false,
          };
          actions.push({ kind: "Start", run: run.id, script: name, command: scheduled.script.command });
        }
        nextStart = nextSlot(nextStart, now, scheduled.script.interval);
      }
      this.#scripts.set(name, { ...scheduled, nextStart, run });
    }
    return actions;
  }

  nextDeadline(): Instant | undefined {
    let least: Instant | undefined;
    for (const { nextStart, run } of this.#scripts.values()) {
      const at = run === undefined ? nextStart : Math.min(nextStart, run.signalAt);
      if (least === undefined || at < least) least = at;
    }
    return least;
  }

  /** Ends the schedule; every run gets KILL. */
  stop(): readonly TrackScriptAction[] {
    return this.configure(0, []);
  }
}

/** The first slot after `now`; slots that were missed are not made up for. */
function nextSlot(slot: Instant, now: Instant, interval: Micros): Instant {
  return slot + (Math.floor((now - slot) / interval) + 1) * interval;
}

function timeoutReport(script: string, duration: Micros): TrackScriptAction {
  return {
    kind: "Report",
    script,
    ok: false,
    timedOut: true,
    exitCode: undefined,
    signal: undefined,
    duration,
  };
}
