/** A reload at a time that a file says (`reload_time_file`). */
import { rmSync } from "node:fs";
import { basename, dirname } from "node:path";
import { formatOsError } from "../base/result.ts";
import { MICROS_PER_MILLI, seconds } from "../base/time.ts";
import { DirectoryWatches } from "../host/inotify.ts";
import type { Loop, Timer } from "../host/loop.ts";
import { readBeginning } from "../host/tracked-file.ts";
import type { ReloadTimeModel } from "../model/daemon-model.ts";
import { LOG_INFO, LOG_WARNING } from "../observe/log-severity.ts";
import type { ReloadTime } from "../supervise/reload-time.ts";
import { parseReloadTime } from "../supervise/reload-time.ts";

/** The clock of the wall may be set: it is looked at so often. */
const LOOK = seconds(10);

export interface ReloadTimerListener {
  due(): void;
  say(priority: number, line: string): void;
}

export class ReloadTimer {
  readonly #loop: Loop;
  readonly #listener: ReloadTimerListener;
  readonly #timer: Timer;
  #model: ReloadTimeModel | undefined;
  #watches: DirectoryWatches | undefined;
  /** What the file said when it was looked at last. */
  #text: string | undefined;
  /** By the clock of the wall. */
  #due: Date | undefined;

  constructor(loop: Loop, listener: ReloadTimerListener) {
    this.#loop = loop;
    this.#listener = listener;
    this.#timer = loop.timer(() => this.#reach());
  }

  /** Follows this file from now on. As keepalived does it, a directory that was missing is looked for at every reload. */
  configure(model: ReloadTimeModel | undefined): void {
    this.#watches?.close();
    this.#watches = undefined;
    if (model?.path !== this.#model?.path) this.#forget();
    this.#model = model;
    if (model === undefined) return;
    const directory = dirname(model.path);
    this.#watches = new DirectoryWatches(this.#loop, {
      changed: (_, name) => {
        if (name === undefined || name === basename(model.path)) this.#look();
      },
      gone: () =>
        this.#listener.say(LOG_WARNING, `${directory} has gone: ${model.path} is not followed any more`),
    });
    const error = this.#watches.watch(directory);
    if (error !== undefined)
      this.#listener.say(LOG_WARNING, `${model.path} is not followed: ${formatOsError(error)}`);
    this.#look();
  }

  close(): void {
    this.#timer.close();
    this.#watches?.close();
  }

  /** Reads the file. What has not changed is not told again. */
  #look(): void {
    const { path = "" } = this.#model ?? {};
    let text: string | undefined;
    try {
      text = readBeginning(path);
    } catch (error) {
      this.#listener.say(LOG_WARNING, `${path}: ${(error as Error).message}`);
    }
    if (text === this.#text) return;
    if (text === undefined && this.#due !== undefined)
      this.#listener.say(LOG_INFO, `Cancelling reload scheduled for ${this.#due.toISOString()}`);
    this.#text = text;
    this.#due = text === undefined ? undefined : this.#read(text);
    this.#timer.set(this.#due === undefined ? undefined : this.#loop.now());
  }

  #read(text: string): Date | undefined {
    const time = parseReloadTime(text);
    const due = time === undefined ? undefined : momentOf(time, this.#wallClock());
    if (due !== undefined) {
      this.#listener.say(LOG_INFO, `Reload scheduled for ${due.toISOString()}`);
    } else {
      const why = time === undefined ? "invalid" : "in the past";
      this.#listener.say(LOG_WARNING, `Reload time '${text.trim()}' is ${why} - ignoring`);
    }
    return due;
  }

  #reach(): void {
    if (this.#due === undefined) return;
    const left = this.#due.getTime() - this.#wallClock().getTime();
    if (left > 0) {
      this.#timer.set(this.#loop.now() + Math.min(LOOK, left * MICROS_PER_MILLI));
      return;
    }
    this.#due = undefined;
    const { path = "", repeat = false } = this.#model ?? {};
    if (repeat) this.#repeat();
    else this.#remove(path);
    this.#listener.due();
  }

  /** A time of day comes again, a date does not. */
  #repeat(): void {
    const time = parseReloadTime(this.#text ?? "");
    this.#due = time === undefined ? undefined : momentOf(time, this.#wallClock());
    if (this.#due !== undefined) this.#timer.set(this.#loop.now() + LOOK);
  }

  #remove(path: string): void {
    try {
      rmSync(path, { force: true });
    } catch (error) {
      this.#listener.say(LOG_WARNING, `${path} stays: ${(error as Error).message}`);
    }
  }

  #forget(): void {
    this.#text = undefined;
    this.#due = undefined;
    this.#timer.set(undefined);
  }

  #wallClock(): Date {
    return new Date(this.#loop.wallClock() / MICROS_PER_MILLI);
  }
}

/** The next moment after `now` of which `time` speaks; undefined where that is over. */
export function momentOf(time: ReloadTime, now: Date): Date | undefined {
  const { date, hour, minute, second, utc } = time;
  const today = utc
    ? { year: now.getUTCFullYear(), month: now.getUTCMonth() + 1, day: now.getUTCDate() }
    : { year: now.getFullYear(), month: now.getMonth() + 1, day: now.getDate() };
  const { year, month, day } = date ?? today;
  const at = (later: number): Date =>
    utc
      ? new Date(Date.UTC(year, month - 1, day + later, hour, minute, second))
      : new Date(year, month - 1, day + later, hour, minute, second);
  const first = at(0);
  if (first > now) return first;
  return date === undefined ? at(1) : undefined;
}
