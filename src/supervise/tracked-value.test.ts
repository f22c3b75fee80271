import { expect, it } from "vitest";
import { parseTrackedValue } from "./tracked-value.ts";

it.each([
  ["", 0],
  ["\n", 0],
  ["5\n", 5],
  ["  -12 rest", -12],
  ["+7", 7],
  ["0x1F", 31],
  ["-0x10", -16],
  ["010", 8],
  ["08", 0],
  ["0", 0],
  ["0x", 0],
  ["12abc", 12],
  ["abc", 0],
  ["- 5", 0],
  ["99999999999", 2_147_483_647],
  ["-99999999999", -2_147_483_648],
])("reads %j as %i", (text, value) => {
  expect(parseTrackedValue(text)).toBe(value);
});
