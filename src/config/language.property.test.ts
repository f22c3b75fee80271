// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the language under test writes its references so
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatConfiguration } from "./format.ts";
import { renderDiagnostics } from "./render.ts";
import type { SourceFile, Span } from "./source.ts";
import { LineIndex } from "./source.ts";
import { parseText, readText } from "./test-support.ts";
import type { Statement, Tree, Word } from "./tree.ts";

const LONG = process.env.BUOY_LONG === "1";
const RUNS = { numRuns: LONG ? 20_000 : 300 };

/** Small bounds, so that text made to explode costs little before it is refused. */
const limits = {
  includeDepth: 5,
  expansionDepth: 12,
  sequenceLength: 50,
  lines: 2000,
  files: 50,
  expandedCharacters: 100_000,
};

/** Pieces that mean something, in any order, with any text between them. */
const fragment = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom(
      "vrrp_instance",
      "A",
      "priority",
      "virtual_ipaddress",
      "notify_master",
      "bogus",
    ),
  },
  { weight: 3, arbitrary: fc.constantFrom("{", "}", " { ", " }\n", "\n", "\n", " ", "\t", "\r\n") },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      '"',
      "'",
      "\\",
      "\\#",
      "#",
      "!",
      "//",
      "$",
      "@",
      "~",
      "${",
      "\0",
      "\uFEFF",
      "é",
      "😀",
    ),
  },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      "$A=",
      "$A",
      "${A}",
      "${B}",
      "\n$B=x ${A} \\\n",
      "${_RANDOM 1 5}",
      "${_HASH}",
      "${_ENV SECRET}",
      "\n~SEQ(i,1,3) ",
      "\n~LST({a,b},{1,2},{3}) ",
      "${i}",
      "\n@node1 ",
      "\n@^node1 ",
      "\ninclude main.conf\n",
      "\nincludea x\n",
      "\n$M=a \\\n b${i} \\\n c\n",
      "$M",
      "${M}",
    ),
  },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 6 }) },
);
const hostile = fc.array(fragment, { maxLength: 40 }).map((parts) => parts.join(""));

function* wordsOf(statements: readonly Statement[]): Generator<Word> {
  for (const one of statements) {
    yield { text: one.keyword, quoted: false, span: one.keywordSpan };
    yield* one.words;
    for (const entry of one.entries ?? []) yield* entry.words;
    yield* wordsOf(one.block ?? []);
  }
}

/** The text a span covers; fails where the span is not inside its file. */
function covered(span: Span, sources: ReadonlyMap<string, SourceFile>): string {
  const source = sources.get(span.file);
  const line = new LineIndex(source?.text ?? "").line(span.line);
  expect(line, `line ${span.line} of ${span.file}`).toBeDefined();
  expect(span.column).toBeGreaterThanOrEqual(1);
  expect(span.endColumn).toBeGreaterThanOrEqual(span.column);
  expect(span.endColumn - 1).toBeLessThanOrEqual(line?.length ?? -1);
  if (span.via !== undefined) covered(span.via.at, sources);
  return line?.slice(span.column - 1, span.endColumn - 1) ?? "";
}

function checkSpans(tree: Tree): void {
  for (const { text, span } of wordsOf(tree.statements)) {
    const written = covered(span, tree.sources);
    if (span.expanded !== undefined) expect(span.expanded).toBe(text);
    else expect([text, `"${text}"`]).toContain(written);
  }
  for (const { span } of tree.diagnostics) if (span !== undefined) covered(span, tree.sources);
}

describe("any text", () => {
  test("is read to the end, and every span points at what it stands for", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const tree = parseText(text, { limits });
        checkSpans(tree);
        for (const format of ["text", "json", "keepalived"] as const) {
          renderDiagnostics(tree.diagnostics, tree.sources, { format });
        }
      }),
      RUNS,
    );
  });

  test("means the same when formatted, and formatting again changes nothing", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const formatted = formatConfiguration(text);
        expect(formatConfiguration(formatted)).toBe(formatted);
        const lines = (one: string): string[] => readText(one, { limits }).lines.map((line) => line.text);
        if (!text.includes("main.conf")) expect(lines(formatted)).toEqual(lines(text));
      }),
      RUNS,
    );
  });
});

describe("an unknown block", () => {
  const inner = fc.array(
    fc.constantFrom("priority 5\n", "x y\n", "deep { z }\n", "virtual_ipaddress {\n1.2.3.4\n}\n"),
  );

  test("never changes how the lines around it are read", () => {
    fc.assert(
      fc.property(inner, fc.nat(3), (lines, place) => {
        const around = ["interface eth0", "priority 7", "nopreempt"];
        const whole = [...around.slice(0, place), `bogus {\n${lines.join("")}}`, ...around.slice(place)];
        const keywords = (body: readonly string[]): string[] =>
          [
            ...wordsOf(parseText(`vrrp_instance A {\n${body.join("\n")}\n}\nglobal_defs {\n}`).statements),
          ].map((word) => word.text);
        expect(keywords(whole)).toEqual(keywords(around));
      }),
    );
  });
});
