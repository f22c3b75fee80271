import { describe, expect, test } from "vitest";
import { textAt } from "./source.ts";
import { parseText } from "./test-support.ts";

const within = (line: string): string => `vrrp_instance A {\n  ${line}\n}`;

function found(line: string): readonly string[] {
  const { diagnostics, sources } = parseText(within(line));
  return diagnostics
    .filter(({ code }) => code === "look-alike")
    .map(({ severity, message, span }) => `${severity} ${message} at '${span && textAt(span, sources)}'`);
}

describe("characters that look like syntax", () => {
  test.each([
    ["priority\u00a0100", "note U+00A0 is a special blank, which separates no words at '\u00a0'"],
    ["notify \u201c/bin/true\u201d", "note U+201C is a typographic quote, which quotes nothing at '\u201c'"],
    ["notify /bin/x \u2013v", "note U+2013 is a dash of another kind than '-' at '\u2013'"],
    ["\u200bpriority 100", "note U+200B is a special blank, which separates no words at '\u200b'"],
  ])("%j", (line, expected) => {
    expect(found(line)).toEqual([expected]);
  });

  test.each([
    ['notify "/bin/true \u201cas\u00a0it is\u201d"'],
    ["priority 100 # \u201ca comment\u201d\u00a0\u2013"],
    ["interface \u00e9th0"],
    ["priority 100"],
  ])("%j has none", (line) => {
    expect(found(line)).toEqual([]);
  });
});
