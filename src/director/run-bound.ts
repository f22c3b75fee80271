/** How long a run may take in all. Probes end by it, and whoever waits for them knows when one has been lost. */
import type { Micros } from "../base/time.ts";
import { seconds } from "../base/time.ts";
import type { ProbeModel } from "../model/director-models.ts";

/** Waits of one page, in timeouts: connection, TLS, head, body, and as much again for one that comes in pieces. */
const WAITS_OF_PAGE = 6;
/** Waits of another conversation: connection, greeting, answer, goodbye, and as much again. */
const WAITS_OF_TALK = 8;
/** One wait, and as much again. */
const WAITS_OF_ONE_ANSWER = 2;
/** A program that heeds neither TERM nor KILL. */
const LAST_WORDS: Micros = seconds(10);

/** Every single wait has the probe's own timeout; this bounds them all. */
export function longestRun(probe: ProbeModel): Micros {
  switch (probe.kind) {
    case "http":
      return probe.target.timeout * WAITS_OF_PAGE * Math.max(1, probe.urls.length);
    case "misc":
      return probe.timeout + LAST_WORDS;
    case "grpc":
    case "smtp":
      return probe.target.timeout * WAITS_OF_TALK;
    case "tcp":
    case "dns":
    case "udp":
    case "ping":
      return probe.target.timeout * WAITS_OF_ONE_ANSWER;
    case "file":
    case "bfd":
      return 0;
  }
}
