/** The journal on disk: one JSON object a line, appended; the file before the current one is kept. */
import { closeSync, fstatSync, openSync, renameSync, writeSync } from "node:fs";

export const JOURNAL_LIMIT = 4 << 20;

export interface JournalFile {
  /** Appends one line. False where the disk refused it; the next line is tried again. */
  append(line: string): boolean;
  close(): void;
}

/** Opens for appending; beyond `limit` bytes the file becomes `PATH.1` and a new one begins. Throws if it cannot. */
export function openJournalFile(path: string, limit: number = JOURNAL_LIMIT): JournalFile {
  let fd = openSync(path, "a", 0o600);
  let size = fstatSync(fd).size;
  const rotate = (): void => {
    renameSync(path, `${path}.1`);
    closeSync(fd);
    fd = openSync(path, "a", 0o600);
    size = 0;
  };
  return {
    append(line) {
      try {
        if (size >= limit) rotate();
        size += writeSync(fd, `${line}\n`);
        return true;
      } catch {
        // A full disk must not end the daemon; the caller reports the loss.
        return false;
      }
    },
    close: () => closeSync(fd),
  };
}
