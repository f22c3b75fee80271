/** systemd's notification protocol: one datagram per message to the socket named in the environment. */
import type { Instant } from "../base/time.ts";
import type { DatagramSender } from "./system.ts";
import { openDatagramSender } from "./system.ts";

export interface ServiceManager {
  ready(status: string): void;
  reloading(now: Instant): void;
  stopping(): void;
  status(text: string): void;
  watchdog(): void;
  /** The daemon gives up; `errno` style numbers are not known here, so the reason goes into the status. */
  failed(reason: string): void;
  /** Period at which `watchdog` must be called at least twice; undefined where none is wanted. Microseconds. */
  readonly watchdogPeriod: number | undefined;
  close(): void;
}

/**
 * The service manager that started this process, or a stand-in that hears nothing. The variables are removed from
 * `environment`, so that no child speaks in our name.
 */
export function connectServiceManager(
  environment: Record<string, string | undefined>,
  pid: number,
): ServiceManager {
  const path = environment.NOTIFY_SOCKET;
  const watchdogPid = environment.WATCHDOG_PID;
  const watchdog = Number(environment.WATCHDOG_USEC);
  delete environment.NOTIFY_SOCKET;
  delete environment.WATCHDOG_USEC;
  delete environment.WATCHDOG_PID;
  const sender = path === undefined || path === "" ? undefined : openDatagramSender(path);
  const ours = watchdogPid === undefined || Number(watchdogPid) === pid;
  const wanted = sender !== undefined && ours && Number.isSafeInteger(watchdog) && watchdog > 0;
  return speaker(sender, wanted ? watchdog : undefined);
}

function speaker(sender: DatagramSender | undefined, watchdogPeriod: number | undefined): ServiceManager {
  const encoder = new TextEncoder();
  const say = (...lines: readonly string[]): void => {
    sender?.send(encoder.encode(`${lines.join("\n")}\n`));
  };
  return {
    ready: (status) => say("READY=1", `STATUS=${status}`),
    reloading: (now) => say("RELOADING=1", `MONOTONIC_USEC=${now}`),
    stopping: () => say("STOPPING=1"),
    status: (text) => say(`STATUS=${text}`),
    watchdog: () => say("WATCHDOG=1"),
    failed: (reason) => say(`STATUS=${reason}`, "ERRNO=5"),
    watchdogPeriod,
    close: () => sender?.close(),
  };
}
