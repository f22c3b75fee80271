/** `track_file` blocks, and `vrrp_track_file` as they used to be called. */
import type { Span } from "../config/source.ts";
import type { ResolveContext } from "./context.ts";
import { blockOf, type DraftBlock, type DraftStatement, nameOf } from "./draft.ts";
import type { TrackFileModel } from "./tracker-models.ts";

/** Trackers of one kind: those that can be followed, and every name that is defined. */
export interface Defined<Tracker> {
  readonly usable: ReadonlyMap<string, Tracker>;
  readonly defined: ReadonlyMap<string, Span>;
}

const INT32_MAX = 2_147_483_647;

export function resolveTrackFiles(root: DraftBlock, context: ResolveContext): Defined<TrackFileModel> {
  const statements = root.statements.filter(({ row }) => FILE_KEYWORDS.includes(row.keyword));
  return resolveDefined(statements, "track_file", context, resolveTrackFile);
}

const FILE_KEYWORDS: readonly string[] = ["track_file", "vrrp_track_file"];

/** Reads blocks that have a name; the second of a name is ignored, as keepalived does. */
export function resolveDefined<Tracker>(
  statements: readonly DraftStatement[],
  what: string,
  context: ResolveContext,
  resolve: (name: string, statement: DraftStatement, context: ResolveContext) => Tracker | undefined,
): Defined<Tracker> {
  const usable = new Map<string, Tracker>();
  const defined = new Map<string, Span>();
  for (const statement of statements) {
    const name = nameOf(statement);
    if (defined.has(name)) {
      context.report.repair("duplicate-name", statement.span, `${what} '${name}' is defined already`, {
        repair: "this block is ignored",
      });
      continue;
    }
    defined.set(name, statement.span);
    const tracker = resolve(name, statement, context);
    if (tracker !== undefined) usable.set(name, tracker);
  }
  return { usable, defined };
}

function resolveTrackFile(
  name: string,
  statement: DraftStatement,
  context: ResolveContext,
): TrackFileModel | undefined {
  const block = blockOf(statement);
  const path = block.text("file");
  if (path === undefined || !path.startsWith("/")) {
    const problem = path === undefined ? "has no file" : `has a file without an absolute path, '${path}'`;
    context.report.repair(
      "no-file",
      block.last("file")?.span ?? statement.span,
      `track_file '${name}' ${problem}`,
      {
        ...(path === undefined ? {} : { hint: "write the whole path, from / on" }),
        repair: "the block is ignored",
      },
    );
    return undefined;
  }
  const { weight, reverse } = block.weight("weight") ?? { weight: 1, reverse: false };
  return { name, path, weight, reverse, initial: readInitial(block, context) };
}

/** `init_file [VALUE] [overwrite]`, in either order. */
function readInitial(block: DraftBlock, context: ResolveContext): TrackFileModel["initial"] {
  const statement = block.last("init_file");
  if (statement === undefined) return undefined;
  let value = 0;
  let overwrite = false;
  const words = statement.values.flatMap((one) => (one.kind === "words" ? one.value : []));
  for (const word of words) {
    const number = Number(word.text);
    if (word.text === "overwrite") overwrite = true;
    else if (/^-?\d+$/.test(word.text) && Math.abs(number) <= INT32_MAX) value = number;
    else
      context.report.repair("invalid-value", word.span, `'${word.text}' is no value for init_file`, {
        hint: "a whole number, and the word overwrite",
        repair: "the word is ignored",
      });
  }
  return { value, overwrite };
}
