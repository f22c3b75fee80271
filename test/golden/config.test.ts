/**
 * Whole configurations with all that is said about them and what they mean. `UPDATE_GOLDEN=1` writes the expected files
 * anew; read the difference before you commit it.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { equalPlain } from "../../src/base/plain.ts";
import { runCheck, summarise } from "../../src/cli/check.ts";
import { checkExitStatus, keepalivedTestStatus } from "../../src/config/diagnostic.ts";
import { renderDiagnostics } from "../../src/config/render.ts";
import { NO_DIRECTOR } from "../../src/model/director-models.ts";
import { type LoadOptions, loadConfiguration } from "../../src/processes/load-configuration.ts";
import { goldenFacts } from "./host.ts";

const DIRECTORY = fileURLToPath(new URL("config/", import.meta.url));
const FILES = readdirSync(DIRECTORY).filter((name) => name.endsWith(".conf"));

describe("golden configurations", () => {
  test("are many", () => {
    expect(FILES.length).toBeGreaterThanOrEqual(40);
  });

  test.each(FILES)("%s", (name) => {
    const expected = `${DIRECTORY}${name.replace(/\.conf$/, ".expected")}`;
    const actual = describeFile(name);
    if (process.env.UPDATE_GOLDEN === "1") writeFileSync(expected, actual);
    expect(actual).toBe(readFileSync(expected, "utf8"));
  });

  test("a report of several files ends as badly as the worst of them", () => {
    const check = (...names: readonly string[]) =>
      runCheck(
        names.map((name) => `${DIRECTORY}${name}`),
        { format: "json", acceptNotYet: false, load: loadOptions("classic-master.conf") },
      );
    expect(check("classic-master.conf", "empty.conf").exitCode).toBe(0);
    expect(check("classic-master.conf", "ranges.conf").exitCode).toBe(1);
    const all = check("classic-master.conf", "clash.conf", "ranges.conf");
    expect(all.exitCode).toBe(2);
    const report = JSON.parse(all.output) as { file: string; exitCode: number; diagnostics: unknown[] }[];
    expect(report.map((one) => one.exitCode)).toEqual([0, 2, 1]);
    expect(report[2]?.diagnostics.length).toBeGreaterThan(10);
  });
});

/** `# options: --accept-not-yet --config-id left` in the first line. */
function loadOptions(name: string): LoadOptions {
  const [first] = readFileSync(`${DIRECTORY}${name}`, "utf8").split("\n");
  const words = /^# options: (.*)$/.exec(first ?? "")?.[1]?.split(" ") ?? [];
  const id = words.indexOf("--config-id");
  return {
    facts: goldenFacts,
    seed: 1,
    configId: id < 0 ? "director1" : words[id + 1],
    acceptNotYet: words.includes("--accept-not-yet"),
  };
}

function describeFile(name: string): string {
  const loaded = loadConfiguration(`${DIRECTORY}${name}`, loadOptions(name));
  const { diagnostics, sources, model } = loaded;
  const text = renderDiagnostics(diagnostics, sources, { format: "text" });
  return [
    text,
    summarise(name, loaded),
    `exit status of check: ${checkExitStatus(diagnostics)}, of keepalived -t: ${keepalivedTestStatus(diagnostics)}`,
    "",
    model === undefined ? "no model" : JSON.stringify(model, withoutEmpty, 2),
    "",
  ]
    .join("\n")
    .replaceAll(DIRECTORY, "");
}

/** What is off or empty is left out: a new field shows only where a configuration sets it. */
function withoutEmpty(_key: string, value: unknown): unknown {
  return isEmpty(value) ? undefined : value;
}

function isEmpty(value: unknown): boolean {
  if (value === false || value === undefined) return true;
  return (
    typeof value === "object" &&
    value !== null &&
    (equalPlain(value, NO_DIRECTOR) || Object.values(value).every(isEmpty))
  );
}
