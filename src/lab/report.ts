/** What the client's agent tells the stage: one JSON object a line on its standard output. */
import type { Instant } from "../base/time.ts";
import type { Outage } from "./outage.ts";

export type AgentReport =
  /** The agent works; hosts have nothing more to say than this. */
  | { readonly kind: "ready" }
  /** The virtual address is answered by somebody for the first time. */
  | { readonly kind: "first-answer"; readonly by: string; readonly at: number }
  /** Nobody has answered since `at`. */
  | { readonly kind: "silence"; readonly at: number }
  | { readonly kind: "outage"; readonly outage: Outage }
  /** The web answers again, through another director, or for the first time. */
  | { readonly kind: "web"; readonly director: string; readonly server: string; readonly at: number }
  | { readonly kind: "web-lost"; readonly at: number; readonly reason: string }
  /** Answers since the last count, by `SERVER via DIRECTOR`; the answer to a line `count` on its standard input. */
  | { readonly kind: "count"; readonly answers: Readonly<Record<string, number>>; readonly failed: number }
  /** How one page came, or did not. */
  | ({ readonly kind: "page" } & Page)
  /** Every page that had been asked for before a line `settle` has come or failed. */
  | { readonly kind: "settled" };

export interface Page {
  readonly askedAt: Instant;
  /** The server's name, which is its page; undefined if nothing came. */
  readonly server: string | undefined;
  /** Why nothing came. */
  readonly reason: string | undefined;
}

/** Reads one line; undefined if it is no report. */
export function parseReport(line: string): AgentReport | undefined {
  if (!line.startsWith("{")) return undefined;
  const value: unknown = JSON.parse(line);
  return typeof value === "object" && value !== null && "kind" in value ? (value as AgentReport) : undefined;
}
