import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { claimPidFile, claimRuntimeDir, runtimePaths } from "./runtime-dir.ts";

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "buoy-runtime-"));
});

afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

describe("claimRuntimeDir", () => {
  it("makes the directory, takes the lock and clears what a dead daemon left", () => {
    const paths = runtimePaths(join(directory, "a", "b"));
    const first = claimRuntimeDir(paths);
    expect(first.ok).toBe(true);
    expect(readFileSync(paths.lock, "utf8")).toBe(`${process.pid}\n`);
    if (first.ok) first.value.release();
    expect(existsSync(paths.lock)).toBe(false);

    // A killed daemon: the files are there, the lock is not held.
    writeFileSync(paths.lock, "4711\n");
    writeFileSync(paths.controlSocket, "");
    const second = claimRuntimeDir(paths);
    expect(second.ok).toBe(true);
    expect(existsSync(paths.controlSocket)).toBe(false);
    if (second.ok) second.value.release();
  });

  it("says who holds it, and leaves his files alone", () => {
    const paths = runtimePaths(directory);
    const first = claimRuntimeDir(paths);
    writeFileSync(paths.controlSocket, "his");
    const second = claimRuntimeDir(paths);
    expect(second).toMatchObject({ ok: false });
    if (!second.ok) {
      expect(second.error).toContain("already running");
      expect(second.error).toContain(String(process.pid));
      expect(second.error).toContain(directory);
    }
    expect(existsSync(paths.controlSocket)).toBe(true);
    if (first.ok) first.value.release();
    expect(claimRuntimeDir(paths).ok).toBe(true);
  });

  it("answers with a sentence where it may not write", () => {
    const file = join(directory, "file");
    writeFileSync(file, "");
    expect(claimRuntimeDir(runtimePaths(join(file, "sub")))).toMatchObject({
      ok: false,
      error: expect.stringContaining("cannot make the runtime directory"),
    });
  });
});

describe("claimPidFile", () => {
  it("is seen by other processes", () => {
    const path = join(directory, "daemon.pid");
    const held = claimPidFile(path);
    const module = fileURLToPath(new URL("../../dist/host/runtime-dir.js", import.meta.url));
    const script = `import { claimPidFile } from ${JSON.stringify(module)};
      const got = claimPidFile(${JSON.stringify(path)});
      process.stdout.write(got.ok ? "got it" : got.error);`;
    const other = (): string =>
      spawnSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" }).stdout;
    expect(other()).toContain("already running");
    if (held.ok) held.value.release();
    expect(other()).toBe("got it");
  });

  it("does not remove a file that somebody put in its place", () => {
    const path = join(directory, "daemon.pid");
    const held = claimPidFile(path);
    rmSync(path);
    writeFileSync(path, "other");
    if (held.ok) held.value.release();
    expect(readFileSync(path, "utf8")).toBe("other");
  });
});
