/** What the lab tells while it runs: lines with the time since its start, who speaks, and what. */
import type { Instant } from "../base/time.ts";
import { MICROS_PER_SECOND } from "../base/time.ts";
import type { Colour, Paint } from "../observe/style.ts";
import { monotonicNow } from "./probe.ts";

export class Story {
  readonly paint: Paint;
  readonly #start: Instant = monotonicNow();

  constructor(paint: Paint) {
    this.paint = paint;
  }

  /** A heading before an act. */
  act(title: string): void {
    this.#write("");
    this.#write(this.paint("bold", title));
  }

  /** Something seen by somebody at some time, now unless told. */
  seen(who: string, what: string, colour: Colour = "plain", at: Instant = monotonicNow()): void {
    const time = ((at - this.#start) / MICROS_PER_SECOND).toFixed(3).padStart(7);
    this.#write(`${this.paint("dim", `${time} s`)}  ${who.padEnd(9)}  ${this.paint(colour, what)}`);
  }

  /** A command as somebody would type it on a host. */
  command(words: string, host: string): void {
    this.#write(`           $ ${words}      # on ${host}`);
  }

  /** Lines of another program's output. */
  quote(lines: readonly string[]): void {
    for (const line of lines) this.#write(`           | ${line}`);
  }

  plain(line: string): void {
    this.#write(line);
  }

  painted(colour: Colour, line: string): void {
    this.#write(this.paint(colour, line));
  }

  #write(line: string): void {
    process.stdout.write(`${line}\n`);
  }
}
