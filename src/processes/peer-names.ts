/**
 * Addresses of unicast peers that are host names: asked for at the start and again and again. A failure changes nothing,
 * the last answer stays, over a restart too.
 */
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import type { IpAddress, IpFamily } from "../base/ip.ts";
import { familyOf, parseIp } from "../base/ip.ts";
import type { Result } from "../base/result.ts";
import type { Micros } from "../base/time.ts";
import { seconds } from "../base/time.ts";
import type { Loop, Timer } from "../host/loop.ts";
import type { VrrpModel } from "../model/model.ts";
import type { StewardEvent } from "../observe/journal-entry.ts";
import type { HostAddress } from "../vrrp/input.ts";

export interface PeerNamesListener {
  /** Some answer is another one than before. */
  changed(): void;
  record(event: StewardEvent): void;
  resolve(name: string, family: IpFamily): Promise<Result<IpAddress, string>>;
}

/** How long a known name is believed, and how soon an unknown one is asked for again. */
const PERIOD: Micros = seconds(30);
const RETRY: Micros = seconds(2);
/** A first configuration waits this long for its names: a start should not begin with FAULT. */
const PATIENCE: Micros = seconds(2);

interface Name {
  readonly name: string;
  readonly family: IpFamily;
  address: IpAddress | undefined;
  failed: boolean;
}

export class PeerNames {
  readonly #loop: Loop;
  readonly #path: string;
  readonly #listener: PeerNamesListener;
  readonly #timer: Timer;
  readonly #known: Map<string, IpAddress>;
  #names: readonly Name[] = [];

  constructor(loop: Loop, path: string, listener: PeerNamesListener) {
    this.#loop = loop;
    this.#path = path;
    this.#listener = listener;
    this.#timer = loop.timer(() => this.#askAll());
    this.#known = readAnswers(path);
  }

  /** What is known of the names of the configuration. */
  get hosts(): readonly HostAddress[] {
    return this.#names.flatMap(({ name, family, address }) =>
      address === undefined ? [] : [{ name, family, address }],
    );
  }

  /** Takes the names of a model; `ready` is called once each has been answered for, or patience ends. */
  configure(model: VrrpModel, ready: () => void = () => undefined): void {
    const before = new Map(this.#names.map((one) => [keyOf(one.name, one.family), one]));
    const wanted = new Map<string, Name>();
    for (const { family, unicast } of model.instances) {
      for (const { host: name, address } of unicast?.peers ?? []) {
        const key = keyOf(name, family);
        if (address !== undefined || wanted.has(key)) continue;
        const fresh = { name, family, address: this.#known.get(key), failed: false };
        wanted.set(key, before.get(key) ?? fresh);
      }
    }
    this.#names = [...wanted.values()];
    const answers = this.#askAll();
    if (this.#names.every(({ address }) => address !== undefined)) {
      ready();
      return;
    }
    let waits = true;
    const go = (): void => {
      patience.close();
      if (waits) ready();
      waits = false;
    };
    const patience = this.#loop.timer(go);
    patience.set(this.#loop.now() + PATIENCE);
    answers.then(go, rethrow);
  }

  close(): void {
    this.#timer.close();
  }

  async #askAll(): Promise<void> {
    const asked = this.#names;
    if (asked.length === 0) {
      this.#timer.set(undefined);
      return;
    }
    this.#timer.set(this.#loop.now() + PERIOD);
    const changes = await Promise.all(asked.map((one) => this.#ask(one)));
    if (asked !== this.#names) return;
    if (changes.includes(true)) {
      this.#store();
      this.#listener.changed();
    }
    if (asked.some(({ address }) => address === undefined)) this.#timer.set(this.#loop.now() + RETRY);
  }

  /** Whether the answer is new. */
  async #ask(one: Name): Promise<boolean> {
    const { name, family, address: kept } = one;
    const answer = await this.#listener.resolve(name, family);
    if (answer.ok) {
      one.failed = false;
      if (answer.value === kept) return false;
      one.address = answer.value;
      this.#known.set(keyOf(name, family), answer.value);
      this.#listener.record({ kind: "PeerNameResolved", name, address: answer.value, before: kept });
      return true;
    }
    if (!one.failed) this.#listener.record({ kind: "PeerNameFailed", name, error: answer.error, kept });
    one.failed = true;
    return false;
  }

  /** What cannot be written is asked for again after a restart. */
  #store(): void {
    const temporary = `${this.#path}.new`;
    try {
      writeFileSync(temporary, JSON.stringify([...this.#known]), { mode: 0o600 });
      renameSync(temporary, this.#path);
    } catch (error) {
      const why = (error as NodeJS.ErrnoException).code ?? String(error);
      this.#listener.record({ kind: "PeerNamesNotKept", file: this.#path, error: why });
    }
  }
}

function keyOf(name: string, family: IpFamily): string {
  return `${family} ${name}`;
}

/** Answers of a life before. A file that is not there or not ours says nothing. */
function readAnswers(path: string): Map<string, IpAddress> {
  const answers = new Map<string, IpAddress>();
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return answers;
  }
  if (!Array.isArray(value)) return answers;
  for (const entry of value as readonly unknown[]) {
    if (!Array.isArray(entry)) continue;
    const [key, text] = entry as readonly unknown[];
    const address = typeof text === "string" ? parseIp(text) : undefined;
    if (typeof key !== "string" || address === undefined) continue;
    if (key.startsWith(`${familyOf(address)} `)) answers.set(key, address);
  }
  return answers;
}

function rethrow(error: unknown): never {
  throw error;
}
