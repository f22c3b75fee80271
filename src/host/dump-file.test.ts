import {
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { replaceFile, whileMarked } from "./dump-file.ts";

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "buoy-dump-"));
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

it("replaces a file as a whole, with its mode", () => {
  const path = join(directory, "file");
  writeFileSync(path, "old and longer", { mode: 0o666 });
  replaceFile(path, "new", 0o600);
  expect(readFileSync(path, "utf8")).toBe("new");
  expect(lstatSync(path).mode & 0o777).toBe(0o600);
  expect(readdirSync(directory)).toEqual(["file"]);
});

it("replaces a link, and leaves alone what it points to", () => {
  const victim = join(directory, "victim");
  const path = join(directory, "file");
  writeFileSync(victim, "precious");
  symlinkSync(victim, path);
  replaceFile(path, "new", 0o600);
  expect(readFileSync(victim, "utf8")).toBe("precious");
  expect(lstatSync(path).isFile()).toBe(true);
});

it("marks the time of some work, and goes on without a mark where none can be made", () => {
  const path = join(directory, "mark");
  const complaints: string[] = [];
  const there = () => readdirSync(directory).includes("mark");
  expect(whileMarked(path, there, (message) => complaints.push(message))).toBe(true);
  expect(there()).toBe(false);
  expect(() =>
    whileMarked(
      path,
      () => JSON.parse("{"),
      () => undefined,
    ),
  ).toThrow(SyntaxError);
  expect(there()).toBe(false);
  expect(complaints).toEqual([]);
  expect(whileMarked(join(path, "x"), there, (message) => complaints.push(message))).toBe(false);
  expect(complaints).toHaveLength(1);
});

it("leaves nothing behind where it fails", () => {
  const path = join(directory, "busy");
  rmSync(path, { force: true });
  writeFileSync(join(directory, "other"), "");
  expect(() => replaceFile(join(directory, "other", "x"), "new", 0o600)).toThrow("ENOTDIR");
  expect(readdirSync(directory)).toEqual(["other"]);
});
