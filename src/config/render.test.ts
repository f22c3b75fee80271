// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the language under test writes its references so
import { describe, expect, test } from "vitest";
import { renderDiagnostics, summarise } from "./render.ts";
import { type Files, parseText } from "./test-support.ts";

function render(
  text: string,
  format: "text" | "json" | "keepalived",
  files: Files = {},
  colour = false,
): string {
  const { diagnostics, sources } = parseText(text, {}, files);
  return renderDiagnostics(diagnostics, sources, { format, colour });
}

describe("text", () => {
  test("shows the line, a caret, the repair and the hint", () => {
    expect(render("vrrp_instance A {\n\tpriorty 100\n}", "text")).toBe(
      [
        "/etc/main.conf:2:2: repair: unknown keyword 'priorty' in 'vrrp_instance' [unknown-keyword]",
        "  2 | \tpriorty 100",
        "    | \t^~~~~~~",
        "  repair: the line is ignored",
        "  hint: did you mean 'priority'?",
        "",
      ].join("\n"),
    );
  });

  test("shows the way from the main file", () => {
    const files = { "/etc/a.conf": "$B=bo${W}us\n~SEQ(i,1) ${B} ${i}" };
    expect(render("$W=g\ninclude a.conf", "text", files)).toBe(
      [
        "/etc/a.conf:1:4: repair: unknown keyword 'bogus' here [unknown-keyword]",
        "  1 | $B=bo${W}us",
        "    |    ^~~~~~~~",
        "  which reads 'bogus'",
        "  from the definition of $B, used at /etc/a.conf:2:11",
        "  repeated with i=1 at /etc/a.conf:2:1",
        "  included at /etc/main.conf:2:1",
        "  repair: the line is ignored",
        "",
      ].join("\n"),
    );
  });

  test("shows only a part of a long line", () => {
    const lines = render(`${"x ".repeat(400)}`.padStart(900), "text").split("\n");
    expect(lines[1]).toMatch(/^ {2}1 \| \.\.\. .* \.\.\.$|^ {2}1 \| \.\.\./);
    expect(lines[1]?.length).toBeLessThan(160);
    expect(lines[1]?.[lines[2]?.indexOf("^") ?? 0]).toBe("x");
  });

  test("lets no control character through", () => {
    const shown = render("bo\x1b[31mgus \x07", "text");
    expect(shown).toContain("bo\u00b7[31mgus \u00b7");
    expect(shown.replaceAll("\n", "")).not.toMatch(/\p{Cc}/u);
  });

  test("is plain unless colour is asked for", () => {
    expect(render("bogus", "text", {}, true)).toContain("\x1b[1;33mrepair:\x1b[0m");
    expect(render("bogus", "text")).not.toContain("\x1b");
  });

  test("has no place for what concerns no line", () => {
    const sources = new Map();
    const text = renderDiagnostics([{ code: "c", severity: "note", message: "m" }], sources, {
      format: "text",
    });
    expect(text).toBe("note: m [c]\n");
  });
});

test("json is one array of flat objects", () => {
  expect(JSON.parse(render("include a.conf", "json", { "/etc/a.conf": " bogus" }))).toEqual([
    {
      code: "unknown-keyword",
      severity: "repair",
      message: "unknown keyword 'bogus' here",
      file: "/etc/a.conf",
      line: 1,
      column: 2,
      endColumn: 7,
      repair: "the line is ignored",
      chain: [{ what: "included", file: "/etc/main.conf", line: 1, column: 1 }],
    },
  ]);
  expect(render("", "json")).toBe("[]\n");
});

test("keepalived's manner is one line each", () => {
  expect(render("bogus\nvrrp_instance A {\npriority\n}", "keepalived")).toBe(
    "(/etc/main.conf: Line 1) unknown keyword 'bogus' here - the line is ignored\n" +
      "(/etc/main.conf: Line 3) 'priority' needs a value on the same line\n",
  );
});

test("the summary counts", () => {
  expect(summarise(parseText("bogus\nvrrp_instance A {\npriority\n}\nx").diagnostics)).toBe(
    "1 refusal, 2 repairs",
  );
  expect(summarise([])).toBe("no mistakes");
});
