/** Pages that are made from the keyword tables. `UPDATE_GOLDEN=1` writes them anew. */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { renderKeywordPage, renderNotYetList } from "../../src/model/keywords/pages.ts";
import { KEYWORD_ROWS } from "../../src/model/keywords/table.ts";

const BEGIN = "<!-- made from the keyword tables: begin -->\n";
const END = "<!-- made from the keyword tables: end -->\n";
const update = process.env.UPDATE_GOLDEN === "1";

function page(name: string): string {
  return fileURLToPath(new URL(`../../docs/${name}`, import.meta.url));
}

test("docs/keywords.md says what the tables say", () => {
  const text = renderKeywordPage(KEYWORD_ROWS);
  if (update) writeFileSync(page("keywords.md"), text);
  expect(readFileSync(page("keywords.md"), "utf8")).toBe(text);
});

test("docs/compatibility.md lists what is not done yet", () => {
  const path = page("compatibility.md");
  const text = readFileSync(path, "utf8");
  const start = text.indexOf(BEGIN) + BEGIN.length;
  const end = text.indexOf(END);
  expect(start).toBeGreaterThan(BEGIN.length);
  expect(end).toBeGreaterThanOrEqual(start);
  const list = `\n${renderNotYetList(KEYWORD_ROWS)}\n`;
  if (update) writeFileSync(path, `${text.slice(0, start)}${list}${text.slice(end)}`);
  expect(readFileSync(path, "utf8")).toContain(`${BEGIN}${list}${END}`);
});
