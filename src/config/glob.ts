/** File patterns as keepalived takes them: glob(3) with brace alternatives. Pure; the directories come from the caller. */
import { resolvePath } from "./paths.ts";
import type { FilesReply, FilesRequest, ProvidedFile, SkipReason } from "./reading.ts";

/** What the pattern walk asks of a file system. Paths are absolute. */
export interface FileTree {
  /** Names in a directory, in any order; undefined where it is no readable directory. */
  list(directory: string): readonly string[] | undefined;
  /** Whether anything is there. */
  exists(path: string): boolean;
  /** The text of a regular, non-executable file, or why not. */
  read(path: string): { readonly text: string } | { readonly skip: SkipReason; readonly detail?: string };
}

/** A pattern may not unfold into more alternatives than this; the rest is taken as matching nothing. */
const MOST_ALTERNATIVES = 1000;

/** Answers a reader's request from a file tree: brace alternatives in order, matches of each sorted. */
export function findFiles(request: FilesRequest, tree: FileTree): FilesReply {
  const files: ProvidedFile[] = [];
  const skipped: { path: string; reason: SkipReason; detail?: string }[] = [];
  const alternatives: { pattern: string; matched: boolean }[] = [];
  for (const pattern of expandBraces(request.pattern)) {
    const paths = matchPattern(pattern, request.baseDirectory, tree);
    alternatives.push({ pattern, matched: paths.length > 0 });
    for (const path of paths) {
      const found = tree.read(path);
      if ("text" in found) files.push({ path, text: found.text });
      else {
        const detail = found.detail === undefined ? {} : { detail: found.detail };
        skipped.push({ path, reason: found.skip, ...detail });
      }
    }
  }
  return { kind: "files", files, skipped, alternatives };
}

/** The paths that one alternative matches, sorted. A pattern without wildcard matches its own path if that exists. */
function matchPattern(pattern: string, baseDirectory: string, tree: FileTree): string[] {
  if (!hasWildcard(pattern)) {
    const path = resolvePath(baseDirectory, withoutEscapes(pattern));
    return tree.exists(path) ? [path] : [];
  }
  let directories = [pattern.startsWith("/") ? "/" : resolvePath(baseDirectory, ".")];
  const elements = pattern.split("/").filter((element) => element !== "" && element !== ".");
  for (const [index, element] of elements.entries()) {
    const last = index === elements.length - 1;
    directories = directories.flatMap((directory) => matchElement(directory, element, last, tree));
  }
  return directories.sort();
}

function matchElement(directory: string, element: string, last: boolean, tree: FileTree): string[] {
  const join = (name: string): string => (directory === "/" ? `/${name}` : `${directory}/${name}`);
  if (!hasWildcard(element)) {
    const path = join(withoutEscapes(element));
    return last && !tree.exists(path) ? [] : [path];
  }
  const matches = wildcardMatcher(element);
  return (tree.list(directory) ?? []).filter(matches).map(join);
}

function withoutEscapes(pattern: string): string {
  return pattern.replace(/\\(.)/g, "$1");
}

/** Whether the pattern has `*`, `?` or `[` that is not escaped. */
export function hasWildcard(pattern: string): boolean {
  return /[*?[]/.test(pattern.replace(/\\./g, ""));
}

/** Whether the pattern has a brace group. */
export function hasBraces(pattern: string): boolean {
  return braceGroup(pattern) !== undefined;
}

/** The alternatives of `{a,b}` groups, nested and several, left to right. A pattern without groups is its own. */
export function expandBraces(pattern: string): string[] {
  const done: string[] = [];
  const open = [pattern];
  for (let next = open.shift(); next !== undefined; next = open.shift()) {
    const group = braceGroup(next);
    if (group === undefined) done.push(next);
    else {
      const { before, inner, after } = group;
      open.unshift(...inner.map((one) => before + one + after));
    }
    if (done.length >= MOST_ALTERNATIVES || open.length > MOST_ALTERNATIVES) break;
  }
  return done;
}

interface BraceGroup {
  readonly before: string;
  readonly inner: readonly string[];
  readonly after: string;
}

/** The first complete brace group; `{}` is ordinary text, as for glob(3). */
function braceGroup(pattern: string): BraceGroup | undefined {
  for (let start = pattern.indexOf("{"); start >= 0; start = pattern.indexOf("{", start + 1)) {
    if (pattern[start + 1] === "}" || pattern[start - 1] === "\\") continue;
    const inner: string[] = [];
    let depth = 0;
    let from = start + 1;
    for (let at = start; at < pattern.length; at++) {
      const character = pattern[at];
      if (character === "\\") at += 1;
      else if (character === "{") depth += 1;
      else if (character === "," && depth === 1) {
        inner.push(pattern.slice(from, at));
        from = at + 1;
      } else if (character === "}") {
        depth -= 1;
        if (depth > 0) continue;
        inner.push(pattern.slice(from, at));
        return { before: pattern.slice(0, start), inner, after: pattern.slice(at + 1) };
      }
    }
  }
  return undefined;
}

type Token =
  | { readonly kind: "any" }
  | { readonly kind: "one" }
  | { readonly kind: "set"; readonly test: (character: string) => boolean }
  | { readonly kind: "character"; readonly text: string };

/** A test of one path element. A leading dot of a name must be written in the pattern. */
export function wildcardMatcher(element: string): (name: string) => boolean {
  const tokens = tokenise(element);
  const dotWritten = element.startsWith(".") || element.startsWith("\\.");
  return (name) => (dotWritten || !name.startsWith(".")) && matchTokens(tokens, [...name]);
}

function tokenise(element: string): Token[] {
  const characters = [...element];
  const tokens: Token[] = [];
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at] ?? "";
    if (character === "*") {
      if (tokens.at(-1)?.kind !== "any") tokens.push({ kind: "any" });
    } else if (character === "?") tokens.push({ kind: "one" });
    else if (character === "\\" && at + 1 < characters.length) {
      at += 1;
      tokens.push({ kind: "character", text: characters[at] ?? "" });
    } else {
      const set = character === "[" ? readSet(characters, at) : undefined;
      tokens.push(set?.token ?? { kind: "character", text: character });
      at = set?.end ?? at;
    }
  }
  return tokens;
}

/** `[a-z]`, `[!a]`, `[^a]`; undefined where the bracket is never closed. `end` is the index of `]`. */
function readSet(characters: readonly string[], start: number): { token: Token; end: number } | undefined {
  const negated = characters[start + 1] === "!" || characters[start + 1] === "^";
  const from = start + (negated ? 2 : 1);
  const end = characters.indexOf("]", from + 1);
  if (end < 0) return undefined;
  const ranges: [string, string][] = [];
  for (let at = from; at < end; at++) {
    const low = characters[at] ?? "";
    const isRange = characters[at + 1] === "-" && at + 2 < end;
    const high = isRange ? (characters[at + 2] ?? low) : low;
    ranges.push([low, high]);
    if (isRange) at += 2;
  }
  const test = (one: string): boolean => ranges.some(([low, high]) => one >= low && one <= high) !== negated;
  return { token: { kind: "set", test }, end };
}

/** Linear but for the last star, so that no pattern is slow. */
function matchTokens(tokens: readonly Token[], name: readonly string[]): boolean {
  let token = 0;
  let at = 0;
  let star = -1;
  let resume = 0;
  while (at < name.length) {
    const current = tokens[token];
    if (current?.kind === "any") {
      star = token;
      resume = at;
      token += 1;
    } else if (current !== undefined && matchesOne(current, name[at] ?? "")) {
      token += 1;
      at += 1;
    } else if (star >= 0) {
      token = star + 1;
      resume += 1;
      at = resume;
    } else return false;
  }
  return tokens.slice(token).every((rest) => rest.kind === "any");
}

function matchesOne(token: Token, character: string): boolean {
  if (token.kind === "one") return true;
  if (token.kind === "set") return token.test(character);
  return token.kind === "character" && token.text === character;
}
