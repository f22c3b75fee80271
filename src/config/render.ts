/** Diagnostics as text for people, as JSON for programs, and in keepalived's manner for log scrapers. */
import { BugError } from "../base/assert.ts";
import type { Diagnostic } from "./diagnostic.ts";
import type { SourceFile } from "./source.ts";

export interface RenderOptions {
  readonly format: "text" | "json" | "keepalived";
  /** ANSI colours in `text`; plain by default. */
  readonly colour?: boolean;
}

/** The whole report. Ends in a newline unless it is empty; JSON is one array. */
export function renderDiagnostics(
  _diagnostics: readonly Diagnostic[],
  _sources: ReadonlyMap<string, SourceFile>,
  _options: RenderOptions,
): string {
  throw new BugError("the renderer is not there");
}
