/** Reading of TypeScript sources as text, as far as rules about them need it: no types, no resolution. */
import { posix } from "node:path";

export interface SourceFile {
  /** From the repository's root, with `/`. */
  readonly path: string;
  readonly text: string;
  /** The text with comments, string contents and regular expressions blanked; same length, same lines. */
  readonly code: string;
  /** The text with comments blanked. */
  readonly uncommented: string;
  readonly imports: readonly ImportStatement[];
}

export interface ImportStatement {
  /** As written. */
  readonly specifier: string;
  /** Path of the imported file from the root for a relative import, else undefined. */
  readonly target: string | undefined;
  /** Erased when compiled. */
  readonly typeOnly: boolean;
  /** `export ... from`. */
  readonly reexport: boolean;
  readonly line: number;
}

type Region = "comment" | "literal";

/** Words after which a slash begins a regular expression. */
const BEFORE_EXPRESSION =
  /(?:^|[(,=:[!&|?{};+\-*%~^<>]|\b(?:return|typeof|case|in|of|throw|await|yield))\s*$/;

export function scanSource(path: string, text: string): SourceFile {
  const code = [...text];
  const uncommented = [...text];
  const blank = (target: string[], from: number, to: number): void => {
    for (let at = from; at < to; at++) if (text[at] !== "\n") target[at] = " ";
  };
  eachRegion(text, (region, from, to) => {
    blank(code, from, to);
    if (region === "comment") blank(uncommented, from, to);
  });
  const blanked = code.join("");
  return {
    path,
    text,
    code: blanked,
    uncommented: uncommented.join(""),
    imports: importsOf(path, text, blanked),
  };
}

/** Calls back for each comment, and for the inside of each string, template piece and regular expression. */
function eachRegion(text: string, found: (region: Region, from: number, to: number) => void): void {
  // Depth of braces at which each open `${` ends.
  const templates: number[] = [];
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    const start = at;
    if (text.startsWith("//", at)) {
      at = endOf(text, "\n", at) - 1;
      found("comment", start, at + 1);
    } else if (text.startsWith("/*", at)) {
      at = endOf(text, "*/", at + 2) + 1;
      found("comment", start, at + 1);
    } else if (char === '"' || char === "'") {
      at = endOfString(text, at + 1, char);
      found("literal", start + 1, at);
    } else if (char === "/" && BEFORE_EXPRESSION.test(text.slice(Math.max(0, at - 60), at))) {
      at = endOfRegExp(text, at + 1);
      found("literal", start + 1, at);
    } else if (char === "`" || (char === "}" && templates.at(-1) === depth)) {
      if (char === "}") templates.pop();
      at = endOfTemplatePiece(text, at + 1);
      found("literal", start + 1, at);
      if (text[at] === "$") {
        templates.push(depth);
        at++;
      }
    } else if (char === "{") depth++;
    else if (char === "}") depth--;
  }
}

function endOf(text: string, mark: string, from: number): number {
  const at = text.indexOf(mark, from);
  return at < 0 ? text.length : at;
}

function endOfString(text: string, from: number, quote: string): number {
  let at = from;
  while (at < text.length && text[at] !== quote && text[at] !== "\n") at += text[at] === "\\" ? 2 : 1;
  return at;
}

function endOfTemplatePiece(text: string, from: number): number {
  let at = from;
  while (at < text.length && text[at] !== "`" && !text.startsWith("${", at)) at += text[at] === "\\" ? 2 : 1;
  return at;
}

function endOfRegExp(text: string, from: number): number {
  let inClass = false;
  let at = from;
  for (; at < text.length && text[at] !== "\n" && (inClass || text[at] !== "/"); at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === "[") inClass = true;
    else if (text[at] === "]") inClass = false;
  }
  return at;
}

/** Static and dynamic imports, and exports of what was imported. */
function importsOf(path: string, text: string, code: string): ImportStatement[] {
  const statement = /\b(import|export)\b(?:([\w\s{},*$]*?)\bfrom)?\s*\(?\s*(["'])( *)\3/g;
  const imports: ImportStatement[] = [];
  for (const match of code.matchAll(statement)) {
    const [whole, keyword, clause = "", , blanks = ""] = match;
    const end = match.index + whole.length - 1;
    const specifier = text.slice(end - blanks.length, end);
    imports.push({
      specifier,
      target: specifier.startsWith(".") ? posix.join(posix.dirname(path), specifier) : undefined,
      typeOnly: isTypeClause(clause),
      reexport: keyword === "export",
      line: lineAt(text, match.index),
    });
  }
  return imports;
}

/** `type { A }`, or braces in which every name is a type. */
function isTypeClause(clause: string): boolean {
  if (/^\s*type\b/.test(clause)) return true;
  const names = /^\s*\{([^}]*)\}\s*$/
    .exec(clause)?.[1]
    ?.split(",")
    .filter((name) => name.trim() !== "");
  return names !== undefined && names.length > 0 && names.every((name) => /^\s*type\s+\w/.test(name));
}

/** Number of the line that holds the offset, from 1. */
export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length;
}
