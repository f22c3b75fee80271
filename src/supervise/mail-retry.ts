/** The queue of outgoing mail: one at a time, retried with growing delays, bounded, nothing dropped in silence. Pure. */
import type { Instant, Micros } from "../base/time.ts";
import { seconds } from "../base/time.ts";

export interface Mail {
  readonly subject: string;
  readonly body: string;
}

export type MailAction =
  /** Try to deliver; answer with {@link MailQueue.sent} or {@link MailQueue.failed}. */
  | { readonly kind: "Deliver"; readonly mail: Mail; readonly attempt: number }
  | { readonly kind: "Sent"; readonly mail: Mail; readonly attempts: number }
  /** `retryIn` undefined: given up. */
  | {
      readonly kind: "Failed";
      readonly mail: Mail;
      readonly attempt: number;
      readonly error: string;
      readonly retryIn: Micros | undefined;
    };

/** Delay before each repeated attempt; after the last one the mail is given up. */
export const RETRY_DELAYS: readonly Micros[] = [5, 30, 120, 600].map(seconds);
export const MAIL_QUEUE_LIMIT = 256;

interface Waiting {
  readonly mail: Mail;
  /** Attempts made. */
  readonly attempts: number;
  readonly notBefore: Instant;
}

/** Mails wait in order of arrival; one that failed does not hold up those behind it. */
export class MailQueue {
  #waiting: Waiting[] = [];
  #delivering: Waiting | undefined;
  readonly #limit: number;

  constructor(limit = MAIL_QUEUE_LIMIT) {
    this.#limit = limit;
  }

  get length(): number {
    return this.#waiting.length + (this.#delivering === undefined ? 0 : 1);
  }

  submit(now: Instant, mail: Mail): readonly MailAction[] {
    if (this.length >= this.#limit) {
      const error = `${this.#limit} mails wait already`;
      return [{ kind: "Failed", mail, attempt: 0, error, retryIn: undefined }];
    }
    this.#waiting.push({ mail, attempts: 0, notBefore: now });
    return this.clockReached(now);
  }

  sent(now: Instant): readonly MailAction[] {
    const done = this.#delivering;
    if (done === undefined) return [];
    this.#delivering = undefined;
    return [{ kind: "Sent", mail: done.mail, attempts: done.attempts }, ...this.clockReached(now)];
  }

  failed(now: Instant, error: string): readonly MailAction[] {
    const done = this.#delivering;
    if (done === undefined) return [];
    this.#delivering = undefined;
    const retryIn = RETRY_DELAYS[done.attempts - 1];
    if (retryIn !== undefined) this.#waiting.push({ ...done, notBefore: now + retryIn });
    const failure: MailAction = { kind: "Failed", mail: done.mail, attempt: done.attempts, error, retryIn };
    return [failure, ...this.clockReached(now)];
  }

  clockReached(now: Instant): readonly MailAction[] {
    if (this.#delivering !== undefined) return [];
    const index = this.#waiting.findIndex((waiting) => waiting.notBefore <= now);
    const next = this.#waiting[index];
    if (next === undefined) return [];
    this.#waiting.splice(index, 1);
    this.#delivering = { ...next, attempts: next.attempts + 1 };
    return [{ kind: "Deliver", mail: next.mail, attempt: this.#delivering.attempts }];
  }

  nextDeadline(): Instant | undefined {
    if (this.#delivering !== undefined || this.#waiting.length === 0) return undefined;
    return this.#waiting.reduce(
      (least, waiting) => Math.min(least, waiting.notBefore),
      Number.POSITIVE_INFINITY,
    );
  }

  /** What is left when the daemon ends: each is a failure to be told. */
  abandon(error: string): readonly MailAction[] {
    const left = this.#delivering === undefined ? this.#waiting : [this.#delivering, ...this.#waiting];
    this.#waiting = [];
    this.#delivering = undefined;
    return left.map(({ mail, attempts }) => ({
      kind: "Failed",
      mail,
      attempt: attempts,
      error,
      retryIn: undefined,
    }));
  }
}
