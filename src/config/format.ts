/**
 * A file's layout made regular, its meaning untouched: lines are indented by the depth of their braces, blanks at
 * their ends go, and several empty lines become one. Everything else stays as it is written.
 */
import { cutAtBraces, decomment, isLineTooLong } from "./lexer.ts";
import { type TracedText, tracedLine } from "./traced.ts";

export interface FormatOptions {
  /** What one level is indented by; four spaces by default. */
  readonly indent?: string;
}

/**
 * Formats one file. Doing it again changes nothing. Lines of a multi-line definition keep their inner indentation, as
 * nobody knows where they will be used; so does a line that would become too long to be read.
 */
export function formatConfiguration(text: string, options: FormatOptions = {}): string {
  const indent = options.indent ?? "    ";
  const out: string[] = [];
  let depth = 0;
  let inDefinition = false;
  for (const raw of text.split("\n")) {
    if (isUnreadable(raw)) {
      out.push(raw);
      continue;
    }
    const line = raw.replace(/[ \t\r]+$/, "");
    if (inDefinition) {
      const comment = line !== "" && decommented(line).text.trim() === "";
      inDefinition = comment || continues(line);
      out.push(line);
      continue;
    }
    const bare = line.replace(/^[ \t]+/, "");
    if (out.length === 0 && bare.startsWith("\uFEFF") && !text.startsWith("\uFEFF")) {
      // At the very beginning it would become a byte order mark.
      out.push(` ${bare}`);
      continue;
    }
    if (bare === "" && (out.at(-1) ?? "") === "") continue;
    const braces = bracesOf(bare);
    const laid = indent.repeat(Math.max(0, depth - braces.leadingCloses)) + bare;
    out.push(bare === "" ? "" : isLineTooLong(laid) ? line : laid);
    depth = Math.max(0, depth + braces.change);
    inDefinition = /^(?:@\S*[ \t]+)?\$[A-Za-z_][A-Za-z0-9_]*=/.test(bare) && continues(bare);
  }
  while (out.at(-1) === "") out.pop();
  return out.length === 0 ? "" : `${out.join("\n")}\n`;
}

/** A line that the reader passes over must not become readable by being shortened. */
function isUnreadable(raw: string): boolean {
  return isLineTooLong(raw.replace(/\r$/, "")) || raw.includes("\0");
}

function continues(line: string): boolean {
  return decommented(line).text.trimEnd().endsWith("\\");
}

function decommented(line: string): TracedText {
  return decomment(tracedLine("", 1, line, undefined)).line;
}

interface Braces {
  /** Closing braces before anything else on the line. */
  readonly leadingCloses: number;
  /** Opening less closing braces. */
  readonly change: number;
}

/** The braces of a line, those of references (`${X}`) and of a sequence's parameters aside. */
function bracesOf(line: string): Braces {
  const bare = decommented(line);
  const text = bare.text.replace(/\$\{[^{}]*\}/g, "").replace(/^~LST[ \t]*\([^)]*\)/, "");
  const definition = /^\$[A-Za-z_][A-Za-z0-9_]*=/.test(text);
  const include = /^include[rmwba]?[ \t]/.test(text);
  if (definition || include) return { leadingCloses: 0, change: 0 };
  const pieces = cutAtBraces(tracedLine("", 1, text, undefined));
  let change = 0;
  let leadingCloses = 0;
  let leading = true;
  for (const piece of pieces) {
    if (piece.kind === "close") change -= 1;
    else if (piece.kind === "open") change += 1;
    leading &&= piece.kind === "close";
    if (leading) leadingCloses += 1;
  }
  return { leadingCloses, change };
}
