import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { expandBraces, findFiles, hasBraces, hasWildcard, wildcardMatcher } from "./glob.ts";
import { memoryTree } from "./test-support.ts";

test.each([
  ["a", ["a"]],
  ["{a,b}.conf", ["a.conf", "b.conf"]],
  ["x{a,{b,c}d}{1,2}", ["xa1", "xa2", "xbd1", "xbd2", "xcd1", "xcd2"]],
  ["{}", ["{}"]],
  ["{a", ["{a"]],
  ["{a}", ["a"]],
  ["a{,b}", ["a", "ab"]],
])("%s has the alternatives %s", (pattern, expected) => {
  expect(expandBraces(pattern)).toEqual(expected);
});

test("a hostile pattern has a bounded number of alternatives", () => {
  expect(expandBraces("{a,b}".repeat(200)).length).toBeLessThanOrEqual(1000);
  expect(expandBraces(`${"{".repeat(500)}${"}".repeat(500)}`)).toBeDefined();
});

test.each([
  ["*.conf", "a.conf", true],
  ["*.conf", ".a.conf", false],
  [".*", ".a", true],
  ["a?c", "abc", true],
  ["a?c", "ac", false],
  ["[a-c]x", "bx", true],
  ["[!a-c]x", "bx", false],
  ["[^a]x", "bx", true],
  ["[]a]x", "]x", true],
  ["[abc", "[abc", true],
  ["\\*", "*", true],
  ["\\*", "a", false],
  ["*a*b*c", "xaybzc", true],
  ["*a*b*c", "xaybz", false],
])("%s against %s: %s", (pattern, name, matches) => {
  expect(wildcardMatcher(pattern)(name)).toBe(matches);
});

test("knows wildcards and braces", () => {
  expect([hasWildcard("a*"), hasWildcard("a\\*"), hasWildcard("a"), hasWildcard("[a]")]).toEqual([
    true,
    false,
    false,
    true,
  ]);
  expect([hasBraces("{a,b}"), hasBraces("{}"), hasBraces("a")]).toEqual([true, false, false]);
});

describe("finding files", () => {
  const tree = memoryTree({
    "/etc/main.conf": "m",
    "/etc/d/b.conf": "b",
    "/etc/d/a.conf": "a",
    "/etc/d/run.sh": { skip: "executable" },
    "/etc/e/a.conf": "e",
  });
  const ask = (pattern: string) => findFiles({ kind: "need-files", pattern, baseDirectory: "/etc" }, tree);

  test("sorts what a wildcard matches", () => {
    expect(ask("d/*.conf").files.map((file) => file.path)).toEqual(["/etc/d/a.conf", "/etc/d/b.conf"]);
    expect(ask("/etc/*/a.conf").files.map((file) => file.path)).toEqual(["/etc/d/a.conf", "/etc/e/a.conf"]);
    expect(ask("./d/./a.conf").files.map((file) => file.path)).toEqual(["/etc/d/a.conf"]);
  });

  test("keeps the order of alternatives and tells which matched", () => {
    const reply = ask("{d/b,none,d/a}.conf");
    expect(reply.files.map((file) => file.text)).toEqual(["b", "a"]);
    expect(reply.alternatives.map((one) => one.matched)).toEqual([true, false, true]);
  });

  test("passes over what is no ordinary file", () => {
    const reply = ask("d*");
    expect(reply.files).toEqual([]);
    expect(reply.skipped).toEqual([{ path: "/etc/d", reason: "directory" }]);
    expect(ask("d/run.sh").skipped).toEqual([{ path: "/etc/d/run.sh", reason: "executable" }]);
  });
});

test("never throws, and a plain name matches itself only", () => {
  const unit = fc.constantFrom("*", "?", "[", "]", "{", "}", ",", "\\", "!", "-", "a", "b", "/", ".");
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 30 }), fc.string({ unit, maxLength: 10 }), (pattern, name) => {
      expandBraces(pattern);
      const matches = wildcardMatcher(pattern)(name);
      if (!hasWildcard(pattern) && !pattern.includes("\\")) expect(matches).toBe(pattern === name);
    }),
  );
});
