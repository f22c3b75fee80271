/** The local syslog socket (RFC 3164 as libc writes it). */
import type { DatagramSender } from "./system.ts";
import { openDatagramSender } from "./system.ts";

const FACILITIES: ReadonlyMap<string, number> = new Map([
  ["kern", 0],
  ["user", 1],
  ["mail", 2],
  ["daemon", 3],
  ...Array.from({ length: 8 }, (_, index) => [`local${index}`, 16 + index] as const),
]);
const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
export const SYSLOG_PATH = "/dev/log";

export interface Syslog {
  /** `priority` is the severity 0..7. False if the logger is missing or full. */
  log(priority: number, ident: string, text: string): boolean;
  close(): void;
}

/** An unknown facility counts as `daemon`, keepalived's default. */
export function openSyslog(facility: string, pid: number, path = SYSLOG_PATH): Syslog {
  const sender: DatagramSender = openDatagramSender(path);
  const code = FACILITIES.get(facility) ?? 3;
  const encoder = new TextEncoder();
  return {
    log: (priority, ident, text) =>
      sender.send(encoder.encode(syslogLine(code * 8 + priority, new Date(), ident, pid, text))),
    close: () => sender.close(),
  };
}

/** `<27>Nov 23 12:00:03 Keepalived[71]: text`, in local time. */
export function syslogLine(code: number, when: Date, ident: string, pid: number, text: string): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  const day = String(when.getDate()).padStart(2, " ");
  const clock = `${two(when.getHours())}:${two(when.getMinutes())}:${two(when.getSeconds())}`;
  return `<${code}>${MONTHS[when.getMonth()] ?? "Jan"} ${day} ${clock} ${ident}[${pid}]: ${text}`;
}
