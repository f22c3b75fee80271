/** When a dead child is started again: keepalived's delays and its permanent exit codes. Pure. */
import type { Instant, Micros } from "../base/time.ts";
import { seconds } from "../base/time.ts";

/** How a child ended. */
export type ChildExit =
  | { readonly kind: "exited"; readonly code: number }
  | { readonly kind: "killed"; readonly signal: string };

/** What is remembered of one child between its lives; start with {@link FRESH}. */
export interface RespawnHistory {
  /** Deaths in a row after a short life. */
  readonly shortLives: number;
}

export const FRESH: RespawnHistory = { shortLives: 0 };

export type RespawnDecision =
  | { readonly kind: "respawn"; readonly after: Micros; readonly history: RespawnHistory }
  /** The daemon ends with this code. */
  | { readonly kind: "give-up"; readonly exitCode: number; readonly why: string };

/** A child that lived this long is started again at once. */
export const LONG_LIFE: Micros = seconds(60);
const DELAYS: readonly Micros[] = [0, 1, 2, 4, 8, 16, 32, 60].map(seconds);
/** Fatal, configuration and permission errors: another start would end the same way. */
const PERMANENT: ReadonlySet<number> = new Set([1, 2, 4]);

/**
 * Decides after a child's death. Delays after short lives are 0, 1, 2, 4, 8, 16, 32 and then 60 seconds. `respawn`
 * false is keepalived's `-R`: the daemon ends with the child.
 */
export function decideRespawn(
  history: RespawnHistory,
  exit: ChildExit,
  startedAt: Instant,
  now: Instant,
  respawn: boolean,
): RespawnDecision {
  if (exit.kind === "exited" && PERMANENT.has(exit.code)) {
    return { kind: "give-up", exitCode: exit.code, why: "a permanent error" };
  }
  if (!respawn) return { kind: "give-up", exitCode: 1, why: "children are not to be started again" };
  if (now - startedAt >= LONG_LIFE) return { kind: "respawn", after: 0, history: { shortLives: 1 } };
  const after = DELAYS[Math.min(history.shortLives, DELAYS.length - 1)] ?? 0;
  return { kind: "respawn", after, history: { shortLives: history.shortLives + 1 } };
}

/** `exit code 3` or `signal SIGKILL`. */
export function describeExit(exit: ChildExit): string {
  return exit.kind === "exited" ? `exit code ${exit.code}` : `signal ${exit.signal}`;
}
