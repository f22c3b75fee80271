/** The steward's journal: a ring in memory, a file, the log, and those who follow. */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import type { Instant } from "../base/time.ts";
import type { JournalFile } from "../host/journal-file.ts";
import { openJournalFile } from "../host/journal-file.ts";
import type { Loop } from "../host/loop.ts";
import type { Syslog } from "../host/syslog.ts";
import { openSyslog } from "../host/syslog.ts";
import type { JournalEntry, JournalEvent } from "../observe/journal-entry.ts";
import { logLine } from "../observe/log-line.ts";
import { identitySuffix } from "./identity.ts";
import type { RunOptions } from "./run-options.ts";

const RING_LIMIT = 4096;
/** Of the file, when a steward is started again: the last this many bytes. */
const RELOADED_TAIL = 1 << 20;

export class Journal {
  readonly #loop: Loop;
  readonly #options: RunOptions;
  readonly #file: JournalFile | undefined;
  readonly #syslog: Syslog | undefined;
  readonly #followers = new Set<(entry: JournalEntry) => void>();
  #ring: JournalEntry[] = [];
  #failedAppends = 0;
  /** When the last happened of what many entries tell of, by its line: there are two for each link. */
  readonly #said = new Map<string, Instant>();

  /** `recall` reads the entries of this steward's predecessor back from the file. */
  constructor(loop: Loop, options: RunOptions, path: string, recall: boolean) {
    this.#loop = loop;
    this.#options = options;
    if (recall) this.#ring = readTail(path);
    this.#file = openJournalFile(path);
    this.#syslog =
      options.syslogFacility === undefined ? undefined : openSyslog(options.syslogFacility, process.ppid);
  }

  /** Lines that the file did not take. */
  get failedAppends(): number {
    return this.#failedAppends;
  }

  /** Newest last. */
  get entries(): readonly JournalEntry[] {
    return this.#ring;
  }

  add(at: Instant, event: JournalEvent): void {
    const entry: JournalEntry = { time: this.#wallTime(at), at, event };
    this.#ring.push(entry);
    if (this.#ring.length > RING_LIMIT) this.#ring = this.#ring.slice(-RING_LIMIT / 2);
    if (this.#file?.append(JSON.stringify(entry)) === false) this.#failedAppends++;
    for (const follower of this.#followers) follower(entry);
    for (const line of logLine(entry)) {
      if (line.detail && this.#options.logDetail === 0) continue;
      if (line.happenedAt !== undefined) {
        if (this.#said.get(line.text) === line.happenedAt) continue;
        this.#said.set(line.text, line.happenedAt);
      }
      this.#log(line.priority, line.ident, line.text);
    }
  }

  /** Text for the log alone: diagnostics. Nothing is journalled. */
  say(priority: number, text: string): void {
    for (const line of text.split("\n")) if (line.trim() !== "") this.#log(priority, "Keepalived", line);
  }

  follow(follower: (entry: JournalEntry) => void): () => void {
    this.#followers.add(follower);
    return () => this.#followers.delete(follower);
  }

  close(): void {
    this.#file?.close();
    this.#syslog?.close();
  }

  #log(priority: number, ident: string, text: string): void {
    if (this.#options.logConsole) process.stderr.write(`${consoleTime(this.#loop.wallClock())}: ${text}\n`);
    this.#syslog?.log(priority, `${ident}${identitySuffix(this.#options.identity)}`, text);
  }

  /** ISO 8601 with microseconds for a monotonic instant. */
  #wallTime(at: Instant): string {
    return isoMicros(this.#loop.wallClock() - (this.#loop.now() - at));
  }
}

/** `2026-11-23T12:00:03.123456Z` of microseconds since 1970. */
export function isoMicros(micros: number): string {
  const whole = new Date(Math.floor(micros / 1000)).toISOString().slice(0, -1);
  return `${whole}${String(Math.floor(micros) % 1000).padStart(3, "0")}Z`;
}

/** As keepalived's console log: `Mon Nov 23 12:00:03 2026`. */
function consoleTime(micros: number): string {
  const when = new Date(Math.floor(micros / 1000));
  const [day, month, date, year] = when.toDateString().split(" ");
  return `${day} ${month} ${date} ${when.toTimeString().slice(0, 8)} ${year}`;
}

function readTail(path: string): JournalEntry[] {
  const fd = openSync(path, "a+");
  try {
    const size = fstatSync(fd).size;
    const tail = Buffer.alloc(Math.min(size, RELOADED_TAIL));
    const length = readSync(fd, tail, 0, tail.length, size - tail.length);
    const lines = tail.toString("utf8", 0, length).split("\n");
    return lines.flatMap(readEntry).slice(-RING_LIMIT / 2);
  } finally {
    closeSync(fd);
  }
}

/** The first line of a tail, and one that a kill cut short, are no entries. */
function readEntry(line: string): JournalEntry[] {
  try {
    const value = JSON.parse(line) as JournalEntry;
    return typeof value.at === "number" && typeof value.event === "object" ? [value] : [];
  } catch {
    return [];
  }
}
