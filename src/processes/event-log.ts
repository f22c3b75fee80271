/** What the supervisor has to tell the steward, kept while the steward is not there. */
import type { Instant } from "../base/time.ts";
import { seconds } from "../base/time.ts";
import type { Loop, Timer } from "../host/loop.ts";
import type { JournalEvent } from "../observe/journal-entry.ts";
import type { Delivery, Outbox } from "./ipc.ts";
import type { ToSteward } from "./messages.ts";

const BACKLOG_LIMIT = 2048;

/** What tells of a state change must not be lost among the rest, of which there is much more just then. */
export function deliveryOf({ event }: JournalEvent): Delivery {
  return IMPORTANT.has(event.kind) ? "important" : "droppable";
}

const IMPORTANT: ReadonlySet<string> = new Set([
  "StateChanged",
  "OrderProgress",
  "ServerChanged",
  "QuorumChanged",
]);

const DROP_CHECK = seconds(1);

export class EventLog {
  readonly #loop: Loop;
  readonly #timer: Timer;
  #outbox: Outbox<ToSteward> | undefined;
  #backlog: ToSteward[] = [];
  #dropped = 0;
  #reported = 0;

  constructor(loop: Loop) {
    this.#loop = loop;
    this.#timer = loop.timer(() => this.#reportDrops());
  }

  /** Events lost since the start. */
  get dropped(): number {
    return this.#dropped;
  }

  connect(outbox: Outbox<ToSteward>): void {
    this.#outbox = outbox;
    const backlog = this.#backlog;
    this.#backlog = [];
    for (const message of backlog) outbox.post(message);
    this.#reportDrops();
  }

  disconnect(): void {
    this.#collectDrops();
    this.#outbox = undefined;
    this.#timer.set(undefined);
  }

  /** An event for the journal; it may be lost, and is counted then. */
  journal(at: Instant, event: JournalEvent): void {
    const message: ToSteward = { kind: "Journal", at, event };
    if (this.#outbox !== undefined) this.#outbox.post(message, deliveryOf(event));
    else if (this.#backlog.length < BACKLOG_LIMIT) this.#backlog.push(message);
    else this.#dropped++;
  }

  /** A message that must arrive, later if the steward is not there now. */
  must(message: ToSteward): void {
    if (this.#outbox !== undefined) this.#outbox.post(message);
    else if (message.kind === "Mail") this.#backlog.push(message);
  }

  close(): void {
    this.#timer.close();
  }

  #collectDrops(): void {
    this.#dropped += this.#outbox?.takeDropped() ?? 0;
  }

  #reportDrops(): void {
    this.#collectDrops();
    const count = this.#dropped - this.#reported;
    if (count > 0) {
      this.#reported = this.#dropped;
      const event = { kind: "EventsDropped", count, between: "supervisor and steward" } as const;
      this.must({ kind: "Journal", at: this.#loop.now(), event: { source: "supervisor", event } });
    }
    this.#timer.set(this.#loop.now() + DROP_CHECK);
  }
}
