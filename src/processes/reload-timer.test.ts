import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { waitFor } from "../../test/support/wait.ts";
import { createLoop } from "../host/loop.ts";
import { parseReloadTime } from "../supervise/reload-time.ts";
import { momentOf, ReloadTimer } from "./reload-timer.ts";

let directory: string;
let path: string;
let timer: ReloadTimer;
let reloads: number;
let said: string[];
/** The wall clock, which the test sets. */
let clock: number;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "buoy-reload-"));
  path = join(directory, "when");
  reloads = 0;
  said = [];
  clock = Date.UTC(2027, 0, 1, 12, 0, 0);
  const loop = { ...createLoop(), wallClock: () => clock * 1000 };
  timer = new ReloadTimer(loop, { due: () => reloads++, say: (_, line) => said.push(line) });
});
afterEach(() => {
  timer.close();
  rmSync(directory, { recursive: true, force: true });
});

describe("a reload by a file", () => {
  it("comes at its time, once, and the file goes", async () => {
    timer.configure({ path, repeat: false });
    expect(said).toEqual([]);
    writeFileSync(path, "12:00:01Z\n");
    await waitFor("the file to be read", () => said.length > 0, { within: 5000 });
    expect(said).toEqual(["Reload scheduled for 2027-01-01T12:00:01.000Z"]);
    expect(reloads).toBe(0);
    clock += 1000;
    await waitFor("the reload", () => reloads > 0, { within: 5000 });
    expect(existsSync(path)).toBe(false);
    timer.configure({ path, repeat: false });
    expect(reloads).toBe(1);
  });

  it("comes every day with reload_repeat, and the file stays", async () => {
    writeFileSync(path, "11:59:59Z");
    timer.configure({ path, repeat: true });
    expect(said).toEqual(["Reload scheduled for 2027-01-02T11:59:59.000Z"]);
    clock = Date.UTC(2027, 0, 2, 11, 59, 59, 800);
    writeFileSync(path, "12:00:00Z");
    await waitFor("another time", () => said.length > 1, { within: 5000 });
    clock += 200;
    await waitFor("the reload", () => reloads > 0, { within: 5000 });
    expect(existsSync(path)).toBe(true);
    timer.configure({ path, repeat: true });
    expect(reloads).toBe(1);
  });

  it("is cancelled with its file; what is over or makes no sense is told and ignored", async () => {
    writeFileSync(path, "2026-12-31 12:00:00Z");
    timer.configure({ path, repeat: false });
    writeFileSync(path, "soon");
    await waitFor("the word", () => said.length > 1, { within: 5000 });
    writeFileSync(path, "13:00:00Z");
    await waitFor("the time", () => said.length > 2, { within: 5000 });
    rmSync(path);
    await waitFor("the end", () => said.length > 3, { within: 5000 });
    expect(said).toEqual([
      "Reload time '2026-12-31 12:00:00Z' is in the past - ignoring",
      "Reload time 'soon' is invalid - ignoring",
      "Reload scheduled for 2027-01-01T13:00:00.000Z",
      "Cancelling reload scheduled for 2027-01-01T13:00:00.000Z",
    ]);
    expect(reloads).toBe(0);
  });

  it("says that it cannot be followed", () => {
    timer.configure({ path: join(directory, "none", "when"), repeat: false });
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(/is not followed: .*ENOENT/);
  });
});

it("means the next time of the day that is to come, here or in UTC", () => {
  const now = new Date(2027, 0, 31, 12, 0, 0);
  const moment = (text: string): Date | undefined => {
    const time = parseReloadTime(text);
    return time === undefined ? undefined : momentOf(time, now);
  };
  expect(moment("12:00:01")).toEqual(new Date(2027, 0, 31, 12, 0, 1));
  expect(moment("12:00:00")).toEqual(new Date(2027, 1, 1, 12, 0, 0));
  expect(moment("27-02-01 00:00:00")).toEqual(new Date(2027, 1, 1));
  expect(moment("2027-01-31 12:00:00")).toBeUndefined();
  expect(moment("2027-03-01 00:00:00Z")).toEqual(new Date(Date.UTC(2027, 2, 1)));
});
