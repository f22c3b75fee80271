/** Reloads as the supervisor runs them: one at a time, over when every child runs with the new configuration. */
import type { Loop, Timer } from "../host/loop.ts";
import type { ServiceManager } from "../host/sd-notify.ts";
import type { ReloadAction, ReloadOutcome } from "../supervise/reload.ts";
import { Reloads } from "../supervise/reload.ts";
import type { ChildRole } from "./child.ts";

export interface ReloadListener {
  /** The steward is to read the files. */
  begin(): void;
  finished(outcome: ReloadOutcome, askers: readonly number[]): void;
}

export class ReloadRunner {
  readonly #loop: Loop;
  readonly #manager: ServiceManager;
  readonly #listener: ReloadListener;
  readonly #reloads = new Reloads();
  readonly #timer: Timer;
  #awaited: { readonly generation: number; readonly from: Set<ChildRole> } | undefined;
  #diagnostics = "";
  /** The first configuration runs. */
  #ready = false;

  constructor(loop: Loop, manager: ServiceManager, listener: ReloadListener) {
    this.#loop = loop;
    this.#manager = manager;
    this.#listener = listener;
    this.#timer = loop.timer((now) => this.#perform(this.#reloads.clockReached(now)));
  }

  request(asker: number | undefined): void {
    this.#perform(this.#reloads.request(this.#loop.now(), asker));
  }

  aborted(why: string): void {
    this.#perform(this.#reloads.aborted(why));
  }

  finished(outcome: ReloadOutcome): void {
    this.#perform(this.#reloads.finished(this.#loop.now(), outcome));
  }

  /** These children have been sent a configuration, and will say when they run with it. */
  await(generation: number, from: readonly ChildRole[], diagnostics: string): void {
    this.#diagnostics = diagnostics;
    this.#awaited = { generation, from: new Set(from) };
    this.#finish();
  }

  /** Without a generation: the child will run with whatever is newest. */
  applied(child: ChildRole, generation = Number.POSITIVE_INFINITY): void {
    if (this.#awaited === undefined || generation < this.#awaited.generation) return;
    this.#awaited.from.delete(child);
    this.#finish();
  }

  close(): void {
    this.#timer.close();
  }

  #finish(): void {
    if (this.#awaited === undefined || this.#awaited.from.size > 0) return;
    this.#awaited = undefined;
    if (!this.#ready) {
      this.#ready = true;
      this.#manager.ready("running");
    }
    this.finished({ kind: "applied", diagnostics: this.#diagnostics });
  }

  #perform(actions: readonly ReloadAction[]): void {
    for (const action of actions) {
      if (action.kind === "Begin") {
        this.#manager.reloading(this.#loop.now());
        this.#listener.begin();
      } else {
        if (this.#ready)
          this.#manager.ready(action.outcome.kind === "refused" ? "reload refused" : "running");
        this.#listener.finished(action.outcome, action.askers);
      }
    }
    this.#timer.set(this.#reloads.nextDeadline());
  }
}
