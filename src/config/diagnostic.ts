/** What is to be said about a configuration: all of it, in the order it was found, never only the first. */
import type { Span } from "./source.ts";

/**
 * - `note`: worth knowing; nothing is changed by it.
 * - `repair`: keepalived would go on with a repaired or ignored value; so does buoy, saying so.
 * - `refusal`: keepalived would exit, or its reading would depend on the damage; a start or reload stops here.
 */
export type Severity = "note" | "repair" | "refusal";

/**
 * What keepalived's own exit status makes of a mistake (config test `-t` / a start):
 * - `silent`: keepalived says nothing, or says so without counting it: 0
 * - `config-error`: 5 in a config test
 * - `missing-parameter`: ends the reading at once: 2 in both
 * - `script-security`: 6 in a config test
 * - `include`: a fatal include ends the reading at once: 6 in both
 */
export type ExitClass = "silent" | "config-error" | "missing-parameter" | "script-security" | "include";

export interface Diagnostic {
  /** Stable, kebab-case, e.g. `unknown-keyword`. */
  readonly code: string;
  readonly severity: Severity;
  /** Where; absent when it concerns no line, such as a missing file. */
  readonly span?: Span;
  /** One sentence without a full stop, saying what is wrong. */
  readonly message: string;
  /** What the operator can do: a keyword meant, a range, a form. */
  readonly hint?: string;
  /** What is done instead, for a `repair`: "the default 100 is used". */
  readonly repair?: string;
  /** The line holds a secret: it is named by its place and not shown. */
  readonly secret?: true;
  /** Without it: `silent` for a note, else `config-error`. */
  readonly exitClass?: ExitClass;
}

/** The parts of a diagnostic that a caller of `note`, `repair` or `refuse` may add. */
export type DiagnosticDetails = Partial<Pick<Diagnostic, "hint" | "repair" | "secret" | "exitClass">>;

/** More of one severity is of no use to a reader, and a repeated line can cause any number. */
const KEPT_AT_MOST = 2000;

/**
 * Collects diagnostics in the order they are found. Beyond a bound for each severity they are only counted;
 * `list` then ends with one that gives the number, of the same severity and exit class.
 */
export class Diagnostics {
  readonly #kept: Diagnostic[] = [];
  readonly #counts: Record<Severity, number> = { note: 0, repair: 0, refusal: 0 };
  readonly #dropped = new Map<string, { readonly sample: Diagnostic; readonly count: number }>();

  add(diagnostic: Diagnostic): void {
    this.#counts[diagnostic.severity] += 1;
    if (this.#counts[diagnostic.severity] <= KEPT_AT_MOST) {
      this.#kept.push(diagnostic);
      return;
    }
    const key = `${diagnostic.severity} ${exitClassOf(diagnostic)}`;
    const count = (this.#dropped.get(key)?.count ?? 0) + 1;
    this.#dropped.set(key, { sample: diagnostic, count });
  }

  note(code: string, span: Span | undefined, message: string, details: DiagnosticDetails = {}): void {
    this.add(makeDiagnostic("note", code, span, message, details));
  }

  repair(code: string, span: Span | undefined, message: string, details: DiagnosticDetails = {}): void {
    this.add(makeDiagnostic("repair", code, span, message, details));
  }

  refuse(code: string, span: Span | undefined, message: string, details: DiagnosticDetails = {}): void {
    this.add(makeDiagnostic("refusal", code, span, message, details));
  }

  addAll(diagnostics: Iterable<Diagnostic>): void {
    for (const diagnostic of diagnostics) this.add(diagnostic);
  }

  get list(): readonly Diagnostic[] {
    if (this.#dropped.size === 0) return this.#kept;
    const rest = [...this.#dropped.values()].map(
      ({ sample, count }): Diagnostic => ({
        code: "more-diagnostics",
        severity: sample.severity,
        message: `${count} more of this kind are not shown`,
        exitClass: exitClassOf(sample),
      }),
    );
    return [...this.#kept, ...rest];
  }
}

function makeDiagnostic(
  severity: Severity,
  code: string,
  span: Span | undefined,
  message: string,
  details: DiagnosticDetails,
): Diagnostic {
  return { code, severity, ...(span === undefined ? {} : { span }), message, ...details };
}

/** The gravest severity, or undefined where nothing was said. */
export function worstSeverity(diagnostics: readonly Diagnostic[]): Severity | undefined {
  if (diagnostics.some((one) => one.severity === "refusal")) return "refusal";
  if (diagnostics.some((one) => one.severity === "repair")) return "repair";
  return diagnostics.length > 0 ? "note" : undefined;
}

/** Exit status of `buoy check`: 0 clean or notes only, 1 repairs, 2 refusals. */
export function checkExitStatus(diagnostics: readonly Diagnostic[]): 0 | 1 | 2 {
  const worst = worstSeverity(diagnostics);
  return worst === "refusal" ? 2 : worst === "repair" ? 1 : 0;
}

/** The exit class of a diagnostic, given or by its severity. */
export function exitClassOf(diagnostic: Diagnostic): ExitClass {
  return diagnostic.exitClass ?? (diagnostic.severity === "note" ? "silent" : "config-error");
}

/**
 * Exit status of `keepalived -t`. A fatal include and a missing parameter end keepalived's reading at once (the
 * first while the parent reads, so before the second); script security outranks ordinary errors.
 */
export function keepalivedTestStatus(diagnostics: readonly Diagnostic[]): 0 | 2 | 5 | 6 {
  const classes = new Set(diagnostics.map(exitClassOf));
  if (classes.has("include")) return 6;
  if (classes.has("missing-parameter")) return 2;
  if (classes.has("script-security")) return 6;
  return classes.has("config-error") ? 5 : 0;
}
