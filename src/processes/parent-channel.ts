/** A child's channel to the supervisor, and what ties its life to the supervisor's. */
import { constants } from "node:os";
import type { Loop } from "../host/loop.ts";
import { onSignals, SIGNAL_JSON, SIGNAL_STATS_CLEAR, setParentDeathSignal } from "../host/system.ts";
import { Inbox, Outbox } from "./ipc.ts";
import type { Validator } from "./messages.ts";

/** Exit code after a defect of our own: not one of those that end the whole daemon. */
export const EXIT_BUG = 70;

export interface ParentChannel<Out extends { readonly kind: string }> {
  readonly outbox: Outbox<Out>;
  /** No more messages are taken and the channel no longer keeps the process alive. */
  close(): void;
}

export interface ParentListener<In> {
  message(message: In): void;
  /** The supervisor is gone or told us to end by SIGTERM. */
  terminated(by: string): void;
}

/**
 * Opens the channel that the process was started with. From here on the process gets SIGTERM when the supervisor dies;
 * the signals of a terminal are the supervisor's business and are ignored here.
 */
export function openParentChannel<In, Out extends { readonly kind: string }>(
  loop: Loop,
  parse: Validator<In>,
  listener: ParentListener<In>,
): ParentChannel<Out> {
  const parent = process.ppid;
  const { SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGXCPU, SIGQUIT } = constants.signals;
  const caught = [
    SIGTERM,
    SIGINT,
    SIGHUP,
    SIGUSR1,
    SIGUSR2,
    SIGXCPU,
    SIGQUIT,
    SIGNAL_JSON,
    SIGNAL_STATS_CLEAR,
  ];
  onSignals(loop, caught, (signal) => {
    if (signal === SIGTERM) listener.terminated("SIGTERM");
  });
  setParentDeathSignal(SIGTERM);
  const inbox = new Inbox(parse);
  process.on("message", (value) => {
    const message = inbox.receive(value);
    if (message !== undefined) listener.message(message);
  });
  process.on("disconnect", () => listener.terminated("the supervisor is gone"));
  const outbox = new Outbox<Out>(
    {
      send: (message, done) => {
        if (process.send === undefined || !process.connected) done(new Error("not connected"));
        // Packets and timers have their turn before what is sent next.
        else process.send(message, undefined, undefined, (error) => setImmediate(done, error));
      },
    },
    (why) => listener.terminated(`channel to the supervisor: ${why}`),
  );
  // It may have died before the death signal was set.
  if (process.ppid !== parent || !process.connected)
    queueMicrotask(() => listener.terminated("no supervisor"));
  return {
    outbox,
    close() {
      if (process.connected) process.disconnect();
    },
  };
}
