import { describe, expect, test } from "vitest";
import { Diagnostics } from "./diagnostic.ts";
import { cutAtBraces, decomment, LineReader, splitWords } from "./lexer.ts";
import { type TracedText, tracedLine } from "./traced.ts";

const line = (text: string): TracedText => tracedLine("f", 1, text, undefined);

function read(text: string): { lines: string[]; codes: string[] } {
  const diagnostics = new Diagnostics();
  const reader = new LineReader({ name: "f", text }, undefined);
  const lines: string[] = [];
  for (let next = reader.next(diagnostics); next !== undefined; next = reader.next(diagnostics))
    lines.push(next.text);
  return { lines, codes: diagnostics.list.map((one) => one.code) };
}

describe("physical lines", () => {
  test("end in LF or CR LF", () => {
    expect(read("a\r\nb\n\nc")).toEqual({ lines: ["a", "b", "", "c"], codes: [] });
  });

  test("of 1022 bytes are read, longer ones are dropped with a repair", () => {
    const longest = "x".repeat(1022);
    expect(read(`${longest}\n${longest}y\nz\n`)).toEqual({ lines: [longest, "z"], codes: ["line-too-long"] });
    expect(read(`${"é".repeat(511)}\n${"é".repeat(512)}`)).toEqual({
      lines: ["é".repeat(511)],
      codes: ["line-too-long"],
    });
  });

  test("with a NUL byte are dropped with a repair", () => {
    expect(read("a\nb\0c\nd")).toEqual({ lines: ["a", "d"], codes: ["nul-byte"] });
  });

  test("a byte order mark is passed over with a repair", () => {
    expect(read("\uFEFFglobal_defs {\n\uFEFFx")).toEqual({
      lines: ["global_defs {", "\uFEFFx"],
      codes: ["byte-order-mark"],
    });
  });
});

describe("comments", () => {
  test.each([
    ["abc#def", "abc"],
    ["abc!def", "abc"],
    ["# all", ""],
    ['a "b # c" # d', 'a "b # c" '],
    ["a\\#b", "a#b"],
    ["a\\!b # c", "a!b "],
    ["back\\slash tail\\", "back\\slash tail\\"],
    ['"a\\#b"', '"a\\#b"'],
    ["it's # gone", "it's "],
  ])("%s is read as %s", (text, expected) => {
    expect(decomment(line(text)).line.text).toBe(expected);
  });

  test("an escaped character keeps its place", () => {
    const { line: bare } = decomment(line("a\\#b c#d"));
    const word = splitWords(bare).words[0];
    expect(word?.text).toBe("a#b");
    expect(word?.span).toEqual({ file: "f", line: 1, column: 1, endColumn: 5, expanded: "a#b" });
  });

  test("an escaped character begins no comment when looked at again", () => {
    expect(decomment(decomment(line("a\\#b#c")).line).line.text).toBe("a#b");
  });
});

describe("braces", () => {
  const shapes = (text: string): string[] =>
    cutAtBraces(line(text)).map((piece) => (piece.kind === "text" ? piece.text.text : piece.kind));

  test.each([
    ["name {", ["name", "open"]],
    ["  virtual_ipaddress{10.0.0.1/24}", ["virtual_ipaddress", "open", "10.0.0.1/24", "close"]],
    ["} }", ["close", "close"]],
    ['a "{ b }" }', ['a "{ b }"', "close"]],
    ["a '{'", ["a '", "open", "'"]],
    ["", []],
  ])("%s", (text, expected) => {
    expect(shapes(text)).toEqual(expected);
  });
});

describe("the ordinary tokeniser", () => {
  test.each([
    ["  a  b\tc ", ["a", "b", "c"]],
    ['a"b c"d', ["a", "b c", "d"]],
    ["'sing le'", ["'sing", "le'"]],
    ['x "" y', ["x", "", "y"]],
    ['"a""b"', ["a", "b"]],
    ['"a\\" b', ["a\\", "b"]],
  ])("%s", (text, expected) => {
    expect(splitWords(line(text)).words.map((word) => word.text)).toEqual(expected);
  });

  test("stops at a quote that is not closed", () => {
    const { words, unterminated } = splitWords(line('router_id "abc def'));
    expect(words.map((word) => word.text)).toEqual(["router_id"]);
    expect(unterminated?.column).toBe(11);
  });

  test("spans cover the quotes", () => {
    const [, word] = splitWords(line('a "b c"')).words;
    expect(word).toMatchObject({ quoted: true, span: { column: 3, endColumn: 8 } });
    expect(word?.span.expanded).toBeUndefined();
  });
});
