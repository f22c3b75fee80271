import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseControlRequest } from "./control-requests.ts";

describe("parseControlRequest", () => {
  it("reads every command with its defaults", () => {
    expect(parseControlRequest({ command: "status" })).toEqual({ ok: true, value: { command: "status" } });
    expect(parseControlRequest({ command: "why" })).toEqual({
      ok: true,
      value: { command: "why", instance: undefined, limit: 10 },
    });
    expect(parseControlRequest({ command: "journal", limit: 0, follow: true })).toEqual({
      ok: true,
      value: { command: "journal", limit: 0, follow: true },
    });
  });

  it.each([
    null,
    [],
    "status",
    {},
    { command: "shutdown" },
    { command: "why", instance: 7 },
    { command: "why", limit: -1 },
    { command: "why", limit: 1.5 },
    { command: "journal", limit: "all" },
    { command: "journal", follow: "yes" },
    { command: "journal", limit: 1e9 },
  ])("refuses %j with a sentence", (value) => {
    expect(parseControlRequest(value)).toMatchObject({ ok: false, error: expect.any(String) });
  });

  it("bears anything", () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        expect(typeof parseControlRequest(value).ok).toBe("boolean");
      }),
    );
  });
});
