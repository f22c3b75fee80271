/** Part of the model: what the daemon does besides its elections. */
import type { Micros } from "../base/time.ts";
import type { CommandModel } from "./command-model.ts";

/** What the supervisor does besides running the children. */
export interface DaemonModel {
  readonly fifos: readonly FifoModel[];
  /** Write the states of all instances and groups again after every reload. */
  readonly statesOnReload: boolean;
  /** Waited for before the elections begin, and run when all is released. */
  readonly startupScript: TimedCommandModel | undefined;
  readonly shutdownScript: TimedCommandModel | undefined;
  /** Mode bits that scripts and FIFOs are made without. */
  readonly umask: number;
  /** How long a stop waits for each child (`child_wait_time`); undefined is the usual time. */
  readonly childWait: Micros | undefined;
  /** There while a reload reads the configuration (`reload_file`); undefined for none. */
  readonly reloadFile: string | undefined;
  /** Says when to reload (`reload_time_file`); undefined for none. */
  readonly reloadTime: ReloadTimeModel | undefined;
  /** Gets a copy of every configuration that is read (`config_save_dir`); undefined for none. */
  readonly saveDirectory: string | undefined;
}

export interface ReloadTimeModel {
  readonly path: string;
  /** The file stays, and a time without a date means every day. */
  readonly repeat: boolean;
}

/** `notify_fifo` and its kin. */
export interface FifoModel {
  /** Lines of VRRP, of virtual servers, or of both. */
  readonly gets: "all" | "vrrp" | "lvs";
  readonly path: string;
  /** Its owner where buoy makes it. */
  readonly uid: number;
  readonly gid: number;
  /** Kept running, with the path as its last argument. */
  readonly script: CommandModel | undefined;
}

export interface TimedCommandModel {
  readonly command: CommandModel;
  readonly timeout: Micros;
}
