// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the language under test writes its references so
import { expect, test } from "vitest";
import type { SpanLink } from "./source.ts";
import { concat, relink, replacedText, slice, spanOf, syntaxTest, tracedLine, trim } from "./traced.ts";

const line = tracedLine("f", 7, "  eth${i} up ", undefined);

test("a slice keeps its columns", () => {
  expect(spanOf(slice(line, 2, 5), 0, 3)).toEqual({ file: "f", line: 7, column: 3, endColumn: 6 });
  expect(trim(line).text).toBe("eth${i} up");
  expect(spanOf(trim(line), 8, 10)).toEqual({ file: "f", line: 7, column: 11, endColumn: 13 });
});

test("pieces that follow each other become one again", () => {
  const joined = concat([slice(line, 0, 4), slice(line, 4)], line.origin);
  expect(joined.segments).toEqual(line.segments);
});

test("a text put together spans what was written and tells what it became", () => {
  const via: SpanLink = { kind: "definition", name: "i", at: spanOf(line, 5, 9) };
  const value = relink(slice(tracedLine("f", 1, "$i=42", undefined), 3), via);
  const put = concat([slice(line, 0, 5), value, slice(line, 9)], line.origin);
  expect(put.text).toBe("  eth42 up ");
  expect(spanOf(put, 2, 7)).toEqual({ file: "f", line: 7, column: 3, endColumn: 10, expanded: "eth42" });
  expect(spanOf(put, 5, 7)).toEqual({ file: "f", line: 1, column: 4, endColumn: 6, via });
  expect(spanOf(put, 2, 5)).toEqual({ file: "f", line: 7, column: 3, endColumn: 6 });
});

test("an empty stretch has a place", () => {
  expect(spanOf(line, 3, 3)).toMatchObject({ column: 4, endColumn: 4 });
  expect(spanOf(line, 13, 13)).toMatchObject({ column: 14, endColumn: 14 });
  expect(spanOf(tracedLine("f", 2, "", undefined), 0, 0)).toMatchObject({ line: 2, column: 1 });
});

test("literal characters are no syntax", () => {
  const put = concat(
    [slice(line, 0, 2), replacedText("{}", spanOf(line, 5, 9), true), slice(line, 9, 10)],
    line.origin,
  );
  const isSyntax = syntaxTest(put);
  expect([0, 1, 2, 3, 4].map(isSyntax)).toEqual([true, true, false, false, true]);
});
