/** Lines of `track_interface`, `track_script`, `track_bfd`, `track_file` and `track_process`. */
import type { Span } from "../config/source.ts";
import { didYouMean } from "../config/suggest.ts";
import type { Entry, Word } from "../config/tree.ts";
import type { DefinedBfds } from "./bfd.ts";
import { checkInterface, type ResolveContext } from "./context.ts";
import type { DraftBlock } from "./draft.ts";
import type { TrackedModel } from "./model.ts";
import type { DefinedScripts } from "./scripts.ts";
import type { Defined } from "./track-files.ts";

/** Weights of interfaces, scripts and BFD sessions; those of files and processes reach one further. */
const HEAVIEST = 253;
const HEAVIEST_NUMBER = 254;

interface TrackedLine {
  readonly name: string;
  readonly span: Span;
  readonly weight: number | undefined;
  readonly reverse: boolean | undefined;
}

export function resolveTrackInterfaces(
  block: DraftBlock,
  ownInterface: string | undefined,
  context: ResolveContext,
): readonly TrackedModel[] {
  const tracked: TrackedModel[] = [];
  for (const line of readTracked(block, "track_interface", context)) {
    if (line.name === ownInterface) {
      context.report.repair("own-interface", line.span, `'${line.name}' is the instance's own interface`, {
        hint: "it is followed anyway, unless dont_track_primary is set",
        repair: "the line is ignored",
      });
      continue;
    }
    checkInterface(context, line.name, line.span, "tracked interface");
    tracked.push({ name: line.name, weight: line.weight ?? 0, reverse: line.reverse ?? false });
  }
  return tracked;
}

export function resolveTrackedScripts(
  block: DraftBlock,
  known: DefinedScripts,
  context: ResolveContext,
): readonly TrackedModel[] {
  const tracked: TrackedModel[] = [];
  for (const line of readTracked(block, "track_script", context)) {
    const script = known.scripts.get(line.name);
    if (script === undefined) {
      reportMissingScript(line, known, context);
      continue;
    }
    tracked.push({
      name: line.name,
      weight: line.weight ?? script.weight,
      reverse: line.reverse ?? script.reverse,
    });
  }
  return tracked;
}

export function resolveTrackedBfds(
  block: DraftBlock,
  known: DefinedBfds,
  context: ResolveContext,
): readonly TrackedModel[] {
  const tracked: TrackedModel[] = [];
  for (const line of readTracked(block, "track_bfd", context)) {
    const session = known.sessions.get(line.name);
    if (session?.tellsVrrp !== true) {
      reportMissingBfd(line, known, context);
      continue;
    }
    tracked.push({
      name: line.name,
      weight: line.weight ?? session.weight,
      reverse: line.reverse ?? session.reverse,
    });
  }
  return tracked;
}

/** Files or processes; `what` is the keyword that defines them. */
export function resolveTrackedNumbers(
  block: DraftBlock,
  keyword: "track_file" | "track_process",
  known: Defined<Omit<TrackedModel, "name">>,
  context: ResolveContext,
): readonly TrackedModel[] {
  const what = keyword === "track_file" ? "track_file" : "vrrp_track_process";
  const tracked: TrackedModel[] = [];
  for (const line of readTracked(block, keyword, context)) {
    const tracker = known.usable.get(line.name);
    if (tracker === undefined) {
      reportMissing(line, what, known.defined, context);
      continue;
    }
    tracked.push({
      name: line.name,
      weight: line.weight ?? tracker.weight,
      reverse: line.reverse ?? tracker.reverse,
    });
  }
  return tracked;
}

function reportMissing(
  line: TrackedLine,
  what: string,
  defined: ReadonlyMap<string, Span>,
  context: ResolveContext,
): void {
  const definedAt = defined.get(line.name);
  if (definedAt !== undefined) {
    context.report.note("tracker-disabled", line.span, `${what} '${line.name}' cannot be followed`, {
      hint: `see line ${definedAt.line}`,
    });
    return;
  }
  const hint = didYouMean(line.name, defined.keys());
  context.report.repair("no-such-tracker", line.span, `there is no ${what} '${line.name}'`, {
    ...(hint === undefined ? {} : { hint }),
    repair: "the line is ignored",
  });
}

function reportMissingBfd(line: TrackedLine, known: DefinedBfds, context: ResolveContext): void {
  const definedAt = known.defined.get(line.name);
  if (known.sessions.has(line.name)) {
    context.report.repair(
      "bfd-not-told",
      line.span,
      `bfd_instance '${line.name}' tells its changes to checkers only`,
      { hint: `see line ${definedAt?.line}: add 'vrrp' there`, repair: "the line is ignored" },
    );
    return;
  }
  const hint =
    definedAt === undefined ? didYouMean(line.name, known.defined.keys()) : `see line ${definedAt.line}`;
  const message =
    definedAt === undefined
      ? `there is no bfd_instance '${line.name}'`
      : `bfd_instance '${line.name}' does not run`;
  context.report.repair("no-such-bfd", line.span, message, {
    ...(hint === undefined ? {} : { hint }),
    repair: "the line is ignored",
  });
}

/** A script that cannot run has been reported where it is defined. */
function reportMissingScript(line: TrackedLine, known: DefinedScripts, context: ResolveContext): void {
  const definedAt = known.defined.get(line.name);
  if (definedAt !== undefined) {
    context.report.note(
      "script-disabled",
      line.span,
      `vrrp_script '${line.name}' does not run and is not followed`,
      {
        hint: `see line ${definedAt.line}`,
      },
    );
    return;
  }
  const hint = didYouMean(line.name, known.defined.keys());
  context.report.repair("no-such-script", line.span, `there is no vrrp_script '${line.name}'`, {
    ...(hint === undefined ? {} : { hint }),
    repair: "the line is ignored",
  });
}

function readTracked(block: DraftBlock, keyword: string, context: ResolveContext): readonly TrackedLine[] {
  const lines = new Map<string, TrackedLine>();
  for (const entry of block.all(keyword).flatMap((statement) => statement.entries)) {
    const line = readLine(entry, heaviestOf(keyword), context);
    if (line === undefined) continue;
    if (lines.has(line.name)) {
      context.report.repair("duplicate-tracker", line.span, `${keyword} '${line.name}' stands here already`, {
        repair: "the line is ignored",
      });
    } else {
      lines.set(line.name, line);
    }
  }
  return [...lines.values()];
}

function heaviestOf(keyword: string): number {
  return keyword === "track_file" || keyword === "track_process" ? HEAVIEST_NUMBER : HEAVIEST;
}

function readLine(entry: Entry, heaviest: number, context: ResolveContext): TrackedLine | undefined {
  const [name, option, value, direction] = entry.words;
  if (name === undefined) return undefined;
  const line = { name: name.text, span: name.span, weight: undefined, reverse: undefined };
  if (option === undefined) return line;
  if (option.text !== "weight") {
    context.report.repair("unknown-option", option.span, `'${option.text}' means nothing here`, {
      hint: "only 'weight NUMBER [reverse]' may follow the name",
      repair: "the line is ignored",
    });
    return undefined;
  }
  const weight = readWeight(option, value, heaviest, context);
  if (weight === undefined) return line;
  return { ...line, weight, reverse: readDirection(direction, context) };
}

function readWeight(
  option: Word,
  value: Word | undefined,
  heaviest: number,
  context: ResolveContext,
): number | undefined {
  if (value !== undefined && /^-?\d+$/.test(value.text)) {
    const weight = Number(value.text);
    if (Math.abs(weight) <= heaviest) return weight;
    context.report.repair(
      "out-of-range",
      value.span,
      `weight ${weight} is outside the range -${heaviest} to ${heaviest}`,
      {
        repair: "the tracker's own weight holds",
      },
    );
    return undefined;
  }
  context.report.repair("invalid-value", (value ?? option).span, "the weight is no whole number", {
    hint: `a number from -${heaviest} to ${heaviest}`,
    repair: "the tracker's own weight holds",
  });
  return undefined;
}

function readDirection(word: Word | undefined, context: ResolveContext): boolean {
  if (word === undefined || word.text === "noreverse") return false;
  if (word.text === "reverse") return true;
  context.report.repair("unknown-option", word.span, `'${word.text}' means nothing after a weight`, {
    hint: didYouMean(word.text, ["reverse", "noreverse"]) ?? "only reverse or noreverse may follow",
    repair: "the word is ignored",
  });
  return false;
}
