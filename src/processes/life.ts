/** What is remembered of a child between its lives, and when the next one begins. */
import type { Loop, Timer } from "../host/loop.ts";
import type { SupervisorEvent } from "../observe/journal-entry.ts";
import type { ChildExit, RespawnHistory } from "../supervise/respawn.ts";
import { decideRespawn, describeExit, FRESH } from "../supervise/respawn.ts";
import type { ChildLife, ChildRole } from "./child.ts";

export interface LifeListener {
  start(): void;
  event(event: SupervisorEvent): void;
  /** Another start would end the same way, or is not wanted. */
  givenUp(exitCode: number, why: string): void;
}

export class Life {
  readonly #loop: Loop;
  readonly #child: ChildRole;
  readonly #respawn: boolean;
  readonly #listener: LifeListener;
  readonly #timer: Timer;
  #history: RespawnHistory = FRESH;
  #restarts = 0;

  /** `respawn` false is keepalived's `-R`. */
  constructor(loop: Loop, child: ChildRole, respawn: boolean, listener: LifeListener) {
    this.#loop = loop;
    this.#child = child;
    this.#respawn = respawn;
    this.#listener = listener;
    this.#timer = loop.timer(() => listener.start());
  }

  get restarts(): number {
    return this.#restarts;
  }

  /** Starts the child again, at once or later, or gives it up. */
  died(exit: ChildExit, ended: ChildLife): void {
    const now = this.#loop.now();
    const child = this.#child;
    const decision = decideRespawn(this.#history, exit, ended.startedAt, now, this.#respawn);
    const how = describeExit(exit);
    const restartIn = decision.kind === "respawn" ? decision.after : undefined;
    this.#listener.event({ kind: "ChildDied", child, pid: ended.pid ?? 0, how, restartIn });
    if (decision.kind === "give-up") {
      this.#listener.givenUp(decision.exitCode, `the ${child} process ended with ${how}: ${decision.why}`);
      return;
    }
    this.#history = decision.history;
    this.#restarts++;
    if (decision.after > 0) this.#timer.set(now + decision.after);
    else this.#listener.start();
  }

  /** There will be no other life. */
  close(): void {
    this.#timer.close();
  }
}
