import { expect, test } from "vitest";
import { pcreToRegExp } from "./pcre.ts";

function matches(pattern: string, text: string, options: readonly string[] = []): boolean | string {
  const compiled = pcreToRegExp(pattern, options);
  return compiled.ok ? compiled.value.test(text) : compiled.error;
}

test.each([
  ["plain.words", "plain words", [], true],
  ["(?i)HELLO", "hello", [], true],
  ["a.b", "a\nb", [], false],
  ["a.b", "a\nb", ["dotall"], true],
  ["^b", "a\nb", [], false],
  ["^b", "a\nb", ["multiline"], true],
  ["a b # words", "ab", ["extended"], true],
  ["a [ ] b", "a b", ["extended"], true],
  ["b", "ab", ["anchored"], false],
  ["[[:digit:][:upper:]_]+x", "4X_x", [], true],
  ["[]a]b", "]b", [], true],
  ["[^]a]b", "]b", [], false],
  ["\\Aab\\z", "ab", [], true],
  ["\\Aab\\z", "ab\n", [], false],
  ["ab\\Z", "ab\n", [], true],
  ["\\Qa.b\\E+", "a.bbb", [], true],
  ["\\Qa.b\\E", "axb", [], false],
  ["\\x{41}\\h", "A\t", [], true],
  ["(?P<word>a)b", "ab", [], true],
  ["a(?#words)b", "ab", [], true],
  ["a++b", "ab", [], "possessive quantifiers are not supported"],
  ["(?>a)b", "ab", [], "atomic groups (?>...) are not supported"],
  ["(?R)", "ab", [], "recursion and conditions are not supported"],
  ["[a", "ab", [], "a character class has no end"],
])("%j on %j with %j", (pattern, text, options, expected) => {
  expect(matches(pattern, text, options)).toBe(expected);
});

test("what is no pattern at all is said, not thrown", () => {
  expect(matches("a(b", "ab")).toMatch(/^Invalid regular expression/);
});
