/** The steward's mail: the retry policy with a clock and a library. */

import { deliverMail } from "../host/alerts.ts";
import type { Loop, Timer } from "../host/loop.ts";
import type { MailModel } from "../model/mail-model.ts";
import type { StewardEvent } from "../observe/journal-entry.ts";
import type { Mail, MailAction } from "../supervise/mail-retry.ts";
import { MailQueue } from "../supervise/mail-retry.ts";

export class Mailer {
  readonly #queue = new MailQueue();
  readonly #loop: Loop;
  readonly #timer: Timer;
  readonly #report: (event: StewardEvent) => void;
  #model: MailModel | undefined;
  #onIdle: (() => void) | undefined;

  constructor(loop: Loop, report: (event: StewardEvent) => void) {
    this.#loop = loop;
    this.#report = report;
    this.#timer = loop.timer((now) => this.#perform(this.#queue.clockReached(now)));
  }

  configure(model: MailModel | undefined): void {
    this.#model = model;
  }

  submit(mail: Mail): void {
    this.#perform(this.#queue.submit(this.#loop.now(), mail));
  }

  /** Calls back when every mail has been tried, at once if none waits; what failed by then is given up. */
  finish(done: () => void): void {
    if (this.#queue.length === 0 || this.#queue.nextDeadline() !== undefined) {
      this.abandon();
      done();
      return;
    }
    this.#onIdle = done;
  }

  abandon(): void {
    this.#perform(this.#queue.abandon("the daemon ends"));
  }

  #perform(actions: readonly MailAction[]): void {
    for (const action of actions) {
      if (action.kind === "Deliver") this.#deliver(action.mail);
      else this.#tell(action);
    }
    this.#timer.set(this.#queue.nextDeadline());
    const done = this.#onIdle;
    if (done !== undefined && (this.#queue.length === 0 || this.#queue.nextDeadline() !== undefined)) {
      this.#onIdle = undefined;
      this.finish(done);
    }
  }

  #deliver(mail: Mail): void {
    const model = this.#model;
    if (model === undefined) {
      queueMicrotask(() =>
        this.#perform(this.#queue.failed(this.#loop.now(), "no mail server is configured")),
      );
      return;
    }
    deliverMail(model, mail).then(
      () => this.#perform(this.#queue.sent(this.#loop.now())),
      (error: unknown) => {
        const text = error instanceof Error ? error.message : String(error);
        this.#perform(this.#queue.failed(this.#loop.now(), text));
      },
    );
  }

  #tell(action: Exclude<MailAction, { readonly kind: "Deliver" }>): void {
    const subject = action.mail.subject;
    if (action.kind === "Sent") {
      const recipients = this.#model?.recipients ?? [];
      this.#report({ kind: "MailSent", subject, recipients, attempts: action.attempts });
    } else {
      const { attempt, error, retryIn } = action;
      this.#report({ kind: "MailFailed", subject, attempt, error, retryIn });
    }
  }
}
