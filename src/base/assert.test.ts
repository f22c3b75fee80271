import { describe, expect, it } from "vitest";
import { assert, BugError, present, unreachable } from "./assert.ts";
import { fail, formatOsError, ok } from "./result.ts";

describe("defects of our own", () => {
  it("are a BugError that says what was broken", () => {
    expect(() => assert(false, "the invariant")).toThrow(new BugError("the invariant"));
    expect(() => assert(0, "zero")).toThrow(BugError);
    expect(() => assert(1, "one")).not.toThrow();
    expect(() => present(undefined, "source")).toThrow("missing source");
    expect(() => present(null, "source")).toThrow(BugError);
    expect(present(0, "zero")).toBe(0);
    expect(() => unreachable({ kind: "x" } as never)).toThrow('unhandled case {"kind":"x"}');
  });
});

describe("results", () => {
  it("tell success from failure", () => {
    expect(ok(1)).toEqual({ ok: true, value: 1 });
    expect(fail("why")).toEqual({ ok: false, error: "why" });
  });

  it("print an error of the system with the kernel's words", () => {
    const error = { call: "RTM_NEWADDR", errno: "EPERM", subject: "10.0.0.1" };
    expect(formatOsError(error)).toBe("RTM_NEWADDR 10.0.0.1: EPERM");
    expect(formatOsError({ ...error, detail: "no" })).toBe("RTM_NEWADDR 10.0.0.1: EPERM (no)");
  });
});
