/** Statistics of samples, and bench/RESULTS.md: each benchmark owns the section between its two markers. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, release } from "node:os";
import { fileURLToPath } from "node:url";

const FILE = fileURLToPath(new URL("./RESULTS.md", import.meta.url));

const PREAMBLE = `# Measurements

Written by \`npm run bench\`, each section by the benchmark of its name. Absolute figures depend on the machine; the comparison with
keepalived is made side by side in one run.
`;

/** The value below which the given share of the samples lies (nearest rank). */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const value = sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))];
  if (value === undefined) throw new RangeError("no samples");
  return value;
}

export function median(samples: readonly number[]): number {
  return percentile(samples, 0.5);
}

/** A Markdown table. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/** Replaces the section of one benchmark. */
export function writeSection(name: string, title: string, body: string): void {
  const start = `<!-- ${name} -->`;
  const end = `<!-- /${name} -->`;
  const machine = `${cpus().length} x ${cpus()[0]?.model ?? "unknown processor"}, Linux ${release()}, Node ${process.versions.node}`;
  const section = `${start}\n## ${title}\n\n${machine}\n\n${body}\n${end}\n`;
  const text = existsSync(FILE) ? readFileSync(FILE, "utf8") : PREAMBLE;
  const from = text.indexOf(start);
  const to = text.indexOf(end);
  const next =
    from >= 0 && to > from
      ? text.slice(0, from) + section.trimEnd() + text.slice(to + end.length)
      : `${text.trimEnd()}\n\n${section}`;
  writeFileSync(FILE, next);
}
