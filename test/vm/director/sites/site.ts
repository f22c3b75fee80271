/** Whole files in few words: what stands in the table of sites. */
import type { Configuration } from "../play.ts";
import { NOTE } from "../twins.ts";
import { file, real, reals, virtual } from "../words.ts";

export const BOTH = [101, 102] as const;
export const OTHERS = [102, 103] as const;
export const THREE = [101, 102, 103] as const;

export const VIP = "10.8.1.1 80";

interface Files {
  readonly globals?: string;
  readonly before: readonly string[];
  readonly after: readonly string[];
}

/** Of a file without VRRP the checkers alone run. */
export function site(name: string, files: Files, more: Partial<Configuration> = {}): Configuration {
  const { globals = "", before, after } = files;
  return {
    name,
    text: file(globals, ...before),
    reloaded: file(globals, ...after),
    options: ["-C"],
    ...more,
  };
}

/** A service at the usual address. */
export function at(words: string, servers: readonly string[] = reals(BOTH), where = VIP): string {
  return virtual(where, words, ...servers);
}

export const by = (scheduler: string, more = ""): string =>
  `lb_algo ${scheduler}; lb_kind DR; protocol TCP; ${more}`;

export const noted = (subject: string): string =>
  `notify_up "${NOTE} ${subject} up"; notify_down "${NOTE} ${subject} down"`;
export const quorumNoted = (subject: string): string =>
  `quorum_up "${NOTE} ${subject} gained"; quorum_down "${NOTE} ${subject} lost"`;

/** A server with a program in the place of its connection. */
export const checked = (last: number, words: string, ...checks: readonly string[]): string =>
  real(`10.9.0.${last} 80`, words, checks.join("; "));
