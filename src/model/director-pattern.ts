/** `regex` of a url and its companions: what a body is searched for. */
import { type PatternFault, pcreToRegExp } from "../base/pcre.ts";
import { PCRE_OPTIONS } from "../base/pcre-options.ts";
import { didYouMean } from "../config/suggest.ts";
import type { ResolveContext } from "./context.ts";
import type { PatternModel } from "./director-models.ts";
import { type DraftBlock, type DraftStatement, reportNotYet } from "./draft.ts";

/** What is to be found in an answer, or not to be found; undefined where nothing is. */
export function readPattern(block: DraftBlock, context: ResolveContext): PatternModel | undefined {
  const regex = block.text("regex");
  if (regex === undefined) {
    for (const keyword of ["regex_no_match", "regex_options", "regex_min_offset", "regex_max_offset"]) {
      const lonely = block.last(keyword);
      if (lonely === undefined) continue;
      context.report.note("no-effect", lonely.keywordSpan, `'${keyword}' has no effect without regex`);
    }
    return undefined;
  }
  const options = readOptions(block, context);
  const line = block.last("regex");
  const compiled = pcreToRegExp(regex, options);
  if (!compiled.ok && line !== undefined) {
    reportFault(compiled.error, line, context);
    return undefined;
  }
  return {
    regex,
    options,
    negated: block.has("regex_no_match"),
    ...readOffsets(block, context),
  };
}

/** A range without anything in it is left out, as keepalived does. */
function readOffsets(
  block: DraftBlock,
  { report }: ResolveContext,
): Pick<PatternModel, "minOffset" | "maxOffset"> {
  const minOffset = block.number("regex_min_offset") ?? 0;
  const maxOffset = block.number("regex_max_offset");
  if (maxOffset === undefined || minOffset <= maxOffset) return { minOffset, maxOffset };
  report.repair(
    "bad-offsets",
    block.last("regex_max_offset")?.keywordSpan,
    `regex_min_offset ${minOffset} lies beyond regex_max_offset ${maxOffset}`,
    { repair: "both are ignored" },
  );
  return { minOffset: 0, maxOffset: undefined };
}

/** keepalived goes on without a pattern that it cannot make sense of. One that it can and we cannot is not left out unasked. */
function reportFault(
  { kind, clause }: PatternFault,
  line: DraftStatement,
  { report, options }: ResolveContext,
): void {
  if (kind === "unsupported") {
    reportNotYet(
      `this pattern cannot be searched for: ${clause}`,
      "refusal",
      line.keywordSpan,
      report,
      options,
    );
    return;
  }
  report.repair("bad-pattern", line.keywordSpan, `the pattern makes no sense: ${clause}`, {
    repair: "the answer is not searched",
  });
}

function readOptions(block: DraftBlock, { report }: ResolveContext): readonly string[] {
  const line = block.last("regex_options");
  const value = line?.values[0];
  const words = value?.kind === "words" ? value.value.map((word) => word.text) : [];
  for (const word of words) {
    if (line === undefined || PCRE_OPTIONS[word] !== undefined) continue;
    report.repair("unknown-option", line.keywordSpan, `there is no regex_options ${word}`, {
      hint:
        didYouMean(word, Object.keys(PCRE_OPTIONS)) ?? `there are ${Object.keys(PCRE_OPTIONS).join(", ")}`,
      repair: "it is ignored",
    });
  }
  return words.filter((word) => PCRE_OPTIONS[word] !== undefined);
}
