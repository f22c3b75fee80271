import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { splitCommand, splitScript } from "./script-words.ts";
import { tracedLine } from "./traced.ts";

const words = (text: string): string[] =>
  splitScript(tracedLine("f", 1, text, undefined)).words.map((word) => word.text);

describe("first level", () => {
  test("command string, user and group", () => {
    expect(words('"/bin/x.sh a" user group')).toEqual(["/bin/x.sh a", "user", "group"]);
    expect(words("/bin/x.sh generic")).toEqual(["/bin/x.sh", "generic"]);
  });

  test.each([
    ["'a b'", ["a b"]],
    ['a"b c"d', ["ab cd"]],
    ["x\\ y", ["x y"]],
    ['"a \\"b\\" c"', ['a "b" c']],
    ["\\a\\b\\E\\f\\n\\r\\t\\v", ["\x07\b\x1b\f\n\r\t\v"]],
    ["\\101\\x41\\x4g\\cA", ["AA\x04g\x01"]],
    ["\\x411", ["A1"]],
    ["\\xg \\q", ["xg", "q"]],
    ["tail\\", ["tail\\"]],
    ['""', [""]],
  ])("%s", (text, expected) => {
    expect(words(text)).toEqual(expected);
  });

  test("tells the quote that is not closed", () => {
    const cut = splitScript(tracedLine("f", 1, `/x 'a "b"`, undefined));
    expect(cut.unterminated?.column).toBe(4);
    expect(cut.words.map((word) => word.text)).toEqual(["/x"]);
  });
});

test("the command is split a second time", () => {
  const [command = ""] = words(`"/bin/x.sh 'a b' \\"c d\\" x\\ y" user group`);
  expect(splitCommand(command)).toEqual({ argv: ["/bin/x.sh", "a b", "c d", "x", "y"], unterminated: false });
  expect(splitCommand("  ")).toEqual({ argv: [], unterminated: false });
  expect(splitCommand("a 'b")).toEqual({ argv: ["a"], unterminated: true });
});

test("a quoted text without backslashes and quotes comes back whole", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      fc.pre(!/["\\]/.test(text));
      expect(words(`"${text}"`)).toEqual([text]);
    }),
  );
});
