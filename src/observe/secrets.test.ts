import { expect, it } from "vitest";
import { withoutSecrets } from "./secrets.ts";

it("masks passwords and keys wherever they are, and nothing else", () => {
  const value = {
    model: [{ authentication: { kind: "pass", password: "abc" }, keys: [{ id: 1, secret: "00ff" }] }],
    at: 7,
    nothing: null,
    missing: undefined,
  };
  expect(withoutSecrets(value)).toEqual({
    model: [
      { authentication: { kind: "pass", password: "********" }, keys: [{ id: 1, secret: "********" }] },
    ],
    at: 7,
    nothing: null,
    missing: undefined,
  });
  expect(JSON.stringify(withoutSecrets(value))).not.toMatch(/abc|00ff/);
});
