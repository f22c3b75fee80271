/** `include` and its kin: the line's form, which failures are fatal, and what to say of them. */
import type { Diagnostics } from "./diagnostic.ts";
import { hasBraces, hasWildcard } from "./glob.ts";
import type { FilesReply, FilesRequest, IncludeCheck, SkipReason } from "./reading.ts";
import type { Span } from "./source.ts";

export const NO_CHECK: IncludeCheck = { read: false, match: false, wildcardMatch: false, braceMatch: false };
export const FULL_CHECK: IncludeCheck = { read: true, match: true, wildcardMatch: true, braceMatch: true };

/** `include`, `includer`, `includem`, `includew`, `includeb`, `includea`, then a blank and something. */
export const INCLUDE_LINE = /^include([rmwba]?)[ \t]+(?=[^ \t])/;

/** What is fatal for an include written with this letter, none meaning what `include_check` said. */
export function checkOf(letter: string, standing: IncludeCheck): IncludeCheck {
  switch (letter) {
    case "r":
      return { ...NO_CHECK, read: true };
    case "m":
      return { ...NO_CHECK, match: true };
    case "w":
      return { ...NO_CHECK, wildcardMatch: true };
    case "b":
      return { ...NO_CHECK, braceMatch: true };
    case "a":
      return FULL_CHECK;
    default:
      return standing;
  }
}

const CHECK_WORDS: Readonly<Record<string, keyof IncludeCheck>> = {
  read: "read",
  match: "match",
  wildcard_match: "wildcardMatch",
  brace_match: "braceMatch",
};

/**
 * What `include_check [+-]WORD...` makes of the standing check. The first word tells whether the words replace it,
 * add to it or are taken from it; without words everything is fatal. Unknown words are left out.
 */
export function applyIncludeCheck(words: readonly string[], standing: IncludeCheck): IncludeCheck {
  const [first] = words;
  if (first === undefined) return FULL_CHECK;
  const relative = first.startsWith("+") || first.startsWith("-");
  let check = relative ? standing : NO_CHECK;
  let value = true;
  for (const word of words) {
    if (word.startsWith("+")) value = true;
    else if (word.startsWith("-")) value = false;
    const name = word.replace(/^[+-]/, "");
    const key = Object.hasOwn(CHECK_WORDS, name) ? CHECK_WORDS[name] : undefined;
    if (key !== undefined) check = { ...check, [key]: value };
  }
  return check;
}

const SKIPPED: Readonly<Record<SkipReason, string>> = {
  directory: "is a directory",
  executable: "is executable, which a configuration file must not be",
  "not-regular": "is not a regular file",
  unreadable: "cannot be read",
};

/** Reports what could not be included; true where reading must stop. The main file has no `from` and no check. */
export function reportFiles(
  request: FilesRequest,
  reply: FilesReply,
  check: IncludeCheck,
  diagnostics: Diagnostics,
): boolean {
  let fatal = false;
  for (const { path, reason, detail } of reply.skipped) {
    const because = detail === undefined ? SKIPPED[reason] : `${SKIPPED[reason]} (${detail})`;
    const stops = reason === "unreadable" && check.read;
    fatal ||= stops;
    report(stops, "file-skipped", request.from, `'${path}' ${because}`, "it is passed over", diagnostics);
  }
  const missing = reply.alternatives.filter((alternative) => !alternative.matched);
  const nothing = missing.length === reply.alternatives.length;
  const braces = hasBraces(request.pattern);
  if (request.from === undefined) {
    if (nothing) refuseMainFile(request, diagnostics);
    return fatal;
  }
  if (nothing) {
    // A plain missing name counts as a wildcard that matched nothing, but a brace group has its own letter.
    const stops = check.match || check.wildcardMatch || (check.braceMatch && braces);
    fatal ||= stops;
    const kind = hasWildcard(request.pattern) || braces ? "no file matches" : "there is no file";
    const message = `${kind} '${request.pattern}'`;
    report(stops, "include-missing", request.from, message, "nothing is included", diagnostics);
    return fatal;
  }
  for (const { pattern } of missing) {
    const stops = check.braceMatch || (check.wildcardMatch && hasWildcard(pattern));
    fatal ||= stops;
    report(
      stops,
      "include-missing",
      request.from,
      `no file matches '${pattern}'`,
      "it is left out",
      diagnostics,
    );
  }
  return fatal;
}

function report(
  fatal: boolean,
  code: string,
  span: Span | undefined,
  message: string,
  repair: string,
  diagnostics: Diagnostics,
): void {
  if (fatal) diagnostics.refuse(code, span, message, { exitClass: "include" });
  else diagnostics.repair(code, span, message, { repair, exitClass: "silent" });
}

/** keepalived's config test passes a missing file, its start does not. */
function refuseMainFile(request: FilesRequest, diagnostics: Diagnostics): void {
  diagnostics.refuse("file-missing", undefined, `there is no configuration file '${request.pattern}'`, {
    exitClass: "silent",
  });
}
