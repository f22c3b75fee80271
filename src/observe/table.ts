/** Plain-text tables and paragraphs that fit a terminal. */
import type { Colour, Paint } from "./style.ts";

export interface Cell {
  readonly text: string;
  readonly colour?: Colour;
}

/** Rows as lines with aligned columns, two spaces apart; a last column is not padded. Colours do not change widths. */
export function table(rows: readonly (readonly Cell[])[], paint: Paint): readonly string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, cell.text.length);
    });
  }
  return rows.map((row) => {
    const cells = row.map((cell, column) => {
      const painted = paint(cell.colour ?? "plain", cell.text);
      const padding = column === row.length - 1 ? 0 : (widths[column] ?? 0) - cell.text.length;
      return painted + " ".repeat(padding);
    });
    return cells.join("  ").trimEnd();
  });
}

/** Breaks a text at spaces so that no line is longer than `width`, except for single words; every line is indented. */
export function wrap(text: string, width: number, indent: string, hanging = indent): readonly string[] {
  const lines: string[] = [];
  let line = "";
  const lead = (): string => (lines.length === 0 ? indent : hanging);
  for (const word of text.split(" ")) {
    if (line !== "" && lead().length + line.length + 1 + word.length > width) {
      lines.push(lead() + line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  if (line !== "") lines.push(lead() + line);
  return lines;
}

/** The text, or its beginning and `...`, in at most `width` characters. */
export function clip(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 3))}...`;
}
