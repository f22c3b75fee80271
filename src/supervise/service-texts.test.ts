import fc from "fast-check";
import { expect, test } from "vitest";
import { changeServices, encodeServices, type ServiceTexts, serviceChange } from "./service-texts.ts";

const NONE: ServiceTexts = new Map();
const asIs = (line: string): string => line;

const texts: fc.Arbitrary<ServiceTexts> = fc
  .array(
    fc.tuple(
      fc.string({ maxLength: 3 }),
      fc.jsonValue().map((value) => JSON.stringify(value)),
    ),
  )
  .map((entries) => new Map(entries));

test("a change leads from any state to any other, in its order", () => {
  fc.assert(
    fc.property(texts, texts, (before, after) => {
      const reached = changeServices(before, serviceChange(before, after), asIs);
      expect([...reached]).toEqual([...after]);
    }),
  );
});

test("only what differs travels, and the rest stays the same value", () => {
  const before = new Map([
    ["a", '{"weight":1}'],
    ["b", '{"weight":2}'],
  ]);
  const after = new Map([...before, ["b", '{"weight":3}']] as const);
  const change = serviceChange(before, after);
  expect(change.split("\n")).toEqual(['{"order":["a","b"],"changed":["b"]}', '{"weight":3}']);
  const read = (line: string): object => JSON.parse(line) as object;
  const parsed = changeServices(new Map<string, object>(), serviceChange(NONE, before), read);
  const next = changeServices(parsed, change, read);
  expect(next.get("a")).toBe(parsed.get("a"));
  expect(next.get("b")).toEqual({ weight: 3 });
});

test("a service that neither side has is a defect", () => {
  expect(() => changeServices(NONE, encodeServices(["a"], NONE), asIs)).toThrow();
});
