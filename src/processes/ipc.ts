/**
 * The sending and receiving ends of a channel between two processes. Sending never blocks and never grows without
 * bound: what the other side has not taken waits here, events are dropped (and counted) when too much waits, of
 * snapshots and models only the newest waits, and large messages go in parts.
 */
import { BugError } from "../base/assert.ts";
import type { Validator } from "./messages.ts";

/** The sending half of a Node IPC channel. `done` is called when the message has been written, or failed. */
export interface SendPort {
  send(message: object, done: (error: Error | null) => void): void;
}

/**
 * - `must`: script requests, ledger entries, results. Never dropped; beyond the hard bound the channel is broken.
 * - `droppable`: events.
 * - `important`: events that explain an outage: dropped only where many times as much waits.
 * - `latest`: a waiting message of the same kind is replaced.
 */
export type Delivery = "must" | "droppable" | "important" | "latest";

export interface OutboxLimits {
  /** Messages handed to the channel and not yet written. */
  readonly window: number;
  /** Waiting messages and characters beyond which events are dropped. */
  readonly softCount: number;
  readonly softCharacters: number;
  /** Waiting characters beyond which the other side counts as dead. */
  readonly hardCharacters: number;
}

export const DEFAULT_LIMITS: OutboxLimits = {
  window: 256,
  softCount: 1024,
  softCharacters: 1 << 20,
  hardCharacters: 64 << 20,
};

/** Text fields longer than this are sent in parts of this size. */
export const PART_LENGTH = 64 * 1024;
/** A message in parts may not be longer than this in all. */
const WHOLE_LENGTH = 128 << 20;
const ASSUMED_OVERHEAD = 200;
const MAY_BE_LOST: ReadonlySet<Delivery> = new Set<Delivery>(["droppable", "important"]);
/** How many times the soft limits important events may fill: thousands of instances change state in one instant. */
const IMPORTANCE = 16;

interface Waiting {
  readonly message: object;
  readonly kind: string;
  readonly delivery: Delivery;
  readonly characters: number;
}

/** Parts handed to the channel and not yet written: others have their turn in between. */
const PARTS_IN_FLIGHT = 2;
/** Text fields longer than this leave a message that goes in parts, and are sent as they are: as JSON they would be escaped twice. */
const LONG_FIELD = 1024;

/** A part of the long fields of a message, one after the other. The last one carries the rest of it. */
interface Part {
  readonly part: number;
  readonly last: boolean;
  readonly text: string;
  readonly rest?: Rest;
}

interface Rest {
  /** The message without its long fields. */
  readonly message: object;
  /** Their names and lengths. */
  readonly fields: readonly (readonly [string, number])[];
}

/** A message on its way in parts. */
interface InParts {
  readonly rest: Rest;
  readonly text: string;
  sent: number;
}

export class Outbox<M extends { readonly kind: string }> {
  readonly #port: SendPort;
  readonly #limits: OutboxLimits;
  readonly #onBroken: (why: string) => void;
  readonly #waiting: Waiting[] = [];
  #characters = 0;
  #inFlight = 0;
  #partsInFlight = 0;
  #inParts: InParts | undefined;
  #dropped = 0;
  #broken = false;

  /** `onBroken` is called once, when the channel failed or the other side takes nothing any more. */
  constructor(port: SendPort, onBroken: (why: string) => void, limits: OutboxLimits = DEFAULT_LIMITS) {
    this.#port = port;
    this.#onBroken = onBroken;
    this.#limits = limits;
  }

  post(message: M, delivery: Delivery = "must"): void {
    if (this.#broken) {
      if (MAY_BE_LOST.has(delivery)) this.#dropped++;
      return;
    }
    const characters = lengthOf(message);
    if (MAY_BE_LOST.has(delivery) && this.#isFull(delivery === "important" ? IMPORTANCE : 1)) {
      this.#dropped++;
      return;
    }
    const waiting: Waiting = { message, kind: message.kind, delivery, characters };
    if (delivery === "latest") this.#replace(waiting);
    else this.#append(waiting);
    if (this.#characters > this.#limits.hardCharacters) {
      this.#break(`${this.#characters} characters wait to be read`);
      return;
    }
    this.#pump();
  }

  /** Events dropped since the last call. */
  takeDropped(): number {
    const dropped = this.#dropped;
    this.#dropped = 0;
    return dropped;
  }

  /** Nothing waits and all that was sent has been written. */
  get drained(): boolean {
    const isEmpty = this.#waiting.length === 0 && this.#inParts === undefined;
    return this.#broken || (isEmpty && this.#inFlight === 0);
  }

  /** Whether more waits than `share` times the soft limits. */
  #isFull(share: number): boolean {
    const { softCount, softCharacters } = this.#limits;
    return this.#waiting.length >= softCount * share || this.#characters >= softCharacters * share;
  }

  #replace(next: Waiting): void {
    const index = this.#waiting.findIndex((one) => one.delivery === "latest" && one.kind === next.kind);
    const old = this.#waiting[index];
    if (old !== undefined) {
      this.#waiting.splice(index, 1);
      this.#characters -= old.characters;
    }
    this.#append(next);
  }

  #append(waiting: Waiting): void {
    this.#waiting.push(waiting);
    this.#characters += waiting.characters;
  }

  #pump(): void {
    while (!this.#broken && this.#inFlight < this.#limits.window) {
      if (this.#inParts !== undefined) {
        if (this.#partsInFlight >= PARTS_IN_FLIGHT) return;
        this.#sendPart(this.#inParts);
        continue;
      }
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#characters -= next.characters;
      if (next.characters <= PART_LENGTH) this.#send(next.message);
      else this.#inParts = inParts(next.message);
    }
  }

  #sendPart(whole: InParts): void {
    const { text, rest, sent } = whole;
    const last = sent + PART_LENGTH >= text.length;
    whole.sent += PART_LENGTH;
    if (last) this.#inParts = undefined;
    this.#partsInFlight++;
    const part: Part = {
      part: sent / PART_LENGTH,
      last,
      text: text.slice(sent, sent + PART_LENGTH),
      ...(last ? { rest } : {}),
    };
    this.#send(part, () => this.#partsInFlight--);
  }

  #send(message: object, written?: () => void): void {
    this.#inFlight++;
    this.#port.send(message, (error) => {
      this.#inFlight--;
      written?.();
      if (error !== null) this.#break(error.message);
      else this.#pump();
    });
  }

  #break(why: string): void {
    if (this.#broken) return;
    this.#broken = true;
    this.#waiting.length = 0;
    this.#inParts = undefined;
    this.#characters = 0;
    this.#onBroken(why);
  }
}

/** Characters of a message's text fields; its structure counts as a constant. */
function lengthOf(message: object): number {
  let length = ASSUMED_OVERHEAD;
  for (const value of Object.values(message)) if (typeof value === "string") length += value.length;
  return length;
}

function inParts(message: object): InParts {
  const entries = Object.entries(message as Readonly<Record<string, unknown>>);
  const long = entries.filter(([, value]) => typeof value === "string" && value.length > LONG_FIELD);
  const names = new Set(long.map(([name]) => name));
  const rest: Rest = {
    message: Object.fromEntries(entries.filter(([name]) => !names.has(name))),
    fields: long.map(([name, value]) => [name, String(value).length]),
  };
  return { rest, text: long.map(([, value]) => value).join(""), sent: 0 };
}

/** The message whose long fields `text` holds. */
function wholeOf({ message, fields }: Rest, text: string): object {
  let start = 0;
  const texts = fields.map(([name, length]) => {
    const from = start;
    start += length;
    return [name, text.slice(from, start)] as const;
  });
  return { ...message, ...Object.fromEntries(texts) };
}

/** Puts parts together and checks what arrives. What is no message is a defect of ours: BugError. */
export class Inbox<M> {
  readonly #parse: Validator<M>;
  #parts: string[] = [];
  #length = 0;

  constructor(parse: Validator<M>) {
    this.#parse = parse;
  }

  /** The message that is complete with this arrival, or undefined while parts are missing. */
  receive(value: unknown): M | undefined {
    const part = asPart(value);
    if (part === undefined) return this.#checked(value);
    if (part.part !== this.#parts.length) throw new BugError(`part ${part.part} after ${this.#parts.length}`);
    this.#length += part.text.length;
    if (this.#length > WHOLE_LENGTH) throw new BugError(`a message of more than ${WHOLE_LENGTH} characters`);
    this.#parts.push(part.text);
    if (!part.last) return undefined;
    if (part.rest === undefined) throw new BugError("a last part without the rest of its message");
    const whole = wholeOf(part.rest, this.#parts.join(""));
    this.#parts = [];
    this.#length = 0;
    return this.#checked(whole);
  }

  #checked(value: unknown): M {
    const message = this.#parse(value);
    if (message === undefined) throw new BugError(`not a message: ${JSON.stringify(value)?.slice(0, 200)}`);
    return message;
  }
}

function asPart(value: unknown): Part | undefined {
  if (typeof value !== "object" || value === null || !("part" in value)) return undefined;
  const { part, last, text, rest } = value as Readonly<Record<string, unknown>>;
  if (typeof part !== "number" || typeof last !== "boolean" || typeof text !== "string") return undefined;
  return isRest(rest) ? { part, last, text, rest } : { part, last, text };
}

function isRest(value: unknown): value is Rest {
  if (typeof value !== "object" || value === null) return false;
  const { message, fields } = value as Readonly<Record<string, unknown>>;
  if (typeof message !== "object" || message === null || !Array.isArray(fields)) return false;
  return fields.every(
    (field: unknown) => Array.isArray(field) && typeof field[0] === "string" && typeof field[1] === "number",
  );
}
