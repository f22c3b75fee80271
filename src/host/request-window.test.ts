import { describe, expect, it } from "vitest";
import { RequestWindow } from "./request-window.ts";

describe("a window of requests", () => {
  it("has no more under way than it may, and keeps their order", () => {
    const window = new RequestWindow(3);
    const started: number[] = [];
    const answers: (() => void)[] = [];
    for (let n = 0; n < 8; n++) {
      window.run((done) => {
        started.push(n);
        answers.push(done);
      });
    }
    expect(started).toEqual([0, 1, 2]);
    answers[1]?.();
    expect(started).toEqual([0, 1, 2, 3]);
    for (let n = 0; n < 8; n++) if (n !== 1) answers[n]?.();
    expect(started).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });
});
