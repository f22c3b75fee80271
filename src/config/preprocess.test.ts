// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the language under test writes its references so
import { describe, expect, test } from "vitest";
import { keepalivedTestStatus } from "./diagnostic.ts";
import { startReading } from "./preprocess.ts";
import type { ReadingOptions } from "./reading.ts";
import { type Files, readText, TEST_OPTIONS } from "./test-support.ts";

const lines = (text: string, options: Partial<ReadingOptions> = {}, files: Files = {}): string[] =>
  readText(text, options, files).lines.map((line) => line.text);
const codes = (text: string, options: Partial<ReadingOptions> = {}, files: Files = {}): string[] =>
  readText(text, options, files).diagnostics.map((one) => `${one.severity} ${one.code}`);

describe("conditions", () => {
  test("@ID keeps a line for one system, @^ID for all others", () => {
    expect(lines("@node1 a\n@node2 b\n@^node1 c\n@^node2 d\n@node1\te")).toEqual(["a", "d", "e"]);
  });

  test("a bare @ID disappears, and a second condition on a line is none", () => {
    expect(lines("@node1\n@node2\n@\n@ x\n@node1 @node1 a")).toEqual(["@node1 a"]);
  });

  test("a condition may guard anything, and come out of a definition", () => {
    const text = "@node1 $A=1\n@node2 $A=2\n$C=@node2 gone\n$D=@node1 stays\n$C\n$D\nx $A\n@node1 y {";
    expect(lines(text)).toEqual(["stays", "x 1", "y {"]);
  });

  test("a condition on a multi-line definition holds for its first line only, and that is told", () => {
    const text = "@node2 $A=x \\\ny";
    expect(lines(text)).toEqual(["y"]);
    expect(codes(text)).toEqual(["repair condition-splits-definition"]);
  });
});

describe("definitions", () => {
  test("are replaced in braces anywhere, without braces before a blank, comma, parenthesis or end", () => {
    const text = "$A=v\n${A}x ${A} p_$A q$A,r$A)s $A\tt $A.u $A";
    expect(lines(text)).toEqual(["vx v p_v qv,rv)s v\tt $A.u v"]);
    expect(codes(text)).toEqual(["note reference-not-replaced"]);
  });

  test("are replaced inside double quotes and keywords", () => {
    expect(lines('$A=v\n"${A} x" pri${A}')).toEqual(['"v x" priv']);
  });

  test("need the equals sign at the name; blanks after it go", () => {
    expect(lines("$A=  5 \n${A}.")).toEqual(["5."]);
    expect(lines("$A = 5\n$1=6\n$B-C=7")).toEqual(["$A = 5", "$1=6", "$B-C=7"]);
    expect(codes("$A = 5")).toContain("note blank-in-definition");
  });

  test("are looked into when used, so that a later one counts", () => {
    expect(lines("$A=${B}.\n$B=1\nx ${A}\n$B=2\ny ${A}")).toEqual(["x 1.", "y 2."]);
  });

  test("may be empty, hold braces, and make a whole statement", () => {
    expect(lines("$E=\n$O={\n$B=block\na${E}b\n$B $O\n}")).toEqual(["ab", "block {", "}"]);
  });

  test("of several lines expand to several, as the last thing on a line", () => {
    const text = "$M=a 1 \\\n   b 2 \\\n   c 3\nx { $M\n}\n$M";
    expect(lines(text)).toEqual(["x { a 1", "b 2", "c 3", "}", "a 1", "b 2", "c 3"]);
  });

  test("of several lines end at an empty line, not at a comment", () => {
    expect(lines("$M=a \\\n # about b \\\n b # why\n$M\n$N=c \\\n\nd\n$N")).toEqual(["a", "b", "d", "c"]);
  });

  test("of several lines stay as they are where more follows", () => {
    const text = "$M=a \\\nb\n$M x\ny ${M} z";
    expect(lines(text)).toEqual(["$M x", "y ${M} z"]);
    expect(codes(text)).toEqual(["repair multi-line-not-last", "repair multi-line-not-last"]);
  });

  test("that refer to themselves are refused when used", () => {
    expect(codes("$A=${A}x")).toEqual([]);
    expect(codes("$A=${A}x\ny $A")).toEqual(["refusal definition-cycle"]);
    expect(codes("$A=${B}\n$B=${A}\ny ${A}")).toEqual(["refusal definition-cycle"]);
  });

  test("may themselves define, include and repeat", () => {
    const text = "$D=\\\n$X=1\n$D\n${X}\n$I=include b.conf\n$I\n$S=~SEQ(i,2) s${i}\n$S";
    expect(lines(text, {}, { "/etc/b.conf": "b" })).toEqual(["1", "b", "s1", "s2"]);
  });

  test("lines of one definition are read one by one, so that one may define what the next refers to", () => {
    const text = "$M=$X=1 \\\n@node2 gone \\\n~SEQ(i,2) x ${X}${i}\n$M\n$N=a $M\nb $N";
    expect(lines(text)).toEqual(["x 11", "x 12", "b a $X=1", "x 11", "x 12"]);
  });

  test("a comment character in a value begins a comment outside quotes", () => {
    expect(lines('$A=x\\#y\nw$A v\n"${A}"')).toEqual(["wx", '"x#y"']);
    expect(codes("$A=x\\#y\nw$A v")).toEqual(["note comment-from-reference"]);
  });
});

describe("unknown names", () => {
  test("without braces, or in quotes, stay with a note", () => {
    expect(lines('a $NO\n"b ${NO}"')).toEqual(["a $NO", '"b ${NO}"']);
    expect(codes('a $NO\n"b ${NO}"')).toEqual(["note undefined-name", "note undefined-name"]);
  });

  test("in braces outside quotes are refused, with what may be meant", () => {
    const [diagnostic] = readText("$PRIO=5\npriority ${PRIOX}").diagnostics;
    expect(diagnostic).toMatchObject({
      code: "undefined-name",
      severity: "refusal",
      hint: "did you mean '${PRIO}'?",
      span: { line: 2, column: 10, endColumn: 18 },
    });
  });

  test("what only looks like a reference is one that is not defined", () => {
    expect(codes("a ${1}\nb ${x-y}")).toEqual(["refusal undefined-name", "refusal undefined-name"]);
    expect(codes("a ${ x }\nb ${\nc $ {}\nd $$")).toEqual([]);
  });
});

describe("built-in names", () => {
  test("_PWD, _INSTANCE and _ENV", () => {
    expect(lines("a ${_PWD} $_INSTANCE\nb ${_ENV SECRET}")).toEqual(["a /etc node1", "b s3{ret"]);
    expect(codes("b ${_ENV NOTHING}")).toEqual(["refusal undefined-name"]);
  });

  test("_PWD is the directory of the file that says it", () => {
    expect(lines("include d/a.conf\n${_PWD}", {}, { "/etc/d/a.conf": "${_PWD}" })).toEqual([
      "/etc/d",
      "/etc",
    ]);
  });

  test("_HASH and _BANG survive in quotes only", () => {
    expect(lines('"${_HASH}${_BANG}"\nh${_HASH}b\ni${_BANG}')).toEqual(['"#!"', "h", "i"]);
  });

  test("can be defined anew", () => {
    expect(lines("$_PWD=here\n${_PWD}")).toEqual(["here"]);
  });

  test("_RANDOM is the same for the same seed, and within its range", () => {
    const text = "${_RANDOM}\n${_RANDOM 5}\n${_RANDOM 7 9}\n${_RANDOM 3 3}";
    const first = lines(text).map(Number);
    expect(lines(text).map(Number)).toEqual(first);
    expect(lines(text, { seed: 2 }).map(Number)).not.toEqual(first);
    const [a = -1, b = -1, c = -1, d] = first;
    expect(a >= 0 && a <= 32767 && b >= 5 && b <= 32767 && c >= 7 && c <= 9).toBe(true);
    expect(d).toBe(3);
  });

  test("random_seed sets the seed, on a line or in a one-line block", () => {
    const after = (text: string, seed: number): string | undefined =>
      lines(`${text}\n\${_RANDOM}`, { seed }).at(-1);
    expect(after("random_seed 42", 1)).toBe(after("random_seed 42", 2));
    expect(after("global_defs { random_seed 42 }", 1)).toBe(after("x 42", 42));
  });

  test("_RANDOM with a range upside down is repaired", () => {
    expect(lines("${_RANDOM 7 3}")).toEqual(["7"]);
    expect(codes("${_RANDOM 7 3}")).toEqual(["repair random-range"]);
    expect(codes("${_RANDOM x}")).toEqual(["refusal undefined-name"]);
  });
});

describe("~SEQ and ~LST", () => {
  test.each([
    ["~SEQ(i,3) ${i}", ["1", "2", "3"]],
    ["~SEQ(i,10,-5,0) ${i}", ["10", "5", "0"]],
    ["~SEQ(i,3,1) ${i}", ["3", "2", "1"]],
    ["~SEQ(i,1,2,6) ${i}", ["1", "3", "5"]],
    ["~SEQ(i,0) ${i}", ["1", "0"]],
    ["~SEQ(i,-3) ${i}", ["-1", "-2", "-3"]],
    ["~SEQ (i, 2)${i}", ["1", "2"]],
    ["~SEQx(i,8,11) ${i}", ["8", "9", "a", "b"]],
    ["~SEQx(i,0x90,0x10,0xb0) ${i}", ["90", "a0", "b0"]],
    ["~LST(v,p, q ,10.0.0.1/24) ${v}", ["p", "q", "10.0.0.1/24"]],
    ["~LST(v,,q) ${v}|", ["|", "q|"]],
    ["~LST({a, b}, {x1,y1},{x2,y2}) ${a}-${b}", ["x1-y1", "x2-y2"]],
    ["~LST({a,b},{x},y) ${a}-${b}", ["x-", "y-"]],
    ["~SEQ(i,1,2) ~LST(j,p,q) ${i}${j}", ["1p", "1q", "2p", "2q"]],
    ["~SEQ(i,1,3) ~SEQ(j,1,$i) ${i}${j}", ["11", "21", "22", "31", "32", "33"]],
    ["$N=2\n~SEQ(i,$N) ${i}\n~SEQ(i,${N}) ${i}", ["1", "2", "1", "2"]],
    ["~SEQ(i,1,2) b { n ${i}", ["b { n 1", "b { n 2"]],
    ["$M=x ${i} \\\ny\n~SEQ(i,1,2) $M", ["x 1", "y", "x 2", "y"]],
    ["~SEQ(i,1,2) @node1 ${i}", ["1", "2"]],
    ["@node1 ~SEQ(i,1,2) ${i}", ["1", "2"]],
    ["~SEQ(i,1,2)", []],
  ])("%s", (text, expected) => {
    expect(lines(text)).toEqual(expected);
    expect(codes(text)).toEqual([]);
  });

  test.each([
    "~SEQ(X,1,-1,5) a",
    "~SEQ(i,1,0,5) a",
    "~SEQ(i,a) a",
    "~SEQ(2i,2) a",
    "~SEQ(i) a",
    "~SEQ(i,1,2,3,4) a",
    "~SEQx(i,-1,2) a",
    "~SEQ(i,1 a",
    "~SEQ a",
    "~SEQX(i,1) a",
    "~LST(a) x",
    "~LST({a,b},{x,y,z}) x",
    "~LST(a,u v) x",
    "$M=1 \\\n2\n~SEQ(i,$M) a",
  ])("%s is repaired by leaving the line out", (text) => {
    expect(lines(text)).toEqual([]);
    expect(codes(text)).toEqual(["repair bad-sequence"]);
  });

  test("an include in a sequence is made once per value", () => {
    const files = { "/etc/1.conf": "one", "/etc/2.conf": "two ${i}" };
    expect(lines("~SEQ(i,1,2) include ${i}.conf", {}, files)).toEqual(["one", "two 2"]);
  });
});

describe("includes", () => {
  const files: Files = {
    "/etc/b.conf": "b1\nb2",
    "/etc/d/1.conf": "one\ninclude 2.conf",
    "/etc/d/2.conf": "two",
    "/etc/dir/x": "",
    "/etc/run.conf": { skip: "executable" },
    "/etc/secret.conf": { skip: "unreadable", detail: "EACCES" },
  };

  test("put the file's lines in their place, relative to the file that includes", () => {
    expect(lines("a {\ninclude b.conf\n}\ninclude d/1.conf", {}, files)).toEqual([
      "a {",
      "b1",
      "b2",
      "}",
      "one",
      "two",
    ]);
  });

  test("take globs, quotes, definitions and conditions", () => {
    expect(lines("include d/*.conf", {}, files)).toEqual(["one", "two", "two"]);
    expect(lines('$D=d\ninclude ${D}/2.conf\ninclude "d/2.conf"\n@node2 include b.conf', {}, files)).toEqual([
      "two",
      "two",
    ]);
  });

  test("a definition made in an included file holds after it", () => {
    expect(lines("include v.conf\n${V}", {}, { "/etc/v.conf": "$V=1" })).toEqual(["1"]);
  });

  test("a multi-line definition ends with its file", () => {
    expect(lines("include v.conf\nx\n$V", {}, { "/etc/v.conf": "$V=1 \\\n2 \\" })).toEqual(["x", "1", "2"]);
  });

  test("need a blank and a path, and start the line unquoted", () => {
    expect(lines('include\nincludez b\n"include" b', {}, files)).toEqual([
      "include",
      "includez b",
      '"include" b',
    ]);
  });

  test("a chain of spans leads to the include", () => {
    const [line] = readText("\n  include d/1.conf", {}, files).lines;
    expect(line?.origin).toMatchObject({
      file: "/etc/d/1.conf",
      line: 1,
      via: { kind: "include", at: { file: "/etc/main.conf", line: 2, column: 3, endColumn: 19 } },
    });
  });

  const status = (text: string, options: Partial<ReadingOptions> = {}): number =>
    keepalivedTestStatus(readText(text, options, files).diagnostics);

  test.each([
    ["", 0, 0, 0],
    ["r", 0, 0, 0],
    ["m", 6, 6, 0],
    ["w", 6, 6, 0],
    ["b", 0, 0, 6],
    ["a", 6, 6, 6],
  ])(
    "include%s of a missing name, wildcard, alternative: %i %i %i",
    (letter, name, wildcard, alternative) => {
      expect(status(`include${letter} /no/such`)).toBe(name);
      expect(status(`include${letter} /no/*.conf`)).toBe(wildcard);
      expect(status(`include${letter} {b,nosuch}.conf`)).toBe(alternative);
    },
  );

  test("an unreadable file is fatal for includer and includea", () => {
    expect(["", "r", "m", "w", "b", "a"].map((letter) => status(`include${letter} secret.conf`))).toEqual([
      0, 6, 0, 0, 0, 6,
    ]);
  });

  test("directories and executables are passed over with a repair", () => {
    expect(codes("includea run.conf\nincludea dir", {}, files)).toEqual([
      "repair file-skipped",
      "repair file-skipped",
    ]);
  });

  test("nothing is read after a fatal include", () => {
    expect(lines("a\nincludem /no/such\nb")).toEqual(["a"]);
  });

  test("include_check and the command line set what a plain include does", () => {
    const all = { read: true, match: true, wildcardMatch: true, braceMatch: true };
    expect(status("include /no/such", { includeCheck: all })).toBe(6);
    expect(status("include_check\ninclude /no/such")).toBe(6);
    expect(status("include_check read\ninclude /no/such")).toBe(0);
    expect(status("include_check match\ninclude /no/such")).toBe(6);
    expect(status("include_check\ninclude_check -match wildcard_match\ninclude /no/such")).toBe(0);
    expect(status("include_check -match\ninclude_check +brace_match\ninclude {b,nosuch}.conf")).toBe(6);
    expect(status("global_defs { include_check match }\ninclude /no/such")).toBe(6);
  });

  test("include_check holds until the end of its file", () => {
    const inner = { "/etc/c.conf": "include_check" };
    expect(keepalivedTestStatus(readText("include c.conf\ninclude /no", {}, inner).diagnostics)).toBe(0);
  });
});

describe("the main file", () => {
  test("a missing one is refused, though keepalived's config test passes it", () => {
    const { diagnostics } = readText("", { path: "/none.conf" });
    expect(diagnostics.map((one) => `${one.severity} ${one.code}`)).toEqual(["refusal file-missing"]);
    expect(keepalivedTestStatus(diagnostics)).toBe(0);
  });

  test("may be a glob; more than one match is noted", () => {
    expect(codes("a", { path: "/etc/*.conf" }, { "/etc/z.conf": "z" })).toEqual(["note several-files"]);
    expect(lines("a", { path: "/etc/*.conf" }, { "/etc/z.conf": "z" })).toEqual(["a", "z"]);
  });

  test("named relative to the working directory is shown so", () => {
    expect([
      ...readText("include d/a.conf", { path: "main.conf" }, { "/etc/d/a.conf": "" }).sources.keys(),
    ]).toEqual(["main.conf", "d/a.conf"]);
  });
});

describe("the conversation", () => {
  test("a request is repeated until it is answered, and the end stays the end", () => {
    const reader = startReading(TEST_OPTIONS);
    const request = reader.next();
    expect(request).toEqual({ kind: "need-files", pattern: "/etc/main.conf", baseDirectory: "/etc" });
    expect(reader.next()).toEqual(request);
    reader.provide({
      kind: "files",
      files: [],
      skipped: [],
      alternatives: [{ pattern: "x", matched: true }],
    });
    expect(reader.next().kind).toBe("done");
    expect(reader.next().kind).toBe("done");
    expect(() => reader.provide({ kind: "files", files: [], skipped: [], alternatives: [] })).toThrow(
      /nobody asked/,
    );
  });

  test("a file read twice is the same both times", () => {
    const reader = startReading(TEST_OPTIONS);
    const give = (path: string, text: string): void =>
      reader.provide({
        kind: "files",
        files: [{ path, text }],
        skipped: [],
        alternatives: [{ pattern: path, matched: true }],
      });
    reader.next();
    give("/etc/main.conf", "include x\ninclude x");
    reader.next();
    give("/etc/x", "first");
    reader.next();
    give("/etc/x", "second");
    const end = reader.next();
    expect(end.kind === "done" && end.lines.map((line) => line.text)).toEqual(["first", "first"]);
  });
});

describe("bounds", () => {
  test.each<[string, string, Partial<ReadingOptions>]>([
    ["include main.conf", "refusal include-too-deep", {}],
    ["~SEQ(i,200000) x", "refusal sequence-too-long", {}],
    ["~SEQ(a,1000) ~SEQ(b,1000) $X=1", "refusal too-many-lines", { limits: { lines: 5000 } }],
    ["include main.conf\ninclude main.conf", "refusal too-many-files", { limits: { files: 100 } }],
    [
      "$A=\n$B=$A$A\nx ${B}${B}${B}${B}",
      "refusal expansion-too-large",
      { limits: { expandedCharacters: 100 } },
    ],
    ["$S=~SEQ(i,1) $S\n$S", "refusal expansion-too-deep", {}],
    [`${"~SEQ(i,1) ".repeat(70)}x`, "refusal expansion-too-deep", {}],
  ])("%s", (text, code, options) => {
    expect(codes(text, options)).toContain(code);
  });

  test("doubling definitions end soon", () => {
    const doubling = Array.from(
      { length: 60 },
      (_, index) => `$A${index}=\${A${index + 1}}\${A${index + 1}}`,
    );
    const limits = { expandedCharacters: 1_000_000 };
    expect(codes(`${doubling.join("\n")}\n$A60=x\n\${A0}`, { limits })).toContain(
      "refusal expansion-too-large",
    );
  });
});
