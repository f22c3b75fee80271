/** The text of a tracked file, and writing its first value. */
import { closeSync, constants, openSync, readSync, writeSync } from "node:fs";

/** More than any number needs. */
const LONGEST = 128;

/** The beginning of a file; undefined where there is none. Throws for what else keeps it from being read. */
export function readBeginning(path: string): string | undefined {
  let fd: number;
  try {
    // Nobody writes to a FIFO just now: it must not be waited for.
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw error;
  }
  try {
    const buffer = Buffer.alloc(LONGEST);
    return buffer.toString("latin1", 0, readSync(fd, buffer, 0, LONGEST, null));
  } finally {
    closeSync(fd);
  }
}

/** Creates a file with this text, or replaces what it holds where `overwrite`; an existing one stays otherwise. */
export function initialiseFile(path: string, text: string, overwrite: boolean): void {
  const { O_WRONLY, O_CREAT, O_EXCL, O_TRUNC, O_NOFOLLOW, O_NONBLOCK } = constants;
  const how = overwrite ? O_TRUNC | O_NOFOLLOW | O_NONBLOCK : O_EXCL;
  let fd: number;
  try {
    fd = openSync(path, O_WRONLY | O_CREAT | how, 0o644);
  } catch (error) {
    if (!overwrite && (error as NodeJS.ErrnoException).code === "EEXIST") return;
    throw error;
  }
  try {
    writeSync(fd, text);
  } finally {
    closeSync(fd);
  }
}

function isAbsence(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "ENOENT" || code === "ENOTDIR";
}
