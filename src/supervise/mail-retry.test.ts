import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seconds } from "../base/time.ts";
import type { MailAction } from "./mail-retry.ts";
import { MailQueue, RETRY_DELAYS } from "./mail-retry.ts";

const mail = (subject: string) => ({ subject, body: "" });
const kinds = (actions: readonly MailAction[]): readonly string[] =>
  actions.map((action) => `${action.kind} ${action.mail.subject}`);

describe("MailQueue", () => {
  it("delivers one at a time, in order", () => {
    const queue = new MailQueue();
    expect(kinds(queue.submit(0, mail("a")))).toEqual(["Deliver a"]);
    expect(kinds(queue.submit(0, mail("b")))).toEqual([]);
    expect(queue.nextDeadline()).toBeUndefined();
    expect(queue.sent(1)).toMatchObject([
      { kind: "Sent", attempts: 1 },
      { kind: "Deliver", mail: { subject: "b" }, attempt: 1 },
    ]);
    expect(kinds(queue.sent(2))).toEqual(["Sent b"]);
    expect(queue.length).toBe(0);
  });

  it("retries with growing delays and gives up in the end", () => {
    const queue = new MailQueue();
    let now = 0;
    queue.submit(now, mail("a"));
    for (const [index, delay] of RETRY_DELAYS.entries()) {
      const [failed] = queue.failed(now, "refused");
      expect(failed).toMatchObject({ kind: "Failed", attempt: index + 1, error: "refused", retryIn: delay });
      expect(queue.nextDeadline()).toBe(now + delay);
      expect(queue.clockReached(now + delay - 1)).toEqual([]);
      now += delay;
      expect(queue.clockReached(now)).toMatchObject([{ kind: "Deliver", attempt: index + 2 }]);
    }
    const last = RETRY_DELAYS.length + 1;
    expect(queue.failed(now, "refused")).toMatchObject([
      { kind: "Failed", attempt: last, retryIn: undefined },
    ]);
    expect(queue.length).toBe(0);
    expect(queue.nextDeadline()).toBeUndefined();
  });

  it("lets others pass while one waits for its next attempt", () => {
    const queue = new MailQueue();
    queue.submit(0, mail("a"));
    queue.submit(0, mail("b"));
    expect(kinds(queue.failed(0, "no"))).toEqual(["Failed a", "Deliver b"]);
    expect(kinds(queue.sent(1))).toEqual(["Sent b"]);
    expect(kinds(queue.clockReached(seconds(5)))).toEqual(["Deliver a"]);
  });

  it("tells of what does not fit and of what is left at the end", () => {
    const queue = new MailQueue(2);
    queue.submit(0, mail("a"));
    queue.submit(0, mail("b"));
    expect(queue.submit(0, mail("c"))).toMatchObject([
      { kind: "Failed", mail: { subject: "c" }, retryIn: undefined },
    ]);
    expect(kinds(queue.abandon("the daemon ends"))).toEqual(["Failed a", "Failed b"]);
    expect(queue.length).toBe(0);
  });

  it("ignores answers to a delivery that is not under way", () => {
    const queue = new MailQueue();
    expect(queue.sent(0)).toEqual([]);
    expect(queue.failed(0, "late")).toEqual([]);
  });

  it("ends every mail exactly once, whatever happens", () => {
    const step = fc.constantFrom("submit", "sent", "failed", "clock");
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const queue = new MailQueue(8);
        const ends = new Map<string, number>();
        let now = 0;
        let submitted = 0;
        let underWay = 0;
        const note = (actions: readonly MailAction[]): void => {
          for (const action of actions) {
            if (action.kind === "Deliver") underWay++;
            const final =
              action.kind === "Sent" || (action.kind === "Failed" && action.retryIn === undefined);
            if (final) ends.set(action.mail.subject, (ends.get(action.mail.subject) ?? 0) + 1);
            expect(underWay).toBeLessThanOrEqual(1);
          }
        };
        for (const kind of steps) {
          if (kind === "submit") note(queue.submit(now, mail(`m${submitted++}`)));
          else if (kind === "clock") {
            now = queue.nextDeadline() ?? now;
            note(queue.clockReached(now));
          } else {
            underWay = 0;
            note(kind === "sent" ? queue.sent(now) : queue.failed(now, "no"));
          }
        }
        underWay = 0;
        note(queue.abandon("end"));
        expect([...ends.values()].every((count) => count === 1)).toBe(true);
        expect(ends.size).toBe(submitted);
      }),
    );
  });
});
