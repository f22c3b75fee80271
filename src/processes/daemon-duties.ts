/** What the configuration asks of the supervisor itself: FIFOs, and scripts of the daemon's start and end. */
import type { Micros } from "../base/time.ts";
import type { Loop } from "../host/loop.ts";
import type { ScriptEnd } from "../host/scripts.ts";
import { runScript } from "../host/scripts.ts";
import type { DaemonModel, TimedCommandModel } from "../model/daemon-model.ts";
import type { SupervisorEvent } from "../observe/journal-entry.ts";
import { Fifos } from "./fifos.ts";

export class DaemonDuties {
  readonly #loop: Loop;
  readonly #event: (event: SupervisorEvent) => void;
  readonly #fifos: Fifos;
  #model: DaemonModel | undefined;
  #shutDown = false;
  /** What follows the startup script while that runs: the newest configuration. */
  #starting: (() => void) | undefined;

  constructor(loop: Loop, event: (event: SupervisorEvent) => void) {
    this.#loop = loop;
    this.#event = event;
    this.#fifos = new Fifos(loop, event);
  }

  /** Takes a configuration, and goes on with `begin`: at once, but for the startup script of the first one. */
  configure(model: DaemonModel, begin: () => void): void {
    const first = this.#model === undefined;
    this.#model = model;
    const open = (): void => {
      this.#fifos.configure(model);
      begin();
    };
    if (this.#starting !== undefined) this.#starting = open;
    else if (first && model.startupScript !== undefined) this.#start(model.startupScript, open);
    else open();
  }

  #start(script: TimedCommandModel, open: () => void): void {
    this.#starting = open;
    this.#run("startup", script, () => {
      const begin = this.#starting;
      this.#starting = undefined;
      begin?.();
    });
  }

  /** A line about VRRP for the FIFOs. */
  writeVrrp(line: string): void {
    this.#fifos.writeVrrp(line);
  }

  /** A line about servers and services. */
  writeLvs(line: string): void {
    this.#fifos.writeLvs(line);
  }

  /** `fifo_write_vrrp_states_on_reload`. */
  get statesOnReload(): boolean {
    return this.#model?.statesOnReload === true;
  }

  /** `child_wait_time`. */
  get childWait(): Micros | undefined {
    return this.#model?.childWait;
  }

  /** There is a shutdown script that has not ended yet. */
  get shutdownScriptWaits(): boolean {
    return this.#model?.shutdownScript !== undefined && !this.#shutDown;
  }

  /** Runs the shutdown script; `done` is called when it has ended. */
  shutDown(done: () => void): void {
    const script = this.#model?.shutdownScript;
    if (script === undefined) return;
    this.#run("shutdown", script, () => {
      this.#shutDown = true;
      done();
    });
  }

  close(): void {
    this.#fifos.close();
  }

  /** Waits for a script, but no longer than its timeout. */
  #run(script: "startup" | "shutdown", { command, timeout }: TimedCommandModel, done: () => void): void {
    let timedOut = false;
    const ended = (end: ScriptEnd): void => {
      limit.close();
      this.#event({ kind: "DaemonScriptEnded", script, command: command.argv, ...end, timedOut });
      done();
    };
    const running = runScript(this.#loop, command, ended, this.#model?.umask);
    const limit = this.#loop.timer(() => {
      timedOut = true;
      running?.signal("KILL");
    });
    limit.set(this.#loop.now() + timeout);
  }
}
