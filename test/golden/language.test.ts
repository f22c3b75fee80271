import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { checkExitStatus, keepalivedTestStatus } from "../../src/config/diagnostic.ts";
import { formatConfiguration } from "../../src/config/format.ts";
import { type FileTree, findFiles } from "../../src/config/glob.ts";
import { parse } from "../../src/config/parser.ts";
import { readConfiguration } from "../../src/config/preprocess.ts";
import { renderDiagnostics, summarise } from "../../src/config/render.ts";
import { outline, TEST_GRAMMAR, TEST_OPTIONS } from "../../src/config/test-support.ts";

/** The cases lie under this name, so that what is expected holds no machine's paths. */
const ROOT = "/golden";
const FOLDER = join(import.meta.dirname, "language");
const UPDATE = process.env.UPDATE_GOLDEN === "1";

const real = (path: string): string => join(FOLDER, path.slice(ROOT.length));

const tree: FileTree = {
  list: (directory) => (existsSync(real(directory)) ? readdirSync(real(directory)) : undefined),
  exists: (path) => path.startsWith(`${ROOT}/`) && existsSync(real(path)),
  read: (path) =>
    statSync(real(path)).isFile() ? { text: readFileSync(real(path), "utf8") } : { skip: "directory" },
};

/** What is read, and everything said about it. */
function report(name: string): string {
  const options = { ...TEST_OPTIONS, path: name, workingDirectory: ROOT };
  const reading = readConfiguration(options, (request) => findFiles(request, tree));
  const { statements, diagnostics, sources } = parse(reading, TEST_GRAMMAR);
  const status = `${summarise(diagnostics)}; check ${checkExitStatus(diagnostics)}, keepalived -t ${keepalivedTestStatus(diagnostics)}`;
  return [
    outline(statements).join("\n"),
    renderDiagnostics(diagnostics, sources, { format: "text" }),
    status,
    "",
  ].join("\n\n");
}

const cases = readdirSync(FOLDER).filter((name) => name.endsWith(".conf"));

describe("language", () => {
  test("there are cases", () => {
    expect(cases.length).toBeGreaterThan(5);
  });

  test.each(cases)("%s", (name) => {
    const expected = join(FOLDER, name.replace(/\.conf$/, ".txt"));
    const actual = report(name);
    if (UPDATE) writeFileSync(expected, actual);
    expect(actual).toBe(readFileSync(expected, "utf8"));
  });

  test("a mended file has nothing to be said about, and is read as the old one was", () => {
    const read = (name: string): string => report(name).split("\n\n")[0] ?? "";
    expect(report("old-style-mended.conf")).toContain("no mistakes; check 0, keepalived -t 0");
    expect(read("old-style.conf")).toBe(read("old-style-mended.conf"));
  });

  test("the formatter leaves a well laid out file as it is", () => {
    const { text } = tree.read(`${ROOT}/old-style-mended.conf`) as { text: string };
    const formatted = formatConfiguration(text);
    expect(formatConfiguration(formatted)).toBe(formatted);
    expect(formatted.split("\n").map((line) => line.trim())).toEqual(
      text.split("\n").map((line) => line.trim()),
    );
  });
});
