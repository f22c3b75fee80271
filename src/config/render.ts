/** Diagnostics as text for people, as JSON for programs, and in keepalived's manner for log scrapers. */
import type { Diagnostic, Severity } from "./diagnostic.ts";
import { LineIndex, type SourceFile, type Span, type SpanLink } from "./source.ts";

export interface RenderOptions {
  readonly format: "text" | "json" | "keepalived";
  /** ANSI colours in `text`; plain by default. */
  readonly colour?: boolean;
}

type Sources = ReadonlyMap<string, SourceFile>;

/** The whole report. Ends in a newline unless it is empty; JSON is one array. */
export function renderDiagnostics(
  diagnostics: readonly Diagnostic[],
  sources: Sources,
  options: RenderOptions,
): string {
  switch (options.format) {
    case "json":
      return `${JSON.stringify(diagnostics.map(diagnosticToJson), null, 2)}\n`;
    case "keepalived":
      return diagnostics.map(keepalivedLine).join("");
    case "text": {
      const index = new LineCache(sources);
      const paint = options.colour === true ? colours : plain;
      return diagnostics.map((one) => textBlock(one, index, paint)).join("\n");
    }
  }
}

/** "1 refusal, 2 repairs, 3 notes"; "no mistakes" for none. */
export function summarise(diagnostics: readonly Diagnostic[]): string {
  const parts: string[] = [];
  for (const severity of ["refusal", "repair", "note"] as const) {
    const count = diagnostics.filter((one) => one.severity === severity).length;
    if (count > 0) parts.push(`${count} ${severity}${count === 1 ? "" : "s"}`);
  }
  return parts.length === 0 ? "no mistakes" : parts.join(", ");
}

/** A diagnostic as `buoy check --format json` shows it: flat, places resolved, the chain innermost first. */
export interface DiagnosticJson {
  readonly code: string;
  readonly severity: Severity;
  readonly message: string;
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  readonly endColumn?: number;
  readonly expanded?: string;
  readonly hint?: string;
  readonly repair?: string;
  readonly chain?: readonly {
    readonly what: string;
    readonly file: string;
    readonly line: number;
    readonly column: number;
  }[];
}

export function diagnosticToJson(diagnostic: Diagnostic): DiagnosticJson {
  const { code, severity, message, span, hint, repair, secret } = diagnostic;
  const links = span === undefined ? [] : chainOf(span);
  return {
    code,
    severity,
    message,
    ...(span === undefined
      ? {}
      : { file: span.file, line: span.line, column: span.column, endColumn: span.endColumn }),
    ...(span?.expanded === undefined || secret === true ? {} : { expanded: span.expanded }),
    ...(hint === undefined ? {} : { hint }),
    ...(repair === undefined ? {} : { repair }),
    ...(links.length === 0
      ? {}
      : {
          chain: links.map((link) => ({
            what: linkText(link),
            file: link.at.file,
            line: link.at.line,
            column: link.at.column,
          })),
        }),
  };
}

/** `(FILE: Line N) message`, with what is done about it, all on one line. */
function keepalivedLine(diagnostic: Diagnostic): string {
  const { span, message, repair } = diagnostic;
  const where = span === undefined ? "" : `(${span.file}: Line ${span.line}) `;
  const done = repair === undefined ? "" : ` - ${repair}`;
  return `${printable(`${where}${message}${done}`)}\n`;
}

/** The links from a span outwards. */
function chainOf(span: Span): SpanLink[] {
  const links: SpanLink[] = [];
  for (let link = span.via; link !== undefined; link = link.at.via) links.push(link);
  return links;
}

function linkText(link: SpanLink): string {
  switch (link.kind) {
    case "include":
      return "included";
    case "definition":
      return `from the definition of $${link.name}, used`;
    case "sequence":
      return `repeated with ${link.bindings.map(({ name, value }) => `${name}=${value}`).join(", ")}`;
  }
}

/** The innermost links are the useful ones; a deep chain is cut. */
const LINKS_SHOWN = 8;

function textBlock(diagnostic: Diagnostic, index: LineCache, paint: Paint): string {
  const { span, severity, message, code, hint, repair, secret } = diagnostic;
  const where = span === undefined ? "" : `${span.file}:${span.line}:${span.column}: `;
  const head = `${paint.bold(printable(where))}${paint.severity(severity, `${severity}:`)} ${printable(message)} [${code}]`;
  const lines = [head];
  if (span !== undefined) {
    if (secret !== true) lines.push(...excerpt(span, severity, index, paint));
    if (span.expanded !== undefined && secret !== true)
      lines.push(`  which reads '${clip(printable(span.expanded))}'`);
    const links = chainOf(span);
    for (const link of links.slice(0, LINKS_SHOWN)) {
      const { file, line, column } = link.at;
      lines.push(`  ${printable(`${linkText(link)} at ${file}:${line}:${column}`)}`);
    }
    if (links.length > LINKS_SHOWN) lines.push(`  and ${links.length - LINKS_SHOWN} steps more`);
  }
  if (repair !== undefined) lines.push(`  repair: ${printable(repair)}`);
  if (hint !== undefined) lines.push(`  hint: ${printable(hint)}`);
  return `${lines.join("\n")}\n`;
}

/** A longer source line is shown in part, around the caret. */
const WIDEST_EXCERPT = 140;

/** The source line with a caret line under it. */
function excerpt(span: Span, severity: Severity, index: LineCache, paint: Paint): string[] {
  const text = index.line(span.file, span.line);
  if (text === undefined) return [];
  const from = text.length <= WIDEST_EXCERPT ? 0 : Math.max(0, span.column - 1 - WIDEST_EXCERPT / 2);
  const shown = printable(text.slice(from, from + WIDEST_EXCERPT));
  const cutBefore = from > 0 ? "..." : "";
  const cutAfter = from + WIDEST_EXCERPT < text.length ? "..." : "";
  const gutter = `${span.line} | `;
  const offset = span.column - 1 - from;
  const before = shown.slice(0, offset).replace(/[^\t]/g, " ");
  const width = Math.max(1, Math.min(span.endColumn - span.column, shown.length - offset));
  const caret = paint.severity(severity, `^${"~".repeat(width - 1)}`);
  const blank = " ".repeat(gutter.length - 2 + cutBefore.length);
  return [
    `  ${gutter}${cutBefore}${shown}${cutAfter}`,
    `  ${" ".repeat(gutter.length - 2)}| ${blank.slice(gutter.length - 2)}${before}${caret}`,
  ];
}

function clip(text: string): string {
  return text.length <= WIDEST_EXCERPT ? text : `${text.slice(0, WIDEST_EXCERPT)}...`;
}

/** Control characters would let a configuration file steer the terminal; each becomes one visible character. */
function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return text.replace(/[\0-\x08\n-\x1f\x7f-\x9f\u2028\u2029\ufeff\u202a-\u202e\u2066-\u2069]/g, "\u00b7");
}

/** Remembers the line starts of each file that is looked into. */
class LineCache {
  readonly #sources: Sources;
  readonly #indexes = new Map<string, LineIndex>();

  constructor(sources: Sources) {
    this.#sources = sources;
  }

  line(file: string, number: number): string | undefined {
    const source = this.#sources.get(file);
    if (source === undefined) return undefined;
    const index = this.#indexes.get(file) ?? new LineIndex(source.text);
    this.#indexes.set(file, index);
    return index.line(number);
  }
}

interface Paint {
  readonly bold: (text: string) => string;
  readonly severity: (severity: Severity, text: string) => string;
}

const plain: Paint = { bold: (text) => text, severity: (_severity, text) => text };

const COLOUR_OF: Readonly<Record<Severity, string>> = { note: "36", repair: "33", refusal: "31" };

const colours: Paint = {
  bold: (text) => (text === "" ? "" : `\x1b[1m${text}\x1b[0m`),
  severity: (severity, text) => `\x1b[1;${COLOUR_OF[severity]}m${text}\x1b[0m`,
};
