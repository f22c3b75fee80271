import { expect, it } from "vitest";
import { parseReloadTime } from "./reload-time.ts";

it("reads a time of day, and a date with two or four digits of the year", () => {
  const time = { hour: 23, minute: 4, second: 59 };
  expect(parseReloadTime("23:04:59\n")).toEqual({ date: undefined, ...time, utc: false });
  const date = { year: 2028, month: 2, day: 29 };
  expect(parseReloadTime("28-02-29 23:04:59Z")).toEqual({ date, ...time, utc: true });
  expect(parseReloadTime("2028-02-29 23:04:59\nmore")).toEqual({ date, ...time, utc: false });
});

it.each([
  "",
  "23:04",
  " 23:04:59",
  "23:04:59 ",
  "23:04:59z",
  "24:00:00",
  "23:60:00",
  "23:00:60",
  "2028-02-29  23:04:59",
  "2027-02-29 23:04:59",
  "2100-02-29 23:04:59",
  "2028-13-01 23:04:59",
  "2028-00-01 23:04:59",
  "2028-01-00 23:04:59",
  "028-01-01 23:04:59",
])("refuses '%s'", (text) => {
  expect(parseReloadTime(text)).toBeUndefined();
});
