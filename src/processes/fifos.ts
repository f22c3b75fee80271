/** The supervisor's FIFOs: they stay open as long as the daemon runs, whatever becomes of its children and its configuration. */
import { equalPlain } from "../base/plain.ts";
import type { Instant, Micros } from "../base/time.ts";
import type { Fifo } from "../host/fifo.ts";
import { openFifo } from "../host/fifo.ts";
import type { Loop, Timer } from "../host/loop.ts";
import type { RunningScript, ScriptEnd } from "../host/scripts.ts";
import { runScript } from "../host/scripts.ts";
import type { DaemonModel, FifoModel } from "../model/daemon-model.ts";
import type { SupervisorEvent } from "../observe/journal-entry.ts";
import { restartDelay } from "../supervise/reader-restart.ts";

/** What a FIFO is made with, less the umask. */
const MODE = 0o644;

interface OpenFifo {
  readonly model: FifoModel;
  readonly fifo: Fifo;
  readonly reader: Reader | undefined;
  /** Lines lost since the last one that was taken. */
  lost: number;
}

export class Fifos {
  readonly #loop: Loop;
  readonly #event: (event: SupervisorEvent) => void;
  #open: OpenFifo[] = [];

  constructor(loop: Loop, event: (event: SupervisorEvent) => void) {
    this.#loop = loop;
    this.#event = event;
  }

  /** Takes the FIFOs of a configuration. One that stays as it is stays open, and its reader running. */
  configure({ fifos, umask }: DaemonModel): void {
    const before = this.#open;
    this.#open = [];
    for (const known of before) {
      if (fifos.some((model) => equalPlain(model, known.model))) this.#open.push(known);
      else close(known);
    }
    for (const model of fifos) {
      if (this.#open.some((known) => equalPlain(known.model, model))) continue;
      const opened = this.#openOne(model, umask);
      if (opened !== undefined) this.#open.push(opened);
    }
  }

  /** Writes a line about VRRP to all who want such. */
  writeVrrp(line: string): void {
    const bytes = Buffer.from(line);
    for (const open of this.#open) if (open.model.gets !== "lvs") this.#write(open, bytes);
  }

  /** Writes a line about servers and services to all who want such. */
  writeLvs(line: string): void {
    const bytes = Buffer.from(line);
    for (const open of this.#open) if (open.model.gets !== "vrrp") this.#write(open, bytes);
  }

  close(): void {
    for (const open of this.#open.splice(0)) close(open);
  }

  #write(open: OpenFifo, bytes: Uint8Array): void {
    const { path } = open.model;
    if (!open.fifo.write(bytes)) {
      open.lost++;
      if (open.lost === 1) this.#event({ kind: "FifoLinesLost", path, count: 1 });
      return;
    }
    if (open.lost > 1) this.#event({ kind: "FifoLinesLost", path, count: open.lost });
    open.lost = 0;
  }

  #openOne(model: FifoModel, umask: number): OpenFifo | undefined {
    const { path, uid, gid } = model;
    try {
      const fifo = openFifo({ path, uid, gid, mode: MODE & ~umask });
      const reader =
        model.script === undefined ? undefined : new Reader(this.#loop, model, umask, this.#event);
      return { model, fifo, reader, lost: 0 };
    } catch (error) {
      this.#event({
        kind: "Degraded",
        what: `FIFO ${path}: ${(error as Error).message}`,
        consequence: "nothing is written to it",
        remedy: "make way for it, and reload",
      });
      return undefined;
    }
  }
}

function close({ fifo, reader }: OpenFifo): void {
  reader?.end();
  fifo.close();
}

/** `notify_fifo_script`: kept running. */
class Reader {
  readonly #loop: Loop;
  readonly #model: FifoModel;
  readonly #umask: number;
  readonly #event: (event: SupervisorEvent) => void;
  readonly #timer: Timer;
  #script: RunningScript | undefined;
  #startedAt: Instant = 0;
  #delay: Micros | undefined;
  #ending = false;

  constructor(loop: Loop, model: FifoModel, umask: number, event: (event: SupervisorEvent) => void) {
    this.#loop = loop;
    this.#model = model;
    this.#umask = umask;
    this.#event = event;
    this.#timer = loop.timer(() => this.#start());
    this.#start();
  }

  end(): void {
    this.#ending = true;
    this.#timer.close();
    this.#script?.signal("TERM");
  }

  #start(): void {
    const { script, path } = this.#model;
    if (script === undefined) return;
    this.#startedAt = this.#loop.now();
    const command = { ...script, argv: [...script.argv, path] };
    this.#script = runScript(this.#loop, command, (end) => this.#ended(command.argv, end), this.#umask);
  }

  #ended(command: readonly string[], end: ScriptEnd): void {
    this.#script = undefined;
    if (this.#ending) return;
    const now = this.#loop.now();
    this.#delay = restartDelay(this.#delay, this.#startedAt, now);
    const how = end.error ?? end.signal ?? `exit status ${end.exitCode}`;
    this.#event({ kind: "FifoScriptEnded", path: this.#model.path, command, how, restartIn: this.#delay });
    this.#timer.set(now + this.#delay);
  }
}
