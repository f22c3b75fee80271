/** keepalived's signals, as the supervisor takes them. */
import { constants } from "node:os";
import type { Loop } from "../host/loop.ts";
import { onSignals, SIGNAL_JSON, SIGNAL_STATS_CLEAR } from "../host/system.ts";
import type { DumpKind } from "./messages.ts";

export interface SignalListener {
  reload(): void;
  stop(by: string): void;
  dump(what: DumpKind): void;
}

export function catchSignals(loop: Loop, listener: SignalListener): void {
  const { SIGHUP, SIGTERM, SIGINT, SIGUSR1, SIGUSR2, SIGXCPU } = constants.signals;
  const caught = [SIGHUP, SIGTERM, SIGINT, SIGUSR1, SIGUSR2, SIGXCPU, SIGNAL_JSON, SIGNAL_STATS_CLEAR];
  onSignals(loop, caught, (signal) => {
    if (signal === SIGHUP) listener.reload();
    else if (signal === SIGTERM || signal === SIGINT)
      listener.stop(signal === SIGTERM ? "SIGTERM" : "SIGINT");
    else if (signal !== SIGXCPU) listener.dump(dumpOf(signal));
  });
}

/** Those that write files. */
function dumpOf(signal: number): DumpKind {
  if (signal === SIGNAL_JSON) return "json";
  if (signal === SIGNAL_STATS_CLEAR) return "stats-clear";
  return signal === constants.signals.SIGUSR2 ? "stats" : "state";
}
