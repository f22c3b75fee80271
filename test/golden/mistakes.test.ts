/**
 * Small files with one mistake each, and keepalived's exit status for each of them in a config test. Where ours differs,
 * the reason stands in the table.
 */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { configTest } from "../../src/cli/config-test.ts";
import { goldenFacts } from "./host.ts";

const DIRECTORY = fileURLToPath(new URL("mistakes/", import.meta.url));

interface Row {
  readonly file: string;
  readonly keepalived: number;
  readonly ours: number;
  readonly reason: string;
}

/** `file`, exit status of keepalived 2.4, ours, reason of a difference. */
const ROWS: readonly Row[] = readFileSync(fileURLToPath(new URL("mistakes.tsv", import.meta.url)), "utf8")
  .trimEnd()
  .split("\n")
  .slice(1)
  .map((line) => {
    const [file = "", keepalived, ours, reason = ""] = line.split("\t");
    return { file, keepalived: Number(keepalived), ours: Number(ours), reason };
  });

/** The files name a script that anybody may write to. */
const SCRIPTS = new Map([["ww.sh", { insecure: { element: "ww.sh", reason: "is writable by everybody" } }]]);

describe("config test of single mistakes", () => {
  test("has every file in its table", () => {
    const files = readdirSync(DIRECTORY).filter((name) => name.endsWith(".conf"));
    expect(ROWS.map((row) => row.file).sort()).toEqual(files.sort());
    expect(ROWS.length).toBeGreaterThan(85);
  });

  test("gives a reason for every difference, and only for one", () => {
    expect(ROWS.filter((row) => (row.keepalived === row.ours) !== (row.reason === ""))).toEqual([]);
  });

  test.each(ROWS)("$file ends with $ours", ({ file, ours }) => {
    const { exitCode, lines } = configTest({
      file: `${DIRECTORY}${file}`,
      configId: "director1",
      seed: 1,
      facts: (wanted) => goldenFacts(wanted, SCRIPTS),
    });
    expect(exitCode, lines.join("\n")).toBe(ours);
    expect(exitCode === 0 || lines.length > 0).toBe(true);
  });

  test("a file that is not there is no complaint to keepalived, and is named", () => {
    const { exitCode, lines } = configTest({ file: `${DIRECTORY}no-such-file.conf`, facts: goldenFacts });
    expect(exitCode).toBe(0);
    expect(lines.join("\n")).toContain("no-such-file.conf");
  });
});
