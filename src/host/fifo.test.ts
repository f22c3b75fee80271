import { execFileSync } from "node:child_process";
import {
  closeSync,
  constants,
  lstatSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openFifo } from "./fifo.ts";

let directory: string;
let path: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "buoy-fifo-"));
  path = join(directory, "fifo");
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

const uid = process.getuid?.() ?? 0;
const gid = process.getgid?.() ?? 0;
const open = (where = path) => openFifo({ path: where, mode: 0o600, uid, gid });
const isThere = () => lstatSync(path, { throwIfNoEntry: false })?.isFIFO() === true;

function readAll(): string {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const buffer = Buffer.alloc(65536);
    return buffer.toString("latin1", 0, readSync(fd, buffer, 0, buffer.length, null));
  } finally {
    closeSync(fd);
  }
}

it("is made with its mode, holds lines until somebody reads, and is taken away again", () => {
  const fifo = open();
  expect(lstatSync(path).mode & 0o777).toBe(0o600);
  expect(fifo.write(Buffer.from("one\n"))).toBe(true);
  expect(fifo.write(Buffer.from("two\n"))).toBe(true);
  expect(readAll()).toBe("one\ntwo\n");
  fifo.close();
  expect(isThere()).toBe(false);
});

it("is adopted where it stands already, and left there", () => {
  execFileSync("mkfifo", [path]);
  const fifo = open();
  expect(fifo.write(Buffer.from("one\n"))).toBe(true);
  expect(readAll()).toBe("one\n");
  fifo.close();
  expect(isThere()).toBe(true);
});

it("takes no line that does not fit, and takes lines again once somebody has read", () => {
  const fifo = open();
  const line = Buffer.alloc(1024, 120);
  let taken = 0;
  while (fifo.write(line)) taken++;
  expect(taken).toBeGreaterThan(3);
  expect(fifo.write(line)).toBe(false);
  readAll();
  expect(fifo.write(line)).toBe(true);
  fifo.close();
});

it("is refused where something else stands", () => {
  writeFileSync(path, "precious");
  expect(() => open()).toThrow("is no FIFO");
  const link = join(directory, "link");
  symlinkSync(path, link);
  expect(() => open(link)).toThrow("ELOOP");
});
