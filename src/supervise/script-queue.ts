/**
 * The serial queues of notify scripts, one for each subject (an instance or a group). The scripts of one state run
 * together; those of the next state start when all of them have ended, so that a quick pair of transitions cannot end in
 * the wrong order. There is no time limit while nothing waits; once a newer state waits, the running scripts get TERM
 * after the notify timeout and KILL two seconds later. States passed over meanwhile are collapsed: only the newest
 * waiting one is run. Pure.
 */
import type { Instant, Micros } from "../base/time.ts";
import { seconds } from "../base/time.ts";
import type { CommandModel } from "../model/command-model.ts";
import type { NotifyState, RunNotify } from "../vrrp/action.ts";

/** What scripts tell of: states of VRRP, and of servers and services. */
export type ScriptState = NotifyState | "UP" | "DOWN";

/** Scripts of one state, whoever asks for them. */
export interface ScriptRequest extends Omit<RunNotify, "kind" | "state"> {
  readonly state: ScriptState;
}

export const KILL_AFTER_TERM: Micros = seconds(2);

export type ScriptQueueAction =
  /** Start one script; its end is told to {@link ScriptQueues.ended} with the same run id. */
  | {
      readonly kind: "Start";
      readonly run: number;
      readonly subject: string;
      readonly state: ScriptState;
      readonly command: CommandModel;
    }
  /** To the script's process group. */
  | { readonly kind: "Signal"; readonly run: number; readonly signal: "TERM" | "KILL" }
  | { readonly kind: "Collapsed"; readonly subject: string; readonly states: readonly ScriptState[] };

interface Running {
  readonly runs: Set<number>;
  /** When these get TERM, then KILL; undefined while nothing newer waits. */
  readonly signalAt: Instant | undefined;
  readonly next: "TERM" | "KILL";
}

interface Queue {
  readonly running: Running | undefined;
  readonly waiting: readonly ScriptRequest[];
}

export class ScriptQueues {
  readonly #queues = new Map<string, Queue>();
  readonly #subjectOf = new Map<number, string>();
  #nextRun = 1;

  request(now: Instant, request: ScriptRequest): readonly ScriptQueueAction[] {
    const queue = this.#queues.get(request.subject) ?? { running: undefined, waiting: [] };
    if (queue.running === undefined) return this.#start(now, request.subject, [request]);
    const passedOver = queue.waiting.filter((waiting) => supersedes(request.state, waiting.state));
    const kept = queue.waiting.filter((waiting) => !supersedes(request.state, waiting.state));
    // A stopping daemon waits a second in all: what runs makes room for the STOP script at once.
    const signalAt = request.state === "STOP" ? now : (queue.running.signalAt ?? now + request.timeout);
    this.#queues.set(request.subject, {
      running: { ...queue.running, signalAt },
      waiting: [...kept, request],
    });
    if (passedOver.length === 0) return [];
    return [
      { kind: "Collapsed", subject: request.subject, states: passedOver.map((waiting) => waiting.state) },
    ];
  }

  /** A run has ended, or could not be started. Unknown runs are ignored. */
  ended(now: Instant, run: number): readonly ScriptQueueAction[] {
    const subject = this.#subjectOf.get(run);
    this.#subjectOf.delete(run);
    const queue = subject === undefined ? undefined : this.#queues.get(subject);
    if (subject === undefined || queue?.running === undefined) return [];
    queue.running.runs.delete(run);
    return queue.running.runs.size > 0 ? [] : this.#start(now, subject, queue.waiting);
  }

  clockReached(now: Instant): readonly ScriptQueueAction[] {
    const actions: ScriptQueueAction[] = [];
    for (const [subject, queue] of this.#queues) {
      const running = queue.running;
      if (running?.signalAt === undefined || running.signalAt > now) continue;
      for (const run of running.runs) actions.push({ kind: "Signal", run, signal: running.next });
      // KILL is repeated as well: a script in an uninterruptible call dies only when it returns from it.
      this.#queues.set(subject, {
        ...queue,
        running: { ...running, signalAt: now + KILL_AFTER_TERM, next: "KILL" },
      });
    }
    return actions;
  }

  nextDeadline(): Instant | undefined {
    let least: Instant | undefined;
    for (const { running } of this.#queues.values()) {
      const at = running?.signalAt;
      if (at !== undefined && (least === undefined || at < least)) least = at;
    }
    return least;
  }

  /** Nothing runs and nothing waits. */
  get idle(): boolean {
    return this.#queues.size === 0;
  }

  /** The daemon ends: whatever runs gets TERM now, waiting states are dropped and told. */
  terminate(now: Instant): readonly ScriptQueueAction[] {
    const actions: ScriptQueueAction[] = [];
    for (const [subject, queue] of this.#queues) {
      if (queue.waiting.length > 0) {
        actions.push({ kind: "Collapsed", subject, states: queue.waiting.map((waiting) => waiting.state) });
      }
      if (queue.running === undefined) continue;
      this.#queues.set(subject, { running: { ...queue.running, signalAt: now, next: "TERM" }, waiting: [] });
    }
    return [...actions, ...this.clockReached(now)];
  }

  #start(now: Instant, subject: string, waiting: readonly ScriptRequest[]): readonly ScriptQueueAction[] {
    const actions: ScriptQueueAction[] = [];
    const runs = new Set<number>();
    let rest = waiting;
    while (runs.size === 0 && rest.length > 0) {
      const [first, ...others] = rest;
      rest = others;
      for (const command of first?.commands ?? []) {
        const run = this.#nextRun++;
        runs.add(run);
        this.#subjectOf.set(run, subject);
        actions.push({ kind: "Start", run, subject, state: first?.state ?? "STOP", command });
      }
    }
    if (runs.size === 0) this.#queues.delete(subject);
    else {
      const signalAt = rest[0] === undefined ? undefined : now + rest[0].timeout;
      this.#queues.set(subject, { running: { runs, signalAt, next: "TERM" }, waiting: rest });
    }
    return actions;
  }
}

/**
 * Whether a newer state makes a waiting one pointless. A state replaces every waiting state and event; the event
 * MASTER_RX_LOWER_PRI is no state and replaces only its like.
 */
function supersedes(newer: ScriptState, waiting: ScriptState): boolean {
  return newer !== "MASTER_RX_LOWER_PRI" || waiting === "MASTER_RX_LOWER_PRI";
}
