import { describe, expect, test } from "vitest";
import {
  checkExitStatus,
  type Diagnostic,
  Diagnostics,
  type ExitClass,
  keepalivedTestStatus,
  type Severity,
  worstSeverity,
} from "./diagnostic.ts";

const one = (severity: Severity, exitClass?: ExitClass): Diagnostic => ({
  code: "x",
  severity,
  message: "m",
  ...(exitClass === undefined ? {} : { exitClass }),
});

describe("exit status", () => {
  test("of a check is that of the gravest severity", () => {
    expect(checkExitStatus([])).toBe(0);
    expect(checkExitStatus([one("note")])).toBe(0);
    expect(checkExitStatus([one("note"), one("repair")])).toBe(1);
    expect(checkExitStatus([one("refusal"), one("repair")])).toBe(2);
    expect(worstSeverity([])).toBeUndefined();
  });

  test.each<[readonly Diagnostic[], number]>([
    [[], 0],
    [[one("note"), one("repair", "silent"), one("refusal", "silent")], 0],
    [[one("repair")], 5],
    [[one("repair"), one("repair", "script-security")], 6],
    [[one("repair", "script-security"), one("refusal", "missing-parameter")], 2],
    [[one("refusal", "missing-parameter"), one("refusal", "include")], 6],
  ])("of keepalived's config test, case %#", (diagnostics, status) => {
    expect(keepalivedTestStatus(diagnostics)).toBe(status);
  });
});

test("keeps a bounded number of each severity, and says how many more there were", () => {
  const diagnostics = new Diagnostics();
  for (let index = 0; index < 2500; index++) diagnostics.note("n", undefined, `note ${index}`);
  for (let index = 0; index < 2001; index++) diagnostics.repair("r", undefined, "repair");
  diagnostics.refuse("f", undefined, "refusal");
  const { list } = diagnostics;
  expect(list.length).toBe(2000 + 2000 + 1 + 2);
  expect(list.some((diagnostic) => diagnostic.code === "f")).toBe(true);
  expect(list.slice(-2).map(({ severity, message }) => `${severity}: ${message}`)).toEqual([
    "note: 500 more of this kind are not shown",
    "repair: 1 more of this kind are not shown",
  ]);
});
