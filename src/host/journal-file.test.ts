import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openJournalFile } from "./journal-file.ts";

let path: string;
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "buoy-journal-"));
  path = join(directory, "journal.jsonl");
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe("openJournalFile", () => {
  it("appends, also to what is there, for its owner alone", () => {
    const first = openJournalFile(path);
    expect(first.append("one")).toBe(true);
    first.close();
    const second = openJournalFile(path);
    second.append("two");
    second.close();
    expect(readFileSync(path, "utf8")).toBe("one\ntwo\n");
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it("keeps one file before the current one", () => {
    const file = openJournalFile(path, 10);
    for (const line of ["aaaa", "bbbb", "cccc", "dddd", "eeee"]) file.append(line);
    file.close();
    expect(readFileSync(path, "utf8")).toBe("eeee\n");
    expect(readFileSync(`${path}.1`, "utf8")).toBe("cccc\ndddd\n");
  });

  it("says when a line was not taken", () => {
    const file = openJournalFile("/dev/full");
    expect(file.append("lost")).toBe(false);
    file.close();
  });
});
