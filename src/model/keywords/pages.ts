/** The keyword tables as pages for people. */
import { describeArguments } from "../values.ts";
import type { KeywordRow, KeywordState } from "./row.ts";

/** `docs/keywords.md`: every keyword with its arguments, default and state. */
export function renderKeywordPage(rows: readonly KeywordRow[]): string {
  const blocks = [...new Set(rows.map((row) => row.block))];
  const counts = countStates(rows);
  const head = [
    "# Keywords",
    "",
    "Made from the tables in `src/model/keywords`; do not edit by hand.",
    "",
    `${rows.length} rows: ${counts.works} work, ${counts.accepted} need no doing, ${counts["not-yet"]} are not done yet.`,
    "",
    "*Since* is the first version of keepalived that knows the word; `buoy` marks ours, which keepalived calls unknown.",
    "",
  ];
  return `${[
    ...head,
    ...blocks.flatMap((block) =>
      renderBlock(
        block,
        rows.filter((row) => row.block === block),
      ),
    ),
  ].join("\n")}`;
}

function renderBlock(block: string, rows: readonly KeywordRow[]): readonly string[] {
  return [
    `## ${block}`,
    "",
    "| keyword | arguments | default | since | state | meaning |",
    "|---|---|---|---|---|---|",
    ...rows.map((row) =>
      cells([
        `\`${row.keyword}\``,
        code(describeArguments(row.args)),
        row.default,
        row.since,
        describeState(row.state),
        row.help,
      ]),
    ),
    "",
  ];
}

/** The list of what is not done yet, for `docs/compatibility.md`; it only ever shrinks. */
export function renderNotYetList(rows: readonly KeywordRow[]): string {
  const effects = [
    [
      "refusal",
      "Refused unless `--accept-not-yet`: leaving them out could change who is master or what is reachable",
    ],
    ["repair", "Ignored with a repair: something visible is missing"],
    ["note", "Ignored with a note: nothing of importance is missing"],
  ] as const;
  const sections = effects.map(([effect, title]) => {
    const listed = rows.filter((row) => row.state.kind === "not-yet" && row.state.effect === effect);
    const blocks = [...new Set(listed.map((row) => row.block))];
    const lines = blocks.map((block) => {
      const words = listed.filter((row) => row.block === block).map((row) => `\`${row.keyword}\``);
      return `- **${block}**: ${words.join(", ")}`;
    });
    return [`### ${title} (${listed.length})`, "", ...lines, ""].join("\n");
  });
  return sections.join("\n");
}

function describeState(state: KeywordState): string {
  if (state.kind === "works") return "works";
  if (state.kind === "accepted") return `no effect: ${state.reason}`;
  return "not yet";
}

function countStates(rows: readonly KeywordRow[]): Record<KeywordState["kind"], number> {
  const count = (kind: KeywordState["kind"]): number => rows.filter((row) => row.state.kind === kind).length;
  return { works: count("works"), accepted: count("accepted"), "not-yet": count("not-yet") };
}

function code(text: string): string {
  return text === "" ? "" : `\`${text}\``;
}

function cells(texts: readonly string[]): string {
  return `| ${texts.map((text) => text.replaceAll("|", "\\|")).join(" | ")} |`;
}
