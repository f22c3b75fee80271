/**
 * Tests in network namespaces wait most of the time, so two files run side by side. Those that keep a bound on a time watch for
 * stalls of the machine, and run alone afterwards; so do those that are named because they keep the machine busy.
 */
import { readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import type { TestProjectConfiguration } from "vitest/config";

const WATCH = "watchStalls(";

/** The two groups of a folder's test files. */
export function sideBySideAndAlone(
  folder: string,
  maxConcurrency: number,
  busy: readonly string[] = [],
): TestProjectConfiguration[] {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  const files = names.filter((name) => name.endsWith(".test.ts")).map((name) => `${folder}/${name}`);
  const isAlone = (file: string): boolean =>
    busy.includes(basename(file, ".test.ts")) || readFileSync(file, "utf8").includes(WATCH);
  const group = (name: string, include: string[], maxWorkers: number, groupOrder: number) => ({
    test: {
      name,
      include,
      maxWorkers,
      maxConcurrency,
      pool: "forks" as const,
      sequence: { groupOrder },
      testTimeout: 120_000,
      hookTimeout: 60_000,
    },
  });
  return [
    group(
      "side by side",
      files.filter((file) => !isAlone(file)),
      2,
      0,
    ),
    group("alone", files.filter(isAlone), 1, 1),
  ];
}
