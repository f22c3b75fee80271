/**
 * The control socket: one JSON object a line each way, a request and its answer; a `journal` request with `follow` goes on
 * answering until the client closes.
 */
import type { JournalEntry } from "./journal-entry.ts";
import type { StatusDocument } from "./status-document.ts";

/** The control socket's name inside the runtime directory. */
export const CONTROL_SOCKET = "control.sock";

export type ControlRequest =
  | { readonly command: "status" }
  /** The last state changes of one instance or of all, newest first, with their causes. */
  | { readonly command: "why"; readonly instance: string | undefined; readonly limit: number }
  | { readonly command: "journal"; readonly limit: number; readonly follow: boolean }
  | { readonly command: "reload" }
  | { readonly command: "stop" };

export type ControlReply =
  | { readonly ok: true; readonly command: "status"; readonly status: StatusDocument }
  | { readonly ok: true; readonly command: "why"; readonly entries: readonly JournalEntry[] }
  | { readonly ok: true; readonly command: "journal"; readonly entries: readonly JournalEntry[] }
  /** `diagnostics` is the rendered text of what was found in the configuration. */
  | {
      readonly ok: true;
      readonly command: "reload";
      readonly outcome: "applied" | "unchanged";
      readonly diagnostics: string;
    }
  | { readonly ok: true; readonly command: "stop" }
  | { readonly ok: false; readonly error: string; readonly diagnostics?: string };
