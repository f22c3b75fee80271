import { expect, it } from "vitest";
import { seconds } from "../base/time.ts";
import { restartDelay } from "./reader-restart.ts";

it("doubles the wait after short lives, up to a minute, and forgets it after a long one", () => {
  let delay: number | undefined;
  const waits: number[] = [];
  for (let life = 0; life < 8; life++) {
    delay = restartDelay(delay, 0, seconds(59));
    waits.push(delay / seconds(1));
  }
  expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
  expect(restartDelay(delay, 0, seconds(60))).toBe(seconds(1));
});
