import { expect, test } from "vitest";
import { pattern, url } from "../../../test/support/probe-models.ts";
import { BodyCheck } from "./body-check.ts";

const ENDLESS = /^(a+)+$/g;
const PAGE = Buffer.from(`${"a".repeat(60)}!`);

test("a pattern that searches without end holds nothing up: it is not found", () => {
  for (const negated of [false, true]) {
    const check = new BodyCheck(url("/", { pattern: pattern("^(a+)+$", { negated }) }), ENDLESS);
    check.push(PAGE);
    const { ok, detail } = check.judge(200);
    expect(ok).toBe(negated);
    expect(detail).toContain("^(a+)+$ not found within 250 ms");
  }
});
