/** One line of the log, and its severities (RFC 5424, table 2). */
import type { Instant } from "../base/time.ts";

export const LOG_ERROR = 3;
export const LOG_WARNING = 4;
export const LOG_NOTICE = 5;
export const LOG_INFO = 6;

export interface LogLine {
  /** Severity of syslog, 0 (emergency) to 7 (debug). */
  readonly priority: number;
  /** keepalived's identity for the process: `Keepalived` for the parent, `Keepalived_vrrp` for the VRRP child. */
  readonly ident: "Keepalived" | "Keepalived_vrrp" | "Keepalived_bfd" | "Keepalived_healthcheckers";
  readonly text: string;
  /** Said only with `--log-detail`. */
  readonly detail: boolean;
  /** When it happened, where many entries tell of one thing: that is said once. */
  readonly happenedAt?: Instant;
}
