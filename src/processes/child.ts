/** One life of a child process, seen from the supervisor. */
import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { BugError } from "../base/assert.ts";
import type { Instant } from "../base/time.ts";
import type { Loop } from "../host/loop.ts";
import type { ChildStatus } from "../observe/status-document.ts";
import type { ChildExit } from "../supervise/respawn.ts";
import { Inbox, Outbox } from "./ipc.ts";
import type { Validator } from "./messages.ts";
import type { RunOptions } from "./run-options.ts";

export type ChildRole = "vrrp" | "checker" | "steward";

export interface ChildListener<In> {
  message(message: In): void;
  /** Once, after the last message. */
  exited(exit: ChildExit): void;
}

/** What is told of a child that runs or has ended. */
export interface ChildLife {
  readonly pid: number | undefined;
  readonly startedAt: Instant;
}

/** What `status` shows of a child; it may not be running. */
export function childStatus(
  name: ChildRole,
  child: ChildLife | undefined,
  restarts: number,
  now: Instant,
): ChildStatus {
  return { name, pid: child?.pid, restarts, upFor: child === undefined ? 0 : now - child.startedAt };
}

const MAIN = fileURLToPath(new URL("./main.js", import.meta.url));
/**
 * Where elections are, a small young generation keeps pauses for garbage collection short. Elsewhere it may be large: a
 * configuration of thousands of virtual servers is copied less often.
 */
const NODE_FLAGS: Readonly<Record<ChildRole, readonly string[]>> = {
  vrrp: ["--max-semi-space-size=1"],
  checker: ["--max-semi-space-size=16"],
  steward: ["--max-semi-space-size=32"],
};

export class Child<In, Out extends { readonly kind: string }> {
  readonly pid: number | undefined;
  readonly startedAt: Instant;
  readonly outbox: Outbox<Out>;
  readonly #process: ChildProcess;

  constructor(
    loop: Loop,
    role: ChildRole,
    options: RunOptions,
    version: string,
    parse: Validator<In>,
    listener: ChildListener<In>,
  ) {
    this.startedAt = loop.now();
    this.#process = spawn(
      process.execPath,
      [...NODE_FLAGS[role], MAIN, role, version, JSON.stringify(options)],
      {
        stdio: ["ignore", "inherit", "inherit", "ipc"],
        serialization: "json",
        // A session of its own: the signals of a terminal reach the supervisor alone, which passes on what it means.
        detached: true,
      },
    );
    this.pid = this.#process.pid;
    const inbox = new Inbox(parse);
    this.#process.on("message", (value) => {
      const message = this.#read(inbox, role, value);
      if (message !== undefined) listener.message(message);
    });
    let gone = false;
    const exited = (exit: ChildExit): void => {
      if (gone) return;
      gone = true;
      listener.exited(exit);
    };
    this.#process.on("error", (error) => {
      process.stderr.write(`buoy: ${role} process: ${error.message}\n`);
      if (this.#process.pid === undefined) exited({ kind: "exited", code: 1 });
    });
    // `close` rather than `exit`: the channel has been read to its end by then.
    this.#process.on("close", (code, signal) => {
      exited(signal === null ? { kind: "exited", code: code ?? 0 } : { kind: "killed", signal });
    });
    this.outbox = new Outbox<Out>(
      {
        send: (message, done) => {
          if (this.#process.connected) this.#process.send(message, done);
          else done(new Error("the process is gone"));
        },
      },
      // A child that is gone is told by its exit; one that takes nothing any more is ended.
      () => this.kill("SIGKILL"),
    );
  }

  /** A child that talks nonsense is defective and is ended; the supervisor lives on. */
  #read(inbox: Inbox<In>, role: ChildRole, value: unknown): In | undefined {
    try {
      return inbox.receive(value);
    } catch (error) {
      if (!(error instanceof BugError) && !(error instanceof SyntaxError)) throw error;
      process.stderr.write(`buoy: the ${role} process sent what is no message: ${error.message}\n`);
      this.kill("SIGKILL");
      return undefined;
    }
  }

  kill(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }
}
