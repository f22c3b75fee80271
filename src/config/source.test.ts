import { expect, test } from "vitest";
import { LineIndex, textAt } from "./source.ts";

test("finds lines whatever their ends are", () => {
  const index = new LineIndex("one\r\ntwo\n\nfour");
  expect([1, 2, 3, 4, 5, 0].map((number) => index.line(number))).toEqual([
    "one",
    "two",
    "",
    "four",
    undefined,
    undefined,
  ]);
  expect(index.count()).toBe(4);
});

test("has no line after the last line feed", () => {
  expect(new LineIndex("a\n").count()).toBe(1);
  expect(new LineIndex("").count()).toBe(0);
});

test("gives the text at a span", () => {
  const sources = new Map([["a.conf", { name: "a.conf", text: "x\n  priority 100\n" }]]);
  expect(textAt({ file: "a.conf", line: 2, column: 3, endColumn: 11 }, sources)).toBe("priority");
  expect(textAt({ file: "b.conf", line: 2, column: 3, endColumn: 11 }, sources)).toBeUndefined();
});
