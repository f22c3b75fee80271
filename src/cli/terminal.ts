/** What a command knows about its output. */
import type { WriteStream } from "node:tty";
import { ansiPaint, type Paint, plainPaint } from "../observe/style.ts";

/** Colour only where a person looks on, and never against NO_COLOR (https://no-color.org). */
export function painterFor(stream: NodeJS.WriteStream | WriteStream, environment: NodeJS.ProcessEnv): Paint {
  const refused = environment.NO_COLOR !== undefined && environment.NO_COLOR !== "";
  return stream.isTTY === true && !refused && environment.TERM !== "dumb" ? ansiPaint : plainPaint;
}

/** Columns to write in: the terminal's, but 60 to 100. */
export function widthOf(stream: NodeJS.WriteStream): number {
  return Math.min(100, Math.max(60, stream.columns ?? 100));
}

export function printLines(lines: readonly string[]): void {
  process.stdout.write(`${lines.join("\n")}\n`);
}

export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, undefined, 2)}\n`);
}
