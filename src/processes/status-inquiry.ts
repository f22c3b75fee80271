/** The state of the other processes as the steward last heard of it, and the questions for it. */
import type { Micros } from "../base/time.ts";
import { seconds } from "../base/time.ts";
import type { Loop } from "../host/loop.ts";
import type { PoolStatus } from "../observe/pool-view.ts";
import type { CheckerSnapshot, ToSteward, VrrpChildSnapshot } from "./messages.ts";
import { poolStatus } from "./pool-status.ts";

/** How long somebody who looks on waits for the children before he is answered with what was last heard. */
const PATIENCE: Micros = seconds(0.5);
/** A file can wait: one that is not written, or tells of the past, is worse. A checker may have tens of thousands of servers to tell of. */
export const PATIENCE_FOR_FILES: Micros = seconds(10);

type StatusMessage = ToSteward & { readonly kind: "Status" };

interface Waiter {
  readonly answer: () => void;
  readonly patience: { close(): void };
}

export class StatusInquiry {
  readonly #loop: Loop;
  readonly #ask: () => void;
  #snapshot: VrrpChildSnapshot | undefined;
  #status: StatusMessage | undefined;
  /** Answered when all parts have come, or when their patience ends. */
  #waiters: readonly Waiter[] = [];
  #checker: string | undefined;
  #heard = { status: false, snapshot: false, checker: false };

  /** `ask` wants all parts from the supervisor. */
  constructor(loop: Loop, ask: () => void) {
    this.#loop = loop;
    this.#ask = ask;
  }

  /** Absent while the vrrp child does not run, or has not spoken yet. */
  get snapshot(): VrrpChildSnapshot | undefined {
    return this.#snapshot;
  }

  /** Likewise absent, of the checker child. Snapshots of tens of thousands of servers are read only when asked for. */
  get checker(): CheckerSnapshot | undefined {
    return this.#checker === undefined ? undefined : (JSON.parse(this.#checker) as CheckerSnapshot);
  }

  get pool(): PoolStatus | undefined {
    const { checker } = this;
    return checker && poolStatus(checker);
  }

  get status(): StatusMessage | undefined {
    return this.#status;
  }

  /** Calls back when all are fresh, or as fresh as they get in a while. */
  fresh(answer: () => void, longest: Micros = PATIENCE): void {
    const patience = this.#loop.timer(() => {
      this.#waiters = this.#waiters.filter((other) => other !== waiter);
      patience.close();
      answer();
    });
    const waiter: Waiter = { answer, patience };
    patience.set(this.#loop.now() + longest);
    this.#waiters = [...this.#waiters, waiter];
    if (this.#waiters.length > 1) return;
    this.#heard = { status: false, snapshot: false, checker: false };
    this.#ask();
  }

  heardSnapshot(text: string): void {
    this.#snapshot = JSON.parse(text) as VrrpChildSnapshot;
    this.#heard.snapshot = true;
    this.#answer();
  }

  heardChecker(text: string): void {
    this.#checker = text;
    this.#heard.checker = true;
    this.#answer();
  }

  heardStatus(message: StatusMessage): void {
    this.#status = message;
    this.#heard.status = true;
    // A child that does not run will not answer.
    if (!message.checkerRunning) {
      this.#checker = undefined;
      this.#heard.checker = true;
    }
    if (!message.vrrpRunning) {
      this.#snapshot = undefined;
      this.#heard.snapshot = true;
    }
    this.#answer();
  }

  #answer(): void {
    if (!Object.values(this.#heard).every(Boolean)) return;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const { answer, patience } of waiters) {
      patience.close();
      answer();
    }
  }
}
