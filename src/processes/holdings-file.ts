/**
 * What the vrrp child has changed of interfaces and settings, kept for its next life: in memory, and in a file for the case
 * that the supervisor dies as well.
 */
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { NO_HOLDINGS } from "../supervise/interface-facts.ts";

const NOTHING = JSON.stringify(NO_HOLDINGS);

export class HoldingsFile {
  readonly #path: string;
  #text: string | null;

  /** Takes over what a life before has left. */
  constructor(path: string) {
    this.#path = path;
    this.#text = read(path);
  }

  /** Null where there is nothing to be undone. */
  get text(): string | null {
    return this.#text;
  }

  /** Whole or not at all, so that a crash leaves the text of before. */
  write(text: string): void {
    this.#text = text === "" || text === NOTHING ? null : text;
    if (this.#text === null) {
      rmSync(this.#path, { force: true });
      return;
    }
    writeFileSync(`${this.#path}.new`, `${this.#text}\n`);
    renameSync(`${this.#path}.new`, this.#path);
  }
}

function read(path: string): string | null {
  try {
    return readFileSync(path, "utf8").trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}
