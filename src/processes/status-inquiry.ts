/** The state of the other processes as the steward last heard of it, and the questions for it. */
import type { Micros } from "../base/time.ts";
import { seconds } from "../base/time.ts";
import type { Loop } from "../host/loop.ts";
import type { PoolStatus } from "../observe/pool-view.ts";
import type { CheckerSnapshot, ToSteward, VrrpChildSnapshot } from "./messages.ts";
import { poolStatus } from "./pool-status.ts";

/** How long a question waits for the children before it is answered with what was last heard. */
const PATIENCE: Micros = seconds(0.5);

type StatusMessage = ToSteward & { readonly kind: "Status" };

export class StatusInquiry {
  readonly #loop: Loop;
  readonly #ask: () => void;
  #snapshot: VrrpChildSnapshot | undefined;
  #status: StatusMessage | undefined;
  /** Answered when all parts have come. */
  #waiters: (() => void)[] = [];
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

  /** Calls back when all are fresh, or as fresh as they get. */
  fresh(answer: () => void): void {
    this.#waiters.push(answer);
    if (this.#waiters.length > 1) return;
    this.#heard = { status: false, snapshot: false, checker: false };
    this.#ask();
    const patience = this.#loop.timer(() => {
      patience.close();
      this.#answer(true);
    });
    patience.set(this.#loop.now() + PATIENCE);
  }

  heardSnapshot(text: string): void {
    this.#snapshot = JSON.parse(text) as VrrpChildSnapshot;
    this.#heard.snapshot = true;
    this.#answer(false);
  }

  heardChecker(text: string): void {
    this.#checker = text;
    this.#heard.checker = true;
    this.#answer(false);
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
    this.#answer(false);
  }

  #answer(impatient: boolean): void {
    if (this.#waiters.length === 0) return;
    if (!impatient && !Object.values(this.#heard).every(Boolean)) return;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const answer of waiters) answer();
  }
}
