/** A named pipe that lines are written to without waiting for a reader. */
import { chownSync, closeSync, constants, fstatSync, openSync, unlinkSync, writeSync } from "node:fs";
import { check, errnoName, native } from "./native.ts";

export interface FifoOptions {
  readonly path: string;
  /** Permission bits where it is made here. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

export interface Fifo {
  /** False where it is full and the line is lost. */
  write(line: Uint8Array): boolean;
  /** Takes the pipe away again, if it was made here. */
  close(): void;
}

/**
 * Opens a FIFO for writing, and makes it where there is none. An existing one is adopted if root, the daemon or the wanted
 * user owns it. It is opened for reading too, so that it stays open while readers come and go. Throws an Error whose
 * message says what is in the way.
 */
export function openFifo(options: FifoOptions): Fifo {
  const { path } = options;
  const made = makeFifo(options);
  // Never through a link, and never waiting: what stands there may be somebody else's.
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  try {
    const { uid, mode } = fstatSync(fd);
    if ((mode & constants.S_IFMT) !== constants.S_IFIFO) throw new Error(`${path} is no FIFO`);
    if (!made && ![0, process.geteuid?.(), options.uid].includes(uid)) {
      throw new Error(`${path} belongs to user ${uid}`);
    }
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  return {
    write: (line) => writeLine(fd, line),
    close() {
      closeSync(fd);
      if (made) removeFifo(path);
    },
  };
}

/** Whether it was made; false where something stands there already. */
function makeFifo({ path, mode, uid, gid }: FifoOptions): boolean {
  const result = native.makeFifo(path, mode);
  if (result < 0 && errnoName(result) === "EEXIST") return false;
  check("mkfifo", path, result);
  if (uid !== process.geteuid?.() || gid !== process.getegid?.()) chownSync(path, uid, gid);
  return true;
}

/** A line is shorter than the pipe's atomic unit: it is written whole or not at all. */
function writeLine(fd: number, line: Uint8Array): boolean {
  try {
    writeSync(fd, line);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EAGAIN") return false;
    throw error;
  }
}

function removeFifo(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}
