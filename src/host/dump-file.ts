/** Files that a running daemon leaves in a directory where others may write too. */
import { randomBytes } from "node:crypto";
import {
  closeSync,
  constants,
  fchmodSync,
  openSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";

/** Runs `work` while an empty file of that name is there, as a sign for others. `trouble` hears why there is none. */
export function whileMarked<T>(path: string, work: () => T, trouble: (message: string) => void): T {
  try {
    replaceFile(path, "", 0o644);
  } catch (error) {
    trouble((error as Error).message);
    return work();
  }
  try {
    return work();
  } finally {
    rmSync(path, { force: true });
  }
}

/**
 * Puts a whole file in the place of that name: readers see the old one or the new one. It is made under a name that nobody
 * can have prepared, and a link that stands at the place is replaced, never followed. Throws what the system refuses.
 */
export function replaceFile(path: string, text: string, mode: number): void {
  const draft = `${path}.${randomBytes(8).toString("hex")}`;
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  const fd = openSync(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
  try {
    fchmodSync(fd, mode);
    writeFileSync(fd, text);
    renameSync(draft, path);
  } catch (error) {
    unlinkSync(draft);
    throw error;
  } finally {
    closeSync(fd);
  }
}
