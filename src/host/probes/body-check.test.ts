import { expect, test } from "vitest";
import { pattern, url } from "../../../test/support/probe-models.ts";
import { BodyCheck } from "./body-check.ts";
import { PatternSearch } from "./pattern-search.ts";

const ENDLESS = Buffer.from(`${"a".repeat(60)}!`);

function judge(search: PatternSearch, page: Buffer, negated = false): string {
  const check = new BodyCheck(url("/", { pattern: pattern("^(a+)+$", { negated }) }), search);
  check.push(page);
  const { ok, detail } = check.judge(200);
  return `${ok ? "ok" : "failed"}: ${detail}`;
}

test("a pattern that searches without end holds nothing up: it is not found", () => {
  const search = (): PatternSearch => new PatternSearch(/^(a+)+$/g);
  expect(judge(search(), ENDLESS)).toBe("failed: ^(a+)+$ not found within 100 ms in the answer");
  expect(judge(search(), ENDLESS, true)).toBe(
    "ok: answered 200, ^(a+)+$ not found within 100 ms in the answer",
  );
});

test("one that does so again and again has less and less time, and all of it after an answer that suits it", () => {
  const search = new PatternSearch(/^(a+)+$/g);
  const limits = Array.from({ length: 7 }, () => {
    judge(search, ENDLESS);
    return search.limit;
  });
  expect(limits).toEqual([50, 25, 12, 10, 10, 10, 10]);
  expect(judge(search, Buffer.from("aaa"))).toBe("ok: answered 200");
  expect(search.limit).toBe(100);
});
