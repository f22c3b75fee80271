/** Colours of a terminal, or none. */
export type Colour = "green" | "yellow" | "red" | "bold" | "dim" | "plain";

const CODES: Readonly<Record<Exclude<Colour, "plain">, string>> = {
  green: "32",
  yellow: "33",
  red: "31",
  bold: "1",
  dim: "2",
};

/** Writes a text in a colour; the plain painter leaves it as it is. */
export type Paint = (colour: Colour, text: string) => string;

export const plainPaint: Paint = (_colour, text) => text;

export const ansiPaint: Paint = (colour, text) =>
  colour === "plain" ? text : `\u001b[${CODES[colour]}m${text}\u001b[0m`;
