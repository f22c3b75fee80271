import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { waitFor } from "../../test/support/wait.ts";
import { DirectoryWatches } from "./inotify.ts";
import { createLoop } from "./loop.ts";

const WITHIN = { within: 5_000 };

let directory: string;
let watches: DirectoryWatches;
let told: string[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "buoy-inotify-"));
  told = [];
  watches = new DirectoryWatches(createLoop(), {
    changed: (where, name) => told.push(`${where === directory ? "" : where}${name ?? "everything"}`),
    gone: () => told.push("gone"),
  });
});

afterEach(() => {
  watches.close();
  rmSync(directory, { recursive: true, force: true });
});

const heard = async (...names: readonly string[]): Promise<void> => {
  await waitFor(`${names}`, () => told.length >= names.length, WITHIN);
  expect(told.splice(0)).toEqual(names);
};

it("tells of files that were written, renamed and removed", async () => {
  expect(watches.watch(directory)).toBeUndefined();
  writeFileSync(join(directory, "load"), "1\n");
  await heard("load");
  renameSync(join(directory, "load"), join(directory, "other"));
  await heard("load", "other");
  rmSync(join(directory, "other"));
  await heard("other");
});

it("tells that the directory is gone, and can watch it again", async () => {
  expect(watches.watch(directory)).toBeUndefined();
  rmSync(directory, { recursive: true });
  await heard("gone");
  expect(watches.watch(directory)).toMatchObject({ errno: "ENOENT" });
  mkdirSync(directory);
  expect(watches.watch(directory)).toBeUndefined();
  writeFileSync(join(directory, "load"), "1\n");
  await heard("load");
});

it("is silent about what it no longer watches", async () => {
  expect(watches.watch(directory)).toBeUndefined();
  watches.unwatch(directory);
  mkdirSync(join(directory, "inner"));
  expect(watches.watch(join(directory, "inner"))).toBeUndefined();
  writeFileSync(join(directory, "load"), "1\n");
  writeFileSync(join(directory, "inner", "other"), "1\n");
  await heard(`${directory}/innerother`);
});
